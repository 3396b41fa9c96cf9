"""``/api/{session}/profile``: what the account shows of itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from tuntas.api.context import ContextHere, ask_page
from tuntas.api.errors import problems
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.media import FileInput, source_of
from tuntas.api.page_answers import PictureUrl, from_page
from tuntas.api.parameters import SessionHere
from tuntas.api.plain_writing import not_blank
from tuntas.api.schemas import Done
from tuntas.sessions.page_calls import PageCall

router = json_router(prefix="/api/{session}/profile", tags=["profile"])
picture_router = json_router(prefix="/api/{session}/profile", tags=["profile"])


class ProfileOut(BaseModel):
    """The account's own profile."""

    id: str = Field(examples=["628111000111@c.us"])
    name: str | None = Field(examples=["Toko Sinar"])
    picture: PictureUrl = Field(
        description="The picture's address; empty: there is none.", examples=["https://pps.whatsapp.net/v/1.jpg"]
    )


class NameInput(Input):
    """A new name."""

    name: Annotated[str, AfterValidator(not_blank)] = Field(min_length=1, max_length=25, examples=["Toko Sinar"])


class StatusInput(Input):
    """A new text under the name."""

    status: str = Field(max_length=139, examples=["Open until nine"])


class PictureInput(Input):
    """A new picture."""

    file: FileInput


@router.get("", responses=problems(404, 422, 503), summary="The own profile")
async def profile(context: ContextHere, session: SessionHere) -> ProfileOut:
    """Return what the account shows of itself."""
    return from_page(ProfileOut, await ask_page(context, session, PageCall.PROFILE))


@router.put("/name", responses=problems(404, 422, 503), summary="Set the own name")
async def name(context: ContextHere, session: SessionHere, body: NameInput) -> Done:
    """Set the name that others see who have no other name for this account."""
    await ask_page(context, session, PageCall.SET_PROFILE_NAME, name=body.name)
    return Done()


@router.put("/status", responses=problems(404, 422, 503), summary="Set the own about")
async def status(context: ContextHere, session: SessionHere, body: StatusInput) -> Done:
    """Set the text that others see under the name."""
    await ask_page(context, session, PageCall.SET_PROFILE_STATUS, status=body.status)
    return Done()


@picture_router.put("/picture", responses=problems(404, 413, 422, 502, 503), summary="Set the own picture")
async def set_picture(context: ContextHere, session: SessionHere, body: PictureInput) -> Done:
    """Set the picture that others see; it is cut to a square. At most 5 MB."""
    await context.sessions.ask_page(session, PageCall.SET_PROFILE_PICTURE, {}, file=await source_of(context, body.file))
    return Done()


@router.delete("/picture", responses=problems(404, 422, 503), summary="Remove the own picture")
async def delete_picture(context: ContextHere, session: SessionHere) -> Done:
    """Show no picture any more."""
    await ask_page(context, session, PageCall.DELETE_PROFILE_PICTURE)
    return Done()
