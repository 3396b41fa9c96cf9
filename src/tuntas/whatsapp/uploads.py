"""From a message as a value to the bridge's calls: its file is read or fetched, brought into the page, and sent.

One call must not carry a whole video through a pipe, so files go in parts; the page forgets them, whatever happens.
"""

from __future__ import annotations

import base64
import contextlib
import mimetypes
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from tuntas.events import Message
from tuntas.foundation.identifiers import ulid
from tuntas.sessions.errors import FileRefused, FileTooLarge, PageUnavailable
from tuntas.sessions.outgoing import FileSource, MessageKind, OutgoingMessage, require_type
from tuntas.sessions.page_calls import PageCall
from tuntas.whatsapp.answers import message_answered
from tuntas.whatsapp.calls import Bridge
from tuntas.whatsapp.fetching import FileLimits, fetch

PART_BYTES = 384 * 1024
"""Half a mebibyte as base64; divisible by three, so that no part is padded."""

PICTURE_BYTES = 5 * 1024 * 1024
"""The page scales a picture down to 640 by 640 points: more bytes than these add nothing."""

UNKNOWN = "application/octet-stream"

# WA-JS's words for the kinds of files.
_FILES = {
    MessageKind.IMAGE: "image",
    MessageKind.VIDEO: "video",
    MessageKind.VOICE: "audio",
    MessageKind.DOCUMENT: "document",
    MessageKind.STICKER: "sticker",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent."""

    data: bytes
    mimetype: str | None
    filename: str | None


async def send(bridge: Bridge, message: OutgoingMessage, token: str, limits: FileLimits) -> Message:
    """Send ``message``; see ``ports.WhatsAppPage.send``."""
    asked: dict[str, Any] = {**message.content, "token": token}
    match message.kind:
        case MessageKind.FORWARD:
            return message_answered(PageCall.FORWARD, await bridge.call(PageCall.FORWARD, message.content))
        case kind if kind in _FILES:
            assert message.file is not None
            return await _send_file(bridge, message.kind, message.file, asked, limits)
        case MessageKind.PREVIEW if message.file is not None:
            return await _send_preview(bridge, message.file, asked, limits)
        case _:
            sent = await bridge.call(PageCall.SEND, {**asked, "kind": message.kind.value})
            return message_answered(PageCall.SEND, sent)


async def call_with_picture(
    bridge: Bridge, call: PageCall, asked: Mapping[str, Any], source: FileSource, limits: FileLimits
) -> Any:
    """Make a call that takes a picture, the account's own, a group's or a channel's; return the answer."""
    file = await read(source, limits)
    mimetype = file.mimetype or "image/jpeg"
    if not mimetype.startswith("image/"):
        message = f"The file's type is {mimetype}; this needs image/…."
        raise FileRefused(message)
    if len(file.data) > PICTURE_BYTES:
        raise FileTooLarge(PICTURE_BYTES)
    address = f"data:{mimetype};base64,{base64.b64encode(file.data).decode()}"
    return await bridge.call(call, {**asked, "dataUrl": address}, size_bytes=len(file.data))


async def _send_file(
    bridge: Bridge, kind: MessageKind, source: FileSource, asked: dict[str, Any], limits: FileLimits
) -> Message:
    file = await read(source, limits)
    mimetype = file.mimetype or mimetypes.guess_type(file.filename or "")[0] or UNKNOWN
    require_type(kind, mimetype)
    asked |= {
        "kind": "file",
        "type": _FILES[kind],
        "isVoice": kind is MessageKind.VOICE,
        "mimetype": mimetype,
        "filename": file.filename or f"file{mimetypes.guess_extension(mimetype) or ''}",
    }
    async with _uploaded(bridge, file.data) as name:
        sent = await bridge.call(PageCall.SEND, {**asked, "file": name}, size_bytes=len(file.data))
    return message_answered(PageCall.SEND, sent)


async def _send_preview(bridge: Bridge, source: FileSource, asked: dict[str, Any], limits: FileLimits) -> Message:
    """Send a text with a preview of the caller's own, whose picture the page scales down."""
    file = await read(source, limits)
    if file.mimetype is not None and not file.mimetype.startswith("image/"):
        message = f"The file's type is {file.mimetype}; this needs image/…."
        raise FileRefused(message)
    if len(file.data) > PICTURE_BYTES:
        raise FileTooLarge(PICTURE_BYTES)
    asked |= {"kind": MessageKind.PREVIEW.value}
    async with _uploaded(bridge, file.data) as name:
        sent = await bridge.call(PageCall.SEND, {**asked, "file": name}, size_bytes=len(file.data))
    return message_answered(PageCall.SEND, sent)


async def read(source: FileSource, limits: FileLimits) -> File:
    """Return a file's bytes, fetched where they are not there yet.

    Raises:
        FileRefused, FileTooLarge, FileUnreachable: there is no file that can be sent.
    """
    if source.url is not None:
        fetched = await fetch(source.url, limits)
        return File(fetched.data, source.mimetype or fetched.mimetype, source.filename or fetched.filename)
    data = base64.b64decode(source.data or "")
    limits.require_size(len(data))
    return File(data, source.mimetype, source.filename)


@contextlib.asynccontextmanager
async def _uploaded(bridge: Bridge, data: bytes) -> AsyncIterator[str]:
    """Bring ``data`` into the page, and yield the page's name for it."""
    name = ulid()
    try:
        for at in range(0, len(data), PART_BYTES):
            part = base64.b64encode(data[at : at + PART_BYTES]).decode("ascii")
            await bridge.call(PageCall.UPLOAD_PART, {"file": name, "data": part})
        yield name
    finally:
        # A page that is gone has forgotten all by itself.
        with contextlib.suppress(PageUnavailable):
            await bridge.call(PageCall.DROP_UPLOAD, {"file": name})
