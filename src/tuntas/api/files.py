"""A message's file: where it is downloaded through the session's page, and served for a while."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import FileResponse

from tuntas.api.context import Gateway, GatewayHere
from tuntas.api.errors import Responses, problems
from tuntas.api.fetching import FileTooLarge
from tuntas.api.received_files import FileNote, ReceivedFile, id_of
from tuntas.api.sessions import Name
from tuntas.api.transfers import download
from tuntas.events import Message
from tuntas.sessions.errors import NotThere, PageRefused
from tuntas.sessions.ports import WhatsAppPage

router = APIRouter(prefix="/api", tags=["messages"])

UNKNOWN = "application/octet-stream"
_MIMETYPE = re.compile(r"^[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w.,\"-]+)*$", re.ASCII)
_BYTES: Responses = {200: {"description": "The file.", "content": {UNKNOWN: {"schema": {"type": "string"}}}}}
FileId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", examples=["9f86d081884c7d659a2feaa0c55ad015"])]


@router.get(
    "/files/{session}/{id}", response_class=FileResponse, responses=_BYTES | problems(404, 422), summary="Get a file"
)
async def get_file(gateway: GatewayHere, session: Name, id: FileId) -> FileResponse:  # noqa: A002 - the path's word
    """Return a message's file that was asked for before; it is kept for TUNTAS_MEDIA_LIFETIME_SECONDS."""
    found = await gateway.files.find(gateway.sessions.get(session).id, id)
    if found is None:
        message = f"There is no file {id}; it may have been kept long enough. Ask for its message again."
        raise NotThere(message)
    # Never shown by a browser as a part of this site: somebody else wrote it.
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox", "Cache-Control": "no-store"}
    name = found.note.filename or found.id
    return FileResponse(found.path, media_type=found.note.mimetype, filename=name, headers=headers)


async def with_files(gateway: Gateway, session: str, messages: Sequence[Message], request: Request) -> list[Message]:
    """Return the messages with the addresses of their files, which are downloaded now where they are not there yet."""
    return [
        await _with_file(gateway, session, message, request) if message.has_media else message for message in messages
    ]


async def _with_file(gateway: Gateway, session: str, message: Message, request: Request) -> Message:
    media = dict(message.details.get("media") or {})
    try:
        file = await _file_of(gateway, session, message)
    except (PageRefused, FileTooLarge) as error:
        # Often one that WhatsApp's servers have no more; the other messages can be read all the same.
        media["error"] = str(error)
    else:
        media["url"] = f"{request.base_url}api/files/{session}/{file.id}"
        media["size"] = file.note.size
    return replace(message, details={**message.details, "media": media})


async def _file_of(gateway: Gateway, session: str, message: Message) -> ReceivedFile:
    session_id = gateway.sessions.get(session).id
    present = await gateway.files.find(session_id, id_of(message.id))
    if present is not None:
        return present
    size = int((message.details.get("media") or {}).get("size") or 0)

    async def call(page: WhatsAppPage) -> ReceivedFile:
        async with download(page, message.id, size) as found:
            if found.size > gateway.fetch_limits.most_bytes:
                raise FileTooLarge(gateway.fetch_limits.most_bytes)
            mimetype = found.mimetype if _MIMETYPE.match(found.mimetype) else UNKNOWN
            note = FileNote(mimetype, found.filename, found.size)
            return await gateway.files.keep(session_id, message.id, note, found.parts())

    return await gateway.sessions.with_page(session, call)
