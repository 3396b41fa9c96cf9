"""``/api/{session}/auth``: the QR; and the screenshot."""

from __future__ import annotations

import base64
import io
from typing import Annotated, Literal

import segno
from fastapi import APIRouter, Query, Request, Response

from tuntas.api.context import GatewayHere
from tuntas.api.errors import Responses, problems
from tuntas.api.schemas import SESSION_NAME_PATTERN, QrImage, QrValue
from tuntas.api.sessions import Name

router = APIRouter(prefix="/api", tags=["pairing"])

_PNG = {"image/png": {"schema": {"type": "string", "format": "binary"}}}
_QR: Responses = {200: {"content": _PNG, "description": "A PNG; or JSON by `Accept`; or the text with `format=raw`."}}
_PICTURE: Responses = {200: {"content": _PNG, "description": "A PNG; or JSON by `Accept`."}}


@router.get(
    "/{session}/auth/qr",
    response_model=QrImage | QrValue,
    responses=_QR | problems(404, 422),
    summary="The QR to scan",
)
async def qr(
    gateway: GatewayHere,
    request: Request,
    session: Name,
    format: Annotated[Literal["image", "raw"], Query(description="`raw` gives the QR's text.")] = "image",  # noqa: A002 - WAHA's name
) -> Response:
    """Return the current QR; it renews itself every 20 to 60 seconds."""
    value = gateway.sessions.qr(session)
    headers = {"Cache-Control": "no-store"}
    if format == "raw":
        return Response(QrValue(value=value).model_dump_json(), media_type="application/json", headers=headers)
    picture = io.BytesIO()
    segno.make(value, error="l", micro=False).save(picture, kind="png", scale=6, border=4)
    return _picture(request, picture.getvalue())


@router.get(
    "/screenshot",
    response_model=QrImage,
    responses=_PICTURE | problems(404, 422, 503),
    summary="What the browser shows",
)
async def screenshot(
    gateway: GatewayHere,
    request: Request,
    session: Annotated[str, Query(pattern=SESSION_NAME_PATTERN, examples=["shop"])] = "default",
) -> Response:
    """Return a picture of the session's page, in any status that has a browser."""
    return _picture(request, await gateway.sessions.screenshot(session))


def _picture(request: Request, png: bytes) -> Response:
    headers = {"Cache-Control": "no-store"}
    if "application/json" in request.headers.get("accept", ""):
        document = QrImage(mimetype="image/png", data=base64.b64encode(png).decode())
        return Response(document.model_dump_json(), media_type="application/json", headers=headers)
    return Response(png, media_type="image/png", headers=headers)
