"""A request as bytes on a socket, so that what no client library would send can be sent too. Bounded in time, size."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

ANSWER_SECONDS = 20.0
# How long the rest of an answer, or the answer to something that is no request, is waited for.
PATIENCE_SECONDS = 1.0
_ANSWER_BYTES = 65536

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the status, None where there was none to read, and the beginning of the rest."""

    status: int | None
    said: bytes


@asynccontextmanager
async def connected(place: Place) -> AsyncIterator[Stream]:
    """Open a connection and drop it without a goodbye. Raises OSError, TimeoutError."""
    async with asyncio.timeout(ANSWER_SECONDS):
        reader, writer = await asyncio.open_connection(place.host, place.port, limit=1 << 20)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def exchange(place: Place, parts: Iterable[bytes], *, patience_seconds: float = ANSWER_SECONDS) -> Reply:
    """Send ``parts`` until the other side has had enough, and return its answer if it comes in time."""
    async with connected(place) as (reader, writer):
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                    if reader.at_eof():
                        break
        return await reply(reader, patience_seconds)


async def reply(reader: asyncio.StreamReader, patience_seconds: float = ANSWER_SECONDS) -> Reply:
    """Read an answer's status and the beginning of what follows."""
    said = b""
    with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        async with asyncio.timeout(patience_seconds):
            said = await reader.readuntil(b"\r\n\r\n")
        async with asyncio.timeout(PATIENCE_SECONDS):
            said += await reader.read(_ANSWER_BYTES)
    words = said.split(b"\r\n", 1)[0].split(b" ")
    is_status = len(words) > 1 and words[1].isdigit() and words[0].startswith(b"HTTP/")
    return Reply(int(words[1]) if is_status else None, said)


def request(method: str, target: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> bytes:
    """Return a whole request. Nothing is checked: that is the point."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {text}" for name, text in headers)]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    if not any(name in {"Connection", "Transfer-Encoding"} for name, _ in headers):
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass") + body
