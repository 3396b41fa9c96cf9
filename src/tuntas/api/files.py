"""A message's file: where it is downloaded through the session's page, and served for a while."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import httpx
from fastapi import Path, Request
from fastapi.responses import FileResponse

from tuntas.api.context import ApiContext, ContextHere
from tuntas.api.errors import Responses, problems
from tuntas.api.json_requests import json_router
from tuntas.api.parameters import SessionHere
from tuntas.api.received_files import FileNote, ReceivedFile, id_of
from tuntas.events import Message
from tuntas.sessions.errors import FileTooLarge, NotCapable, NotThere, NotYours, PageRefused, UnknownSession

router = json_router(prefix="/api", tags=["messages"])

UNKNOWN = "application/octet-stream"
_MIMETYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w.,\"-]+)*", re.ASCII)
_BYTES: Responses = {
    200: {"description": "The file.", "content": {UNKNOWN: {"schema": {"type": "string", "format": "binary"}}}}
}
_OWN_ADDRESS = re.compile(r"/api/files/(?P<session>[A-Za-z0-9_-]{1,64})/(?P<id>[0-9a-f]{32})$")
FileId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", examples=["9f86d081884c7d659a2feaa0c55ad015"])]


@router.get(
    "/files/{session}/{id}", response_class=FileResponse, responses=_BYTES | problems(404, 422), summary="Get a file"
)
async def get_file(context: ContextHere, session: SessionHere, id: FileId) -> FileResponse:  # noqa: A002 - the path's word
    """Return a message's file that was asked for before; it is kept for TUNTAS_MEDIA_LIFETIME_SECONDS."""
    found = await context.files.find(context.sessions.get(session).id, id)
    if found is None:
        message = f"There is no file {id}; it may have been kept long enough. Ask for its message again."
        raise NotThere(message)
    # Never shown by a browser as a part of this site: somebody else wrote it.
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox", "Cache-Control": "no-store"}
    name = found.note.filename or found.id
    return FileResponse(found.path, media_type=found.note.mimetype, filename=name, headers=headers)


async def file_at(context: ApiContext, url: str) -> ReceivedFile | None:
    """Return the received file whose address of ours this is, None where it is none or not there for this caller."""
    match = _OWN_ADDRESS.search(httpx.URL(url).path)
    if match is None:
        return None
    try:
        session_id = context.sessions.get(match["session"]).id
    except (UnknownSession, NotYours):
        return None
    return await context.files.find(session_id, match["id"])


async def with_files(context: ApiContext, session: str, messages: Sequence[Message], request: Request) -> list[Message]:
    """Return the messages with the addresses of their files, which are downloaded now where they are not there yet."""
    return [
        await _with_file(context, session, message, request) if message.has_media else message for message in messages
    ]


async def _with_file(context: ApiContext, session: str, message: Message, request: Request) -> Message:
    media = dict(message.details.get("media") or {})
    try:
        file = await _file_of(context, session, message)
    except (PageRefused, FileTooLarge, NotCapable) as error:
        # Often one that WhatsApp's servers have no more; the other messages can be read all the same.
        media["error"] = str(error)
    else:
        media["url"] = f"{context.public_address.of(request)}api/files/{session}/{file.id}"
        media["size"] = file.note.size
    return replace(message, details={**message.details, "media": media})


def known_type(mimetype: str) -> str:
    """Return a type as it can stand in a header; what somebody made up is the unknown one."""
    return mimetype if _MIMETYPE.fullmatch(mimetype) else UNKNOWN


async def _file_of(context: ApiContext, session: str, message: Message) -> ReceivedFile:
    session_id = context.sessions.get(session).id
    present = await context.files.find(session_id, id_of(message.id))
    if present is not None:
        return present
    async with context.sessions.download(session, message.id) as found:
        note = FileNote(known_type(found.mimetype), found.filename, found.size_bytes, message.id)
        return await context.files.keep(session_id, message.id, note, found.parts())
