"""Carries whole messages to and from a browser over its debugging pipe; knows nothing of what they mean.

Chromium's framing on ``--remote-debugging-pipe``: JSON messages, each ended by a NUL byte; the browser reads fd 3 and
writes fd 4 (on Windows two handles, see ``spawn_windows.py``). There is no port that another local program could drive,
and end of file makes Chromium leave by itself.

A message is judged by its first bytes, before the rest has come: one that is longer than its kind may be is dropped
while it arrives, and costs no more memory than its head.

``Transport`` is all that a connection needs, so that a web socket can stand in where no descriptors can be handed down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from tuntas.browser import pipes

_END = b"\0"
# One message above the mark may be under way at a time; then senders wait for the browser to read.
_WRITE_MARK_BYTES = 1 << 20

MOST_MESSAGE_BYTES = 64 * 1024 * 1024
"""Of one message from the browser: what a page says is in it, and a page may be anything."""

HEAD_BYTES = 128
"""From so many first bytes a message's own limit is told."""


class MessageTooLong(ConnectionError):
    """The browser sends a message that is longer than any may be."""


class Transport(Protocol):
    """A two-way stream of whole messages."""

    async def send(self, message: bytes) -> None:
        """Hand one message over, waiting while the other side does not read. Raises ConnectionError when closed."""
        ...

    def close(self) -> None:
        """Close at once, without flushing; ``on_closed`` follows soon."""
        ...

    async def wait_closed(self) -> None:
        """Wait until both directions have given their descriptors back."""
        ...


class PipeTransport:
    """Messages over two pipes. ``on_message`` and ``on_closed`` are called on the loop; neither may block or raise."""

    def __init__(
        self,
        on_message: Callable[[bytes | bytearray], None],
        on_closed: Callable[[Exception | None], None],
        *,
        limit_of: Callable[[bytes], int] = lambda _head: MOST_MESSAGE_BYTES,
        on_too_long: Callable[[bytes, int], None] = lambda _head, _size_bytes: None,
    ) -> None:
        """Drop a message that is longer than ``limit_of`` its head; ``on_too_long`` is told its head and its size."""
        self._on_closed = on_closed
        self._incoming = _Incoming(on_message, self._half_closed, limit_of, on_too_long)
        self._outgoing = _Outgoing(self._half_closed)
        self._reading: asyncio.ReadTransport | None = None
        self._writing: asyncio.WriteTransport | None = None
        self._told = False

    async def open(self, read_end: int, write_end: int) -> None:
        """Take both ends over: from here on they are closed by this transport, also when this fails."""
        loop = asyncio.get_running_loop()
        reading, writing = pipes.reading(read_end), pipes.writing(write_end)
        try:
            self._reading, _ = await loop.connect_read_pipe(lambda: self._incoming, reading)
            self._writing, _ = await loop.connect_write_pipe(lambda: self._outgoing, writing)
        except BaseException:
            if self._reading is None:
                reading.close()
                self._incoming.closed.set()
            writing.close()
            self._outgoing.closed.set()
            self.close()
            await self.wait_closed()
            raise
        self._writing.set_write_buffer_limits(high=_WRITE_MARK_BYTES)

    async def send(self, message: bytes) -> None:
        """Hand one message over, waiting while the browser does not read. Raises ConnectionError when closed."""
        await self._outgoing.ready()
        if self._writing is None or self._writing.is_closing():
            raise ConnectionResetError("the debugging pipe is closed")
        self._writing.write(message)
        self._writing.write(_END)

    def close(self) -> None:
        """Close both directions at once; what was not yet written is dropped."""
        if self._reading is not None:
            self._reading.close()
        if self._writing is not None and not self._writing.is_closing():
            self._writing.abort()  # unlike close() not safe to repeat

    async def wait_closed(self) -> None:
        """Wait until both directions have given their descriptors back."""
        await self._incoming.closed.wait()
        await self._outgoing.closed.wait()

    def _half_closed(self, error: Exception | None) -> None:
        # One direction is useless without the other.
        self.close()
        if not self._told:
            self._told = True
            self._on_closed(error)


class _Incoming(asyncio.Protocol):
    """Cuts the stream into messages. A big one grows in one buffer, which is handed on and never copied."""

    def __init__(
        self,
        on_message: Callable[[bytes | bytearray], None],
        on_closed: Callable[[Exception | None], None],
        limit_of: Callable[[bytes], int],
        on_too_long: Callable[[bytes, int], None],
    ) -> None:
        self.closed = asyncio.Event()
        self._on_message = on_message
        self._on_closed = on_closed
        self._limit_of = limit_of
        self._on_too_long = on_too_long
        self._forget()

    def _forget(self) -> None:
        """Begin with the next message."""
        self._buffer = bytearray()
        self._size_bytes = 0
        self._limit_bytes: int | None = None

    def data_received(self, data: bytes) -> None:
        start = 0
        while (end := data.find(_END, start)) >= 0:
            if not self._take(data[start:end]):
                return
            self._whole()
            start = end + 1
        self._take(data[start:])

    def _take(self, piece: bytes) -> bool:
        """Keep a piece of a message that may still be long enough for it; False where the pipe was closed instead."""
        self._size_bytes += len(piece)
        if self._size_bytes > MOST_MESSAGE_BYTES:
            # Closes the pipe: there is no other way to stop a message half-way.
            self._forget()
            self._on_closed(MessageTooLong(f"a message of more than {MOST_MESSAGE_BYTES} bytes"))
            return False
        if self._limit_bytes is None and self._size_bytes >= HEAD_BYTES:
            self._limit_bytes = self._limit_of(bytes(self._buffer + piece[:HEAD_BYTES])[:HEAD_BYTES])
        if not self._is_too_long():
            self._buffer += piece
        elif len(self._buffer) > HEAD_BYTES:
            self._buffer = self._buffer[:HEAD_BYTES]
        elif len(self._buffer) < HEAD_BYTES:
            self._buffer += piece[: HEAD_BYTES - len(self._buffer)]
        return True

    def _whole(self) -> None:
        message, size_bytes, is_too_long = self._buffer, self._size_bytes, self._is_too_long()
        self._forget()
        if is_too_long:
            self._on_too_long(bytes(message), size_bytes)
        else:
            self._on_message(message)

    def _is_too_long(self) -> bool:
        return self._limit_bytes is not None and self._size_bytes > self._limit_bytes

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        self._on_closed(exc)
        self.closed.set()


class _Outgoing(asyncio.BaseProtocol):
    """Tells senders when to wait."""

    def __init__(self, on_closed: Callable[[Exception | None], None]) -> None:
        self.closed = asyncio.Event()
        self._on_closed = on_closed
        self._writable = asyncio.Event()
        self._writable.set()

    async def ready(self) -> None:
        await self._writable.wait()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._writable.set()
        self._on_closed(exc)
        self.closed.set()
