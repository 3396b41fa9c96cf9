"""``/api/{session}/auth``: the QR, or a code in its place; and the screenshot."""

from __future__ import annotations

import base64
import io
from typing import Annotated, Literal

import segno
from fastapi import Query, Request, Response
from pydantic import AfterValidator, BaseModel, Field

from tuntas.api.chat_ids import normal_chat_id
from tuntas.api.context import ContextHere
from tuntas.api.errors import Responses, problems
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.parameters import SessionHere
from tuntas.api.schemas import QrImage, QrValue
from tuntas.sessions.model import SESSION_NAME_PATTERN

router = json_router(prefix="/api", tags=["pairing"])


def _digits(text: str) -> str:
    number, _, server = normal_chat_id(text).partition("@")
    if server != "c.us":
        message = "is no phone number; write it with its country code"
        raise ValueError(message)
    return number


PhoneNumber = Annotated[str, AfterValidator(_digits)]

_PNG = {"image/png": {"schema": {"type": "string", "format": "binary"}}}
_QR: Responses = {200: {"content": _PNG, "description": "A PNG; or JSON by `Accept`; or the text with `format=raw`."}}
_PICTURE: Responses = {200: {"content": _PNG, "description": "A PNG; or JSON by `Accept`."}}


class RequestCode(Input):
    """Whose phone is to be linked."""

    without_effect = frozenset({"method"})

    phoneNumber: PhoneNumber = Field(  # noqa: N815 - WAHA's name
        description="With its country code.", examples=["628111000111"]
    )


class PairingCode(BaseModel):
    """What the owner of the phone types in."""

    code: str = Field(examples=["ABCD-ABCD"])


@router.get(
    "/{session}/auth/qr",
    response_model=QrImage | QrValue,
    responses=_QR | problems(404, 422, 503),
    summary="The QR to scan",
)
async def qr(
    context: ContextHere,
    request: Request,
    session: SessionHere,
    format: Annotated[Literal["image", "raw"], Query(description="`raw` gives the QR's text.")] = "image",  # noqa: A002 - WAHA's name
) -> Response:
    """Return the current QR; it renews itself every 20 to 60 seconds.

    A session that stopped because nobody scanned (`qr_not_scanned`) starts again for it.
    """
    value = await context.sessions.qr_asked(session, asked_by="api")
    headers = {"Cache-Control": "no-store"}
    if format == "raw":
        return Response(QrValue(value=value).model_dump_json(), media_type="application/json", headers=headers)
    picture = io.BytesIO()
    segno.make(value, error="l", micro=False).save(picture, kind="png", scale=6, border=4)
    return _picture(request, picture.getvalue())


@router.post(
    "/{session}/auth/request-code",
    status_code=201,
    responses=problems(404, 422, 503),
    summary="A code in place of a QR",
)
async def request_code(context: ContextHere, session: SessionHere, body: RequestCode) -> PairingCode:
    """Return a code for the phone with this number: its owner types it in at *Linked devices*, *with phone number*.

    The session must be in SCAN_QR_CODE; the code counts for about three minutes, and only the newest does.
    """
    code = await context.sessions.pairing_code(session, body.phoneNumber)
    return PairingCode(code=f"{code[:4]}-{code[4:]}")


@router.get(
    "/screenshot",
    response_model=QrImage,
    responses=_PICTURE | problems(404, 422, 503),
    summary="What the browser shows",
)
async def screenshot(
    context: ContextHere,
    request: Request,
    session: Annotated[str, Query(pattern=SESSION_NAME_PATTERN, examples=["shop"])] = "default",
) -> Response:
    """Return a picture of the session's page, in any status that has a browser."""
    return _picture(request, await context.sessions.screenshot(session))


def _picture(request: Request, png: bytes) -> Response:
    headers = {"Cache-Control": "no-store"}
    if "application/json" in request.headers.get("accept", ""):
        document = QrImage(mimetype="image/png", data=base64.b64encode(png).decode())
        return Response(document.model_dump_json(), media_type="application/json", headers=headers)
    return Response(png, media_type="image/png", headers=headers)
