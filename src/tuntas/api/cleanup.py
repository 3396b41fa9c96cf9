"""``POST /api/cleanup``: what ``tuntas cleanup`` asks of a running server."""

from __future__ import annotations

from typing import Annotated

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from tuntas.api.context import ContextHere
from tuntas.api.errors import answer, problems
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.schemas import HolderOut
from tuntas.cleanup.leftovers import document
from tuntas.cleanup.survey import CleanupCommand
from tuntas.profiles import RefusedPath

router = json_router(prefix="/api", tags=["operations"])


class CleanupRequest(Input):
    """What to clean."""

    dryRun: bool = Field(default=False, description="Only say what would be done.")  # noqa: N815 - like its neighbours
    session: (
        Annotated[
            str,
            Field(
                pattern=r"^[A-Za-z0-9_-]([A-Za-z0-9_.-]{0,198}[A-Za-z0-9_-])?$",
                description="A session's or a folder's name: only that, and an unknown folder of this name goes too.",
                examples=["shop"],
            ),
        ]
        | None
    ) = None
    force: bool = Field(default=False, description="Also end a browser whose owner lives; needs a session's name.")


class KeptOut(BaseModel):
    """Something that is left."""

    path: str
    reason: str = Field(examples=["unknown_folder"])
    holders: list[HolderOut]
    message: str | None


class OwnerOut(BaseModel):
    """The live process that ran a browser."""

    pid: int = Field(examples=[4711])
    name: str = Field(examples=["node"])


class StoppedOut(BaseModel):
    """A browser that was ended."""

    pid: int = Field(examples=[4712])
    session: str = Field(examples=["shop"])
    profile: str
    processes: int = Field(examples=[6])
    owner: OwnerOut | None = Field(description="None: it was an orphan.")


class SessionFolderOut(BaseModel):
    """A session's folder that was seen and is fine."""

    name: str
    path: str
    bytes: int


class CleanupOut(BaseModel):
    """What was done, or with ``dryRun`` would be."""

    removed: list[str] = Field(description="Folders, and locks, that are gone.")
    kept: list[KeptOut] = Field(description="What is left; empty: all is clean.")
    browsers_stopped: list[StoppedOut]
    bytes_freed: int = Field(examples=[310_000_000])
    sizes: dict[str, int] = Field(description="Bytes of the folders in `removed` and `kept`, where there are any.")
    sessions: list[SessionFolderOut]
    warnings: list[str] = Field(description="Browsers in use that are ended because of ``force``.")
    dry_run: bool


@router.post("/cleanup", response_model=CleanupOut, responses=problems(422), summary="Clean up what is left over")
async def cleanup(context: ContextHere, request: CleanupRequest | None = None) -> CleanupOut | JSONResponse:
    """End orphaned browsers, finish half-done removals, empty the trash, list folders that no session has.

    A session that runs is left alone, unless it is named and `force` is true: then it is stopped. A folder that no
    session has goes only when it is named. The purge is waited for up to a minute and goes on after that.
    """
    wanted = request or CleanupRequest()
    wish = CleanupCommand(wanted.session, wanted.force)
    try:
        plan, report = await context.clean_up(wish, wanted.dryRun)
    except RefusedPath as error:
        return answer(422, "invalid_input", "Invalid input", str(error))
    return CleanupOut.model_validate(document(report, dry_run=wanted.dryRun, warnings=plan.warnings()))
