"""``/api/{session}/profile``: what the account shows of itself."""

from __future__ import annotations

import base64

from fastapi import APIRouter
from pydantic import BaseModel, Field

from tuntas.api.chats import Done
from tuntas.api.context import GatewayHere, ask_page
from tuntas.api.errors import problems
from tuntas.api.fetching import FileRefused, FileTooLarge, fetch
from tuntas.api.media import FileInput
from tuntas.api.schemas import Input
from tuntas.api.sessions import Name

router = APIRouter(prefix="/api/{session}/profile", tags=["profile"])

PICTURE_BYTES = 5 * 1024 * 1024
"""The page scales a picture down to 640 by 640 points: more bytes than these add nothing."""


class ProfileOut(BaseModel):
    """The account's own profile."""

    id: str = Field(examples=["628111000111@c.us"])
    name: str | None = Field(examples=["Toko Sinar"])
    picture: str | None = Field(description="The picture's address.", examples=["https://pps.whatsapp.net/v/1.jpg"])


class NameInput(Input):
    """A new name."""

    name: str = Field(min_length=1, max_length=25, examples=["Toko Sinar"])


class StatusInput(Input):
    """A new text under the name."""

    status: str = Field(max_length=139, examples=["Open until nine"])


class PictureInput(Input):
    """A new picture."""

    file: FileInput


@router.get("", responses=problems(404, 422, 503), summary="The own profile")
async def profile(gateway: GatewayHere, session: Name) -> ProfileOut:
    """Return what the account shows of itself."""
    return ProfileOut.model_validate(await ask_page(gateway, session, "profile"))


@router.put("/name", responses=problems(404, 422, 503), summary="Set the own name")
async def name(gateway: GatewayHere, session: Name, body: NameInput) -> Done:
    """Set the name that others see who have no other name for this account."""
    await ask_page(gateway, session, "setProfileName", name=body.name)
    return Done()


@router.put("/status", responses=problems(404, 422, 503), summary="Set the own about")
async def status(gateway: GatewayHere, session: Name, body: StatusInput) -> Done:
    """Set the text that others see under the name."""
    await ask_page(gateway, session, "setProfileStatus", status=body.status)
    return Done()


@router.put("/picture", responses=problems(404, 413, 422, 502, 503), summary="Set the own picture")
async def set_picture(gateway: GatewayHere, session: Name, body: PictureInput) -> Done:
    """Set the picture that others see; it is cut to a square. At most 5 MB."""
    data, mimetype = await _picture_of(gateway, body.file)
    if not mimetype.startswith("image/"):
        message = f"The file's type is {mimetype}; this needs image/…."
        raise FileRefused(message)
    address = f"data:{mimetype};base64,{base64.b64encode(data).decode()}"
    await ask_page(gateway, session, "setProfilePicture", dataUrl=address)
    return Done()


@router.delete("/picture", responses=problems(404, 422, 503), summary="Remove the own picture")
async def delete_picture(gateway: GatewayHere, session: Name) -> Done:
    """Show no picture any more."""
    await ask_page(gateway, session, "deleteProfilePicture")
    return Done()


async def _picture_of(gateway: GatewayHere, file: FileInput) -> tuple[bytes, str]:
    if file.data is not None:
        data, mimetype = base64.b64decode(file.data), file.mimetype or "image/jpeg"
    else:
        fetched = await fetch(str(file.url), gateway.fetch_limits)
        data, mimetype = fetched.data, file.mimetype or fetched.mimetype or "image/jpeg"
    if len(data) > PICTURE_BYTES:
        raise FileTooLarge(PICTURE_BYTES)
    return data, mimetype
