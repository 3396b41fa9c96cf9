"""A message's file, straight out of the session's page: nothing of it is kept on the server."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from tuntas.dashboard.inbox_view import PICTURES
from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.session import name_in
from tuntas.sessions.ports import Download

LONGEST_ID = 300
UNKNOWN = "application/octet-stream"


async def download(request: PageRequest) -> Response:
    """Return a message's file, to be stored; a picture may be drawn by our own pages too."""
    message = str(request.http.path_params["message"])
    if len(message) > LONGEST_ID:
        raise HTTPException(404)
    opened = _opened(request, name_in(request), message)
    found = await anext(opened)
    assert not isinstance(found, bytes)
    says = found.mimetype.partition(";")[0].strip().lower()
    # Somebody else wrote it: a browser never shows it as a page of ours, whatever it is.
    return StreamingResponse(
        _bytes(opened),
        media_type=says if says in PICTURES else UNKNOWN,
        headers={
            "Content-Length": str(found.size_bytes),
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(_name(found.filename, says))}",
            "Cache-Control": "private, max-age=3600, immutable",
        },
    )


async def _opened(request: PageRequest, session: str, message: str) -> AsyncIterator[Download | bytes]:
    """Yield the file that the page has opened, then its bytes; it is closed with this iterator, whatever ends it."""
    async with request.context.sessions.download(session, message) as found:
        yield found
        async for part in found.parts():
            yield part


async def _bytes(opened: AsyncIterator[Download | bytes]) -> AsyncIterator[bytes]:
    async for part in opened:
        assert isinstance(part, bytes)
        yield part


def _name(name: str | None, mimetype: str) -> str:
    kind = mimetype.partition("/")[2]
    return name or (f"file.{kind}" if re.fullmatch(r"[a-z0-9]{2,5}", kind) else "file")
