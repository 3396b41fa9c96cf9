"""``/api/backups``: backups of this server, made at the place that its settings name and nowhere else."""

from __future__ import annotations

from datetime import datetime

from fastapi import HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from tuntas.api.context import ContextHere
from tuntas.api.errors import answer, problems
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.backup.creating import Made
from tuntas.backup.errors import BackupFailed, BackupUnderWay, PlaceUnusable
from tuntas.backup.profile_files import Extent
from tuntas.backup.runs import BackupRun, RunState

router = json_router(prefix="/api/backups", tags=["operations"])


class BackupRequest(Input):
    """What to put into it."""

    profiles: Extent = Field(
        default=Extent.MINIMAL,
        description="minimal: what brings a session back without a scan; whole: caches too.",
    )


class BackedUpProfile(BaseModel):
    """What became of one session's profile."""

    session: str = Field(examples=["shop"])
    files: int = Field(examples=[12])
    bytes: int = Field(examples=[96_000])
    pauseMs: float | None = Field(  # noqa: N815 - like its neighbours
        description="For how long its browser stood still; null: none ran.", examples=[5.1]
    )
    missing: str | None = Field(description="Why it is not in the backup; null: it is, or there was none.")


class MadeOut(BaseModel):
    """A backup that is whole and at its place."""

    path: str = Field(examples=["/mnt/backups/tuntas-backup-20261126T070000.000Z.tuntas"])
    bytes: int = Field(examples=[540_000])
    encrypted: bool
    sessions: list[BackedUpProfile]


class BackupRunOut(BaseModel):
    """A backup that is being made, or how the last one ended."""

    state: RunState
    profiles: Extent
    step: str = Field(description="What is being done.", examples=["Session shop (1 of 3)"])
    startedAt: datetime  # noqa: N815 - like its neighbours
    finishedAt: datetime | None  # noqa: N815 - like its neighbours
    backup: MadeOut | None = Field(description="What was made; null: nothing yet, or nothing.")
    error: str | None = Field(description="Why nothing was made.")


class ListedOut(BaseModel):
    """A backup at the server's place for them."""

    path: str = Field(examples=["/mnt/backups/tuntas-backup-20261126T070000.000Z.tuntas"])
    bytes: int = Field(examples=[540_000])
    kind: str | None = Field(description="`backup`, or `session` for one session alone.", examples=["backup"])
    createdAt: str | None  # noqa: N815 - like its neighbours
    encrypted: bool | None
    madeBy: str | None = Field(description="The version of Tuntas.")  # noqa: N815 - like its neighbours
    problem: str | None = Field(description="Why it cannot be used; only its head is looked at.")


@router.post(
    "", status_code=202, response_model=BackupRunOut, responses=problems(409, 422), summary="Make a backup of all"
)
async def create(context: ContextHere, request: BackupRequest | None = None) -> BackupRunOut | JSONResponse:
    """Begin a backup of the database and all profiles at `TUNTAS_BACKUP_TARGET`, encrypted by `TUNTAS_BACKUP_KEY`.

    Sessions go on; each one's browser stands still for some milliseconds. How far it is: `GET /api/backups/last`.
    """
    try:
        return _run_out(context.backups.start((request or BackupRequest()).profiles))
    except BackupUnderWay as error:
        return answer(409, "backup_under_way", "A backup is being made", str(error))
    except BackupFailed as error:
        return _no_target(error)


@router.get("/last", responses=problems(404), summary="The backup that is being made, or the last one")
async def last(context: ContextHere) -> BackupRunOut:
    """Say how far the backup is that this server was asked for last."""
    if context.backups.last is None:
        raise HTTPException(404, "No backup was asked for since this server started.")
    return _run_out(context.backups.last)


@router.get("", response_model=list[ListedOut], responses=problems(422, 502), summary="List backups")
async def listing(context: ContextHere) -> list[ListedOut] | JSONResponse:
    """List what is at `TUNTAS_BACKUP_TARGET`, the newest last. Only heads are read."""
    try:
        place, found = await context.backups.all()
    except BackupFailed as error:
        return _no_target(error)
    except PlaceUnusable as error:
        return answer(502, "backup_target_unusable", "The place for backups cannot be used", str(error))
    return [
        ListedOut(
            path=place.shown(one.stored.name),
            bytes=one.stored.size_bytes,
            kind=one.head.kind if one.head else None,
            createdAt=one.head.created_at if one.head else None,
            encrypted=one.head.is_encrypted if one.head else None,
            madeBy=one.head.made_by if one.head else None,
            problem=one.problem,
        )
        for one in found
    ]


def _no_target(error: BackupFailed) -> JSONResponse:
    return answer(422, "backup_target_missing", "No place for backups", str(error))


def _run_out(run: BackupRun) -> BackupRunOut:
    return BackupRunOut(
        state=run.state,
        profiles=run.extent,
        step=run.step,
        startedAt=run.started_at,
        finishedAt=run.finished_at,
        backup=None if run.made is None else _made_out(run.made),
        error=run.error,
    )


def _made_out(made: Made) -> MadeOut:
    return MadeOut(
        path=made.path,
        bytes=made.size_bytes,
        encrypted=made.is_encrypted,
        sessions=[
            BackedUpProfile(
                session=one.session, files=one.files, bytes=one.size_bytes, pauseMs=one.pause_ms, missing=one.missing
            )
            for one in made.kept
        ],
    )
