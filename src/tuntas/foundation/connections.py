"""How many connections a server holds, and for how long one may keep it waiting: uvicorn's protocols with limits.

Whoever connects needs no key, so nothing here may last: not a head that never ends, not a connection on which nothing
is asked, not an answer that is never read. Where there are too many, the one that has been idle longest goes; so a new
one is answered even while a thousand do nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from typing import Any

import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

# Somebody who takes nothing of an answer for so long is gone.
STALL_SECONDS = 60.0
LOGGED_EVERY_SECONDS = 60.0
LINES_OF_A_KIND = 10
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

log = structlog.get_logger(__name__)


class Connections:
    """The limits of one server, and its connections that have not asked anything yet, oldest first."""

    def __init__(self, most: int, head_seconds: float) -> None:
        """Hold at most ``most``; the head of a request may take ``head_seconds``, so may the next one's."""
        self._most = most
        self.head_seconds = head_seconds
        self._idle: OrderedDict[BoundedHttp, None] = OrderedDict()
        self._told_at = float("-inf")

    def make_room(self, count: int) -> bool:
        """Make room for the newest of ``count`` connections; False where there is none."""
        if count <= self._most:
            return True
        if time.monotonic() - self._told_at >= LOGGED_EVERY_SECONDS:
            self._told_at = time.monotonic()
            log.warning("too_many_connections", most=self._most, idle=len(self._idle))
        if not self._idle:
            return False
        oldest, _ = self._idle.popitem(last=False)
        oldest.transport.abort()
        return True

    def is_idle(self, one: BoundedHttp) -> None:
        """Note that ``one`` has asked nothing, or nothing more."""
        self._idle[one] = None
        self._idle.move_to_end(one)

    def is_busy(self, one: BoundedHttp) -> None:
        """Note that ``one`` has asked, or is gone."""
        self._idle.pop(one, None)


class _Stalling(asyncio.Protocol):
    """Ends a connection whose other side takes nothing of what is sent to it."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    _stalled: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


class BoundedWebSocket(_Stalling, WebSocketsSansIOProtocol):
    """A WebSocket's connection."""


class BoundedHttp(_Stalling, H11Protocol):
    """An HTTP connection. ``limits`` are its server's."""

    limits: Connections
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a new connection, or refuse it."""
        super().connection_made(transport)
        if self.limits.make_room(len(self.connections)):
            self._await_head()
        else:
            transport.write(_FULL)
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._head_is_there()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Look whether a head is complete now."""
        super().handle_events()
        cycle: RequestResponseCycle | None = self.cycle  # None before the first
        if cycle is not None and not cycle.response_complete:
            self._head_is_there()

    def handle_websocket_upgrade(self, event: Any) -> None:
        """Leave the connection to the WebSocket's protocol."""
        self._head_is_there()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """Wait for the next head."""
        super().on_response_complete()
        # Where the next request came right behind, it is under way already.
        if self.cycle.response_complete:
            self._await_head()

    def _await_head(self) -> None:
        self._head_is_there()
        self.limits.is_idle(self)
        self._late = self.loop.call_later(self.limits.head_seconds, self._head_is_late)

    def _head_is_there(self) -> None:
        self.limits.is_busy(self)
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _head_is_late(self) -> None:
        self.transport.close()
        # What was answered before may still be on its way to a slow reader.
        self._late = self.loop.call_later(STALL_SECONDS, self.transport.abort)


def bounded_http(limits: Connections) -> type[BoundedHttp]:
    """Return the protocol of a server with these limits."""
    return type("BoundedHttp", (BoundedHttp,), {"limits": limits})


class AcceptFailures:
    """The loop's exception handler: that no connection can be taken (no descriptor is left) is told once a while."""

    def __init__(self) -> None:
        """Nothing has failed yet."""
        self._count = 0
        self._told_at = float("-inf")

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Tell an exception that nobody else takes."""
        if "accept" not in context["message"].lower():
            loop.default_exception_handler(context)
            return
        self._count += 1
        if loop.time() - self._told_at >= LOGGED_EVERY_SECONDS:
            log.error("connections_not_taken", error=repr(context.get("exception")), times=self._count)
            self._count, self._told_at = 0, loop.time()


class FewLines(logging.Filter):
    """Lets a few lines of each kind through in a minute: what strangers send must not fill the log."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        super().__init__()
        self._since = float("-inf")
        self._lines: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a line is written."""
        if time.monotonic() - self._since >= LOGGED_EVERY_SECONDS:
            self._since = time.monotonic()
            self._lines.clear()
        count = self._lines[record.msg] = self._lines.get(record.msg, 0) + 1
        return count <= LINES_OF_A_KIND


# One for all servers of a process: they share uvicorn's logger.
FEW_LINES = FewLines()
