"""A request's body while it arrives: counted, timed, and refused as soon as it is too much. For ASGI applications.

Nothing here keeps a body; whoever asks for the next part gets it, or hears why there is none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

# A client on a slow line gets so much more time for each such part of a body that has come.
SLOWEST_BYTES_PER_SECOND = 64 * 1024

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """How large a body may be, and how long the first part of it may take. ``setting`` is where that is set."""

    most_bytes: int
    seconds: float
    setting: str


class BodyRefused(Exception):
    """A body that is not read to its end; the message says why. ``status`` is the answer's."""

    status: int


class BodyTooLarge(BodyRefused):
    """It is larger than it may be."""

    status = 413


class BodyTooSlow(BodyRefused):
    """It did not come in time."""

    status = 408


def length_of(headers: Headers) -> int | None:
    """Return how many bytes the headers announce, None where they come in chunks: then only the end will tell."""
    length = 0
    for name, value in headers:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length" and value.isdigit():
            length = int(value)
    return length


class CountedBody:
    """Gives a body on, part by part, for as long as it keeps within its limit. ``is_over``: it has come whole."""

    def __init__(self, receive: Receive, headers: Headers, limit: BodyLimit) -> None:
        """Take the parts from ``receive``."""
        self._receive = receive
        self._limit = limit
        self._announced = length_of(headers)
        self._came = 0
        self.is_over = self._announced == 0
        self._began: float | None = None

    async def receive(self) -> Message:
        """Return the next message; behind the body's end, whatever comes.

        Raises:
            BodyTooLarge, BodyTooSlow: the rest is not read.
        """
        if self.is_over:
            return await self._receive()
        if (self._announced or 0) > self._limit.most_bytes:
            raise self._too_large()
        message = await self._next_in_time()
        if message["type"] != "http.request":
            self.is_over = True
            return message
        self._came += len(message.get("body", b""))
        if self._came > self._limit.most_bytes:
            raise self._too_large()
        self.is_over = not message.get("more_body", False)
        return message

    async def drop(self) -> None:
        """Read the body to its end, and keep nothing of it. Raises as ``receive`` does."""
        while not self.is_over:
            await self.receive()

    async def _next_in_time(self) -> Message:
        if self._began is None:
            self._began = asyncio.get_running_loop().time()
        seconds = self._limit.seconds + self._came / SLOWEST_BYTES_PER_SECOND
        try:
            async with asyncio.timeout_at(self._began + seconds):
                return await self._receive()
        except TimeoutError:
            message = f"The body did not come within {seconds:g} s (TUNTAS_BODY_TIMEOUT_SECONDS)."
            raise BodyTooSlow(message) from None

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"The body is larger than {self._limit.most_bytes} bytes ({self._limit.setting}).")
