"""Keeps the last lines that a browser wrote to standard error, the only witness of a failed launch. Bounded."""

from __future__ import annotations

import asyncio
import contextlib

from tuntas.browser import pipes

_KEEP_BYTES = 16_384
_DRAIN_SECONDS = 0.5


class StderrTail(asyncio.Protocol):
    """Reads a pipe to its end and remembers no more than its last 16 KiB."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._ended = asyncio.Event()
        self._transport: asyncio.ReadTransport | None = None

    async def open(self, end: int) -> None:
        """Take the pipe's end over: from here on it is closed here, also when this fails."""
        reading = pipes.reading(end)
        try:
            self._transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: self, reading)
        except BaseException:
            reading.close()
            self._ended.set()
            raise

    def lines(self) -> tuple[str, ...]:
        """Return the last lines, oldest first, without blank ones."""
        text = self._kept.decode(errors="replace")
        return tuple(line.strip() for line in text.splitlines() if line.strip())

    async def close(self) -> None:
        """Wait a moment for what a dead browser has left in the pipe, then close it; safe to call again."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                await self._ended.wait()
        if self._transport is not None:
            self._transport.close()
            await self._ended.wait()

    def data_received(self, data: bytes) -> None:
        """Keep the end of it (called by the transport)."""
        self._kept += data
        del self._kept[:-_KEEP_BYTES]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        """Note the end (called by the transport)."""
        self._ended.set()
