"""The Chrome DevTools Protocol: calls with answers, events, flat sessions. Holds no task; its transport drives it.

Every call has a deadline, and the end of the pipe fails every waiter at once, so nobody waits on a dead browser. It
must never log parameters or results: they are page content.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from tuntas.browser.errors import CallFailed, CallTimedOut, ConnectionClosed, SessionClosed
from tuntas.browser.transport import Transport

Parameters = dict[str, Any]
Handler = Callable[[Parameters], None]
Unsubscribe = Callable[[], None]

# Chromium's answer to a call on a session that is no more (content/browser/devtools, "Session with given id not
# found").
_NO_SUCH_SESSION = -32001

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiter:
    method: str
    session_id: str | None
    answer: asyncio.Future[Parameters]


class Connection:
    """One browser's protocol connection: give ``received`` and ``closed`` to a transport, then ``use`` it."""

    def __init__(self) -> None:
        self._transport: Transport | None = None
        self._waiters: dict[int, _Waiter] = {}
        self._handlers: dict[tuple[str, str | None], list[Handler]] = {}
        self._last_id = 0
        self._end: str | None = None

    def use(self, transport: Transport) -> None:
        """Send calls over ``transport`` from now on."""
        self._transport = transport

    @property
    def is_closed(self) -> bool:
        """True once the pipe has ended; it never comes back."""
        return self._end is not None

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

    def received(self, raw: bytes) -> None:
        """Take one message from the transport."""
        try:
            message = json.loads(raw)
        except ValueError as error:
            log.error("browser_sent_no_json", bytes=len(raw), error=type(error).__name__)
            return
        if "id" in message:
            self._answered(message)
        elif "method" in message:
            self._happened(message["method"], message.get("params", {}), message.get("sessionId"))

    def closed(self, error: Exception | None) -> None:
        """Learn that the transport has ended: fail every waiter, and every call from now on."""
        self._end = f"the connection to the browser broke: {error}" if error else "the browser closed the connection"
        for waiter in self._waiters.values():
            if not waiter.answer.done():
                waiter.answer.set_exception(ConnectionClosed(f"{self._end} (during {waiter.method})"))
        self._handlers.clear()

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


class CdpSession:
    """A connection bound to one attached target (flat mode: a ``sessionId`` on every message)."""

    def __init__(self, connection: Connection, session_id: str, target_id: str) -> None:
        self.connection = connection
        self.session_id = session_id
        self.target_id = target_id

    async def call(self, method: str, params: Parameters | None = None, *, timeout_seconds: float = 10) -> Parameters:
        """Call ``method`` on this target; see ``Connection.call``."""
        return await self.connection.call(method, params, session_id=self.session_id, timeout_seconds=timeout_seconds)

    def on(self, method: str, handler: Handler) -> Unsubscribe:
        """Subscribe to an event of this target; see ``Connection.on``."""
        return self.connection.on(method, handler, self.session_id)
