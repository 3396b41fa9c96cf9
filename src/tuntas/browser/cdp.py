"""The Chrome DevTools Protocol: calls with answers, events, flat sessions. Holds no task; its transport drives it.

Every call has a deadline, and the end of the pipe fails every waiter at once, so nobody waits on a dead browser. It
must never log parameters or results: they are page content.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from tuntas.browser.errors import CallFailed, CallTimedOut, ConnectionClosed, SessionClosed
from tuntas.browser.transport import MessageTooLong, Transport
from tuntas.foundation.allowance import Allowance

Parameters = dict[str, Any]
Handler = Callable[[Parameters], None]
Unsubscribe = Callable[[], None]

# Chromium's answer to a call on a session that is no more (content/browser/devtools, "Session with given id not
# found").
_NO_SUCH_SESSION = -32001

# What a browser may tell unasked: far more than WhatsApp Web does in its busiest minute, far less than would keep the
# server from everything else. A page can write to its console without end.
EVENTS_AT_ONCE, EVENTS_PER_SECOND = 20_000, 1_000
BYTES_AT_ONCE, BYTES_PER_SECOND = 64 * 1024 * 1024, 2 * 1024 * 1024

# What a browser tells unasked, in one message: in it are a page's reports and whatever it writes to its console. An
# answer is only given to who has asked, and may be a chat's messages.
MOST_EVENT_BYTES = 4 * 1024 * 1024
MOST_ANSWER_BYTES = 8 * 1024 * 1024

# Chromium writes a message's id or method first (third_party/inspector_protocol/crdtp/dispatch.cc).
_ANSWER = re.compile(rb'\s*\{\s*"id"\s*:\s*(\d{1,18})\b')
_EVENT = re.compile(rb'\s*\{\s*"method"\s*:\s*"([A-Za-z.]{1,64})"')

# In one message. A value of three bytes takes a hundred once it is read.
MOST_VALUES = 500_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiter:
    method: str
    session_id: str | None
    answer: asyncio.Future[Parameters]


class CdpConnection:
    """One browser's protocol connection: give ``received`` and ``closed`` to a transport, then ``use`` it."""

    def __init__(self) -> None:
        self._transport: Transport | None = None
        self._waiters: dict[int, _Waiter] = {}
        self._handlers: dict[tuple[str, str | None], list[Handler]] = {}
        self._last_id = 0
        self._end: str | None = None
        self._fault: str | None = None
        self.given_up = asyncio.Event()
        """Set when the browser said more than it may: it is not listened to any more, and whoever holds it ends it."""
        self.on_too_long: Callable[[str, int], None] = _ignore
        """Called with the method and the bytes of each event that was dropped because it was too long."""
        self._events = Allowance(EVENTS_AT_ONCE, EVENTS_PER_SECOND)
        self._event_bytes = Allowance(BYTES_AT_ONCE, BYTES_PER_SECOND)

    def use(self, transport: Transport) -> None:
        """Send calls over ``transport`` from now on."""
        self._transport = transport

    @property
    def is_closed(self) -> bool:
        """True once the pipe has ended; it never comes back."""
        return self._end is not None

    @property
    def fault(self) -> str | None:
        """Why we gave the browser up, None while we have not."""
        return self._fault

    async def call(
        self,
        method: str,
        params: Parameters | None = None,
        *,
        session_id: str | None = None,
        timeout_seconds: float = 10,
    ) -> Parameters:
        """Call ``method`` and return its result. Calls may overlap; answers come in the browser's own order.

        Raises CallTimedOut, CallFailed, SessionClosed (the target is gone) or ConnectionClosed (the browser is).
        """
        if self._end is not None or self._transport is None:
            raise ConnectionClosed(self._end or "not connected yet")
        self._last_id += 1
        call_id = self._last_id
        message: Parameters = {"id": call_id, "method": method, "params": params or {}}
        if session_id is not None:
            message["sessionId"] = session_id
        waiter = _Waiter(method, session_id, asyncio.get_running_loop().create_future())
        self._waiters[call_id] = waiter
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._transport.send(json.dumps(message, separators=(",", ":")).encode())
                return await waiter.answer
        except TimeoutError:
            raise CallTimedOut(method, timeout_seconds) from None
        except ConnectionError as error:
            raise ConnectionClosed(str(error)) from error
        finally:
            del self._waiters[call_id]
            if not waiter.answer.cancel() and not waiter.answer.cancelled():
                waiter.answer.exception()  # seen, also when the sending itself failed first

    def on(self, method: str, handler: Handler, session_id: str | None = None) -> Unsubscribe:
        """Call ``handler`` with the parameters of every ``method`` event of this session (None: the browser's own).

        Handlers run on the event loop, in the order of the events; they must not block. What one raises is logged and
        stops neither the others nor the reader. Returns a function that unsubscribes, safe to call again.
        """
        key = (method, session_id)
        handlers = self._handlers.setdefault(key, [])
        handlers.append(handler)

        def unsubscribe() -> None:
            if handler in handlers:
                handlers.remove(handler)
            if not handlers and self._handlers.get(key) is handlers:
                del self._handlers[key]

        return unsubscribe

    def limit_of(self, head: bytes) -> int:
        """Return how many bytes the message that begins with ``head`` may have."""
        return MOST_ANSWER_BYTES if _ANSWER.match(head) else MOST_EVENT_BYTES

    def too_long(self, head: bytes, size_bytes: int) -> None:
        """Learn that a message which begins with ``head`` was longer than it may be, and is gone."""
        if (answer := _ANSWER.match(head)) is not None:
            if (waiter := self._waiters.get(int(answer[1]))) is not None and not waiter.answer.done():
                waiter.answer.set_exception(CallFailed(waiter.method, 0, f"the answer has {size_bytes} bytes"))
        elif self._end is None and self._is_allowed(size_bytes):
            found = _EVENT.match(head)
            self.on_too_long(found[1].decode() if found else "", size_bytes)

    def received(self, raw: bytes | bytearray) -> None:
        """Take one message from the transport."""
        if self._end is not None:
            return  # what was on its way when the connection was given up
        if sum(raw.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
            self._give_up("the browser sent more values than a message may have")
            return
        try:
            message = json.loads(raw)
        except (ValueError, RecursionError) as error:
            log.error("browser_sent_no_json", bytes=len(raw), error=type(error).__name__)
            return
        if "id" in message:
            self._answered(message)
        elif "method" in message and self._is_allowed(len(raw)):
            self._happened(message["method"], message.get("params", {}), message.get("sessionId"))

    def closed(self, error: Exception | None) -> None:
        """Learn that the transport has ended: fail every waiter, and every call from now on."""
        if isinstance(error, MessageTooLong):
            self._give_up(f"the browser sent {error}")
        broke = f"the connection to the browser broke: {error}" if error else "the browser closed the connection"
        self._end = self._fault or broke
        for waiter in self._waiters.values():
            if not waiter.answer.done():
                waiter.answer.set_exception(ConnectionClosed(f"{self._end} (during {waiter.method})"))
        self._handlers.clear()

    def _is_allowed(self, size_bytes: int) -> bool:
        """Whether the browser may tell so much more; if not, it is given up."""
        now = time.monotonic()
        if self._events.take(1, now) and self._event_bytes.take(size_bytes, now):
            return True
        self._give_up("the browser told more than it may")
        return False

    def _give_up(self, why: str) -> None:
        log.error("browser_given_up", reason=why)
        self._end = self._fault = why
        self.given_up.set()
        if self._transport is not None:
            self._transport.close()

    async def close(self) -> None:
        """Close the transport and wait until its descriptors are given back; safe to call again."""
        if self._transport is not None:
            self._transport.close()
            await self._transport.wait_closed()

    def _answered(self, message: Parameters) -> None:
        waiter = self._waiters.get(message["id"])
        if waiter is None or waiter.answer.done():
            return  # it timed out or was cancelled; nobody wants the answer any more
        error = message.get("error")
        if error is None:
            waiter.answer.set_result(message.get("result", {}))
        elif error.get("code") == _NO_SUCH_SESSION:
            waiter.answer.set_exception(SessionClosed(f"{waiter.method}: {error.get('message', '')}"))
        else:
            waiter.answer.set_exception(CallFailed(waiter.method, error.get("code", 0), error.get("message", "")))

    def _happened(self, method: str, parameters: Parameters, session_id: str | None) -> None:
        for handler in tuple(self._handlers.get((method, session_id), ())):
            try:
                handler(parameters)
            except Exception as error:  # noqa: BLE001  a subscriber's mistake must not deafen the connection
                log.error("browser_event_handler_failed", event_method=method, error=repr(error))
        match method:
            case "Inspector.targetCrashed":
                # Chromium leaves calls to a crashed renderer unanswered for ever; the session itself lives on.
                self._fail_waiters(session_id, "the page crashed")
            case "Target.detachedFromTarget":
                self._fail_waiters(parameters.get("sessionId"), "the target is gone")
                self._forget_handlers(parameters.get("sessionId"))
            case _:
                pass

    def _fail_waiters(self, session_id: str | None, why: str) -> None:
        for waiter in self._waiters.values():
            if waiter.session_id is not None and waiter.session_id == session_id and not waiter.answer.done():
                waiter.answer.set_exception(SessionClosed(f"{waiter.method}: {why}"))

    def _forget_handlers(self, session_id: str | None) -> None:
        for key in [key for key in self._handlers if key[1] is not None and key[1] == session_id]:
            del self._handlers[key]


def _ignore(_method: str, _size_bytes: int) -> None:
    """Take no notice."""


class CdpSession:
    """A connection bound to one attached target (flat mode: a ``sessionId`` on every message)."""

    def __init__(self, connection: CdpConnection, session_id: str, target_id: str) -> None:
        self.connection = connection
        self.session_id = session_id
        self.target_id = target_id

    async def call(self, method: str, params: Parameters | None = None, *, timeout_seconds: float = 10) -> Parameters:
        """Call ``method`` on this target; see ``CdpConnection.call``."""
        return await self.connection.call(method, params, session_id=self.session_id, timeout_seconds=timeout_seconds)

    def on(self, method: str, handler: Handler) -> Unsubscribe:
        """Subscribe to an event of this target; see ``CdpConnection.on``."""
        return self.connection.on(method, handler, self.session_id)
