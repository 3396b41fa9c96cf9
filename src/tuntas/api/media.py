"""Sending files: pictures, videos, voice messages, documents; given as base64 or by an address."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import AnyHttpUrl, BaseModel, Field, StringConstraints, model_validator

from tuntas.api.context import Gateway, GatewayHere
from tuntas.api.errors import problems
from tuntas.api.fetching import FileRefused, FileTooLarge, fetch
from tuntas.api.schemas import ChatId, Input, Mentions, MessageId, MessageOut, SessionName
from tuntas.api.sending import SendDoor
from tuntas.api.transfers import send_file
from tuntas.events import Message
from tuntas.sessions.ports import WhatsAppPage

router = APIRouter(prefix="/api", tags=["messages"])

ERRORS = problems(404, 409, 413, 422, 429, 502, 503)
UNKNOWN = "application/octet-stream"
Mimetype = Annotated[str, StringConstraints(pattern=r"^[a-z]+/[A-Za-z0-9.+_-]+(; ?[a-z]+=[A-Za-z0-9.,\"_-]+)*$")]


class FileInput(Input):
    """A file: its bytes as base64 in `data`, or the address from which the server fetches it in `url`."""

    mimetype: Mimetype | None = Field(None, max_length=200, examples=["image/png"])
    filename: str | None = Field(
        None, min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f]+$", examples=["receipt.png"]
    )
    url: AnyHttpUrl | None = Field(None, examples=["https://example.com/receipt.png"])
    data: str | None = Field(None, examples=["iVBORw0KGgo="])

    @model_validator(mode="after")
    def _one_source(self) -> FileInput:
        if (self.url is None) is (self.data is None):
            message = "give either url or data"
            raise ValueError(message)
        if self.data is not None:
            try:
                base64.b64decode(self.data, validate=True)
            except (binascii.Error, ValueError):
                message = "data is not base64"
                raise ValueError(message) from None
        return self


class SendFile(Input):
    """A file of any kind, shown as a document."""

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name
    file: FileInput
    caption: str | None = Field(None, max_length=65536, examples=["Your receipt"])
    mentions: Mentions | None = None
    reply_to: MessageId | None = None


class SendVoice(Input):
    """A voice message. WhatsApp's clients play Opus in Ogg (`audio/ogg; codecs=opus`)."""

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name
    file: FileInput
    convert: Literal[False] = Field(False, description="Nothing is converted: send what is to be played.")
    reply_to: MessageId | None = None


class SendVideo(SendFile):
    """A video. WhatsApp's clients play MP4 with H.264 and AAC."""

    convert: Literal[False] = Field(False, description="Nothing is converted: send what is to be played.")


@router.post("/sendFile", status_code=201, responses=ERRORS, summary="Send a file")
async def send_document(gateway: GatewayHere, body: SendFile, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a file as a document: it arrives byte for byte, whatever it is."""
    return await _send(gateway, door, body, "document")


@router.post("/sendImage", status_code=201, responses=ERRORS, summary="Send a picture")
async def send_image(gateway: GatewayHere, body: SendFile, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a picture, with a caption; WhatsApp may scale it down."""
    return await _send(gateway, door, body, "image")


@router.post("/sendVideo", status_code=201, responses=ERRORS, summary="Send a video")
async def send_video(gateway: GatewayHere, body: SendVideo, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a video, with a caption."""
    return await _send(gateway, door, body, "video")


@router.post("/sendVoice", status_code=201, responses=ERRORS, summary="Send a voice message")
async def send_voice(gateway: GatewayHere, body: SendVoice, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a voice message."""
    return await _send(gateway, door, body, "audio")


class _Ready(BaseModel):
    data: bytes
    mimetype: str
    filename: str


async def _send(gateway: Gateway, door: SendDoor, body: SendFile | SendVoice, kind: str) -> MessageOut:
    if body.file.mimetype is not None:
        _require(kind, body.file.mimetype)
    content: dict[str, Any] = {"chatId": body.chatId, "replyTo": body.reply_to, "type": kind}
    content["isVoice"] = kind == "audio"
    if isinstance(body, SendFile):
        content |= {"caption": body.caption, "mentions": body.mentions}

    # When its turn has come: what is never sent is never fetched.
    async def act(page: WhatsAppPage, token: str) -> Message:
        file = await _ready(gateway, body.file, kind)
        return await send_file(page, content | file.model_dump(include={"mimetype", "filename"}), file.data, token)

    return await door.act(gateway, body.session, body, act)


async def _ready(gateway: Gateway, file: FileInput, kind: str) -> _Ready:
    limits = gateway.fetch_limits
    if file.data is not None:
        data, declared, name = base64.b64decode(file.data), None, None
        if len(data) > limits.most_bytes:
            raise FileTooLarge(limits.most_bytes)
    else:
        fetched = await fetch(str(file.url), limits)
        data, declared, name = fetched.data, fetched.mimetype, fetched.filename
    filename = file.filename or name
    mimetype = file.mimetype or declared or mimetypes.guess_type(filename or "")[0] or UNKNOWN
    _require(kind, mimetype)
    return _Ready(data=data, mimetype=mimetype, filename=filename or f"file{mimetypes.guess_extension(mimetype) or ''}")


def _require(kind: str, mimetype: str) -> None:
    if kind != "document" and not mimetype.startswith(f"{kind}/"):
        message = f"The file's type is {mimetype}; this needs {kind}/…. Use sendFile for others."
        raise FileRefused(message)
