"""Sending files: pictures, videos, voice messages, documents; given as base64 or by an address."""

from __future__ import annotations

import base64
from functools import partial
from typing import Annotated, Any, Self

from fastapi import Depends, Request, Response
from pydantic import AfterValidator, AnyHttpUrl, BaseModel, Field, PrivateAttr, model_validator

from tuntas.api.context import ApiContext, ContextHere
from tuntas.api.errors import Responses, problems
from tuntas.api.file_data import normal_data, normal_mimetype
from tuntas.api.files import file_at
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.parameters import SessionHere
from tuntas.api.schemas import ChatId, Mentioning, MessageId, MessageOut, SessionName
from tuntas.api.sending import SendDoor, until_gone
from tuntas.foundation.tasks import blocking
from tuntas.sessions.outgoing import FileSource, MessageKind, OutgoingMessage, require_type

router = json_router(prefix="/api", tags=["messages"])
converting = json_router(prefix="/api", tags=["messages"])

ERRORS = problems(404, 409, 413, 422, 429, 501, 502, 503)
CONVERSION_ERRORS = problems(404, 413, 422, 501, 502, 503)
NOT_STORED = {"Cache-Control": "no-store"}
_FILE = {"schema": {"type": "string", "format": "binary"}}
_OPUS: Responses = {200: {"description": "The file; or JSON by `Accept`.", "content": {"audio/ogg": _FILE}}}
_MP4: Responses = {200: {"description": "The file; or JSON by `Accept`.", "content": {"video/mp4": _FILE}}}
Mimetype = Annotated[str, AfterValidator(normal_mimetype)]


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
            self.data, mimetype = normal_data(self.data)
            self.mimetype = self.mimetype or mimetype
        return self

    def source(self) -> FileSource:
        """Return the file as a value: what is never sent is never fetched."""
        return FileSource(self.mimetype, self.filename, self.data, None if self.url is None else str(self.url))


class SendFile(Mentioning):
    """A file of any kind, shown as a document."""

    session: SessionName = "default"
    file: FileInput
    caption: str | None = Field(None, max_length=65536, examples=["Your receipt"])
    reply_to: MessageId | None = None


class SendVoice(Input):
    """A voice message. WhatsApp's clients play Opus in Ogg (`audio/ogg; codecs=opus`)."""

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name
    file: FileInput
    convert: bool = Field(False, description="Make Opus in Ogg of it, if it is something else.")
    reply_to: MessageId | None = None


class SendSticker(Input):
    """A sticker: a WebP, animated ones too, or a picture from which one is made."""

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name
    file: FileInput
    reply_to: MessageId | None = None


class SendVideo(SendFile):
    """A video. WhatsApp's clients play MP4 with H.264 and AAC."""

    without_effect = frozenset({"asNote"})

    convert: bool = Field(False, description="Make MP4 with H.264 and AAC of it, if it is something else.")


class ToConvert(Input):
    """A file that is to be converted."""

    url: AnyHttpUrl | None = Field(None, examples=["https://example.com/voice.mp3"])
    data: str | None = Field(None, description="The file as base64.", examples=[None])

    _file: FileInput = PrivateAttr()

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        self._file = FileInput(url=self.url, data=self.data)
        return self

    @property
    def file(self) -> FileInput:
        """The file, whose bytes were read once."""
        return self._file


class ConvertedFile(BaseModel):
    """A file that was converted."""

    mimetype: str = Field(examples=["audio/ogg; codecs=opus"])
    filename: str | None = Field(examples=["voice.ogg"])
    data: str = Field(description="The file as base64.", examples=["T2dnUwAC"])


@router.post("/sendFile", status_code=201, responses=ERRORS, summary="Send a file")
async def send_document(context: ContextHere, body: SendFile, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a file as a document: it arrives byte for byte, whatever it is."""
    return await _send(context, door, body, MessageKind.DOCUMENT)


@router.post("/sendImage", status_code=201, responses=ERRORS, summary="Send a picture")
async def send_image(context: ContextHere, body: SendFile, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a picture, with a caption; WhatsApp may scale it down."""
    return await _send(context, door, body, MessageKind.IMAGE)


@router.post("/sendVideo", status_code=201, responses=ERRORS, summary="Send a video")
async def send_video(context: ContextHere, body: SendVideo, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a video, with a caption."""
    return await _send(context, door, body, MessageKind.VIDEO)


@router.post("/sendVoice", status_code=201, responses=ERRORS, summary="Send a voice message")
async def send_voice(context: ContextHere, body: SendVoice, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a voice message."""
    return await _send(context, door, body, MessageKind.VOICE)


@converting.post(
    "/{session}/media/convert/voice",
    response_model=ConvertedFile,
    responses=_OPUS | CONVERSION_ERRORS,
    summary="Convert to voice",
)
async def convert_voice(context: ContextHere, session: SessionHere, body: ToConvert, request: Request) -> Response:
    """Return what `sendVoice` with `convert` would send: Opus in Ogg, one channel."""
    return await _convert(context, session, body, request, MessageKind.VOICE)


@converting.post(
    "/{session}/media/convert/video",
    response_model=ConvertedFile,
    responses=_MP4 | CONVERSION_ERRORS,
    summary="Convert to video",
)
async def convert_video(context: ContextHere, session: SessionHere, body: ToConvert, request: Request) -> Response:
    """Return what `sendVideo` with `convert` would send: MP4 with H.264 and AAC, at most 1280 points wide or high."""
    return await _convert(context, session, body, request, MessageKind.VIDEO)


async def _convert(context: ApiContext, session: str, body: ToConvert, request: Request, kind: MessageKind) -> Response:
    context.sessions.get(session)
    source = await source_of(context, body.file)
    made = await context.conversion.convert(session, source, kind, partial(until_gone, request))
    if "application/json" in request.headers.get("accept", ""):
        document = ConvertedFile(mimetype=made.mimetype or "", filename=made.filename, data=made.data or "")
        return Response(document.model_dump_json(), media_type="application/json", headers=NOT_STORED)
    return Response(base64.b64decode(made.data or ""), media_type=made.mimetype, headers=NOT_STORED)


@router.post("/sendSticker", status_code=201, responses=ERRORS, summary="Send a sticker")
async def send_sticker(context: ContextHere, body: SendSticker, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a sticker. WebP goes as it is; of a PNG or JPEG one of 512 by 512 points is made, transparent around it."""
    return await _send(context, door, body, MessageKind.STICKER)


async def _send(
    context: ApiContext, door: SendDoor, body: SendFile | SendVoice | SendSticker, kind: MessageKind
) -> MessageOut:
    converts = isinstance(body, SendVoice | SendVideo) and body.convert
    if body.file.mimetype is not None and not converts:
        require_type(kind, body.file.mimetype)
    file = await source_of(context, body.file)
    content: dict[str, Any] = {"chatId": body.chatId, "replyTo": body.reply_to}
    if isinstance(body, SendFile):
        content |= {"caption": body.caption, "mentions": body.mentions}
    return await door.send(context, body.session, body, OutgoingMessage(kind, content, file, converts))


async def source_of(context: ApiContext, file: FileInput) -> FileSource:
    """Return what a request names as its file; the address of a received file of ours is that file."""
    found = None if file.url is None else await file_at(context, str(file.url))
    if found is None:
        return file.source()
    data = base64.b64encode(await blocking(found.path.read_bytes)).decode()
    return FileSource(file.mimetype or found.note.mimetype, file.filename or found.note.filename, data)
