"""The protocol connection against a transport in memory: answers, events, sessions, and the end of it all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import structlog

from tuntas.browser.cdp import CdpSession, Connection
from tuntas.browser.errors import CallFailed, CallTimedOut, ConnectionClosed, SessionClosed


class MemoryTransport:
    """Keeps what was sent; a test plays the browser."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.broken = False

    async def send(self, message: bytes) -> None:
        if self.broken:
            raise ConnectionResetError("broken")
        self.sent.put_nowait(json.loads(message))

    def close(self) -> None:
        self.broken = True

    async def wait_closed(self) -> None:
        return


class Browser:
    """A connection and the browser's side of it."""

    def __init__(self) -> None:
        self.transport = MemoryTransport()
        self.connection = Connection()
        self.connection.use(self.transport)

    def say(self, **message: Any) -> None:
        self.connection.received(json.dumps(message).encode())


def run(test: Callable[[Browser], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(10):
            await test(Browser())

    asyncio.run(main())


def test_two_calls_may_be_answered_out_of_order() -> None:
    async def test(browser: Browser) -> None:
        async with asyncio.TaskGroup() as group:
            first = group.create_task(browser.connection.call("First.call"))
            second = group.create_task(browser.connection.call("Second.call", {"x": 1}))
            sent = [await browser.transport.sent.get() for _ in range(2)]
            browser.say(id=sent[1]["id"], result={"is": "second"})
            await asyncio.sleep(0)
            browser.say(id=sent[0]["id"], result={"is": "first"})
        assert first.result() == {"is": "first"}
        assert second.result() == {"is": "second"}
        assert sent[1]["params"] == {"x": 1}

    run(test)


def test_an_unanswered_call_times_out_and_its_late_answer_harms_nobody() -> None:
    async def test(browser: Browser) -> None:
        with pytest.raises(CallTimedOut, match=r"Slow.call was not answered within 0.01 s"):
            await browser.connection.call("Slow.call", timeout_seconds=0.01)
        sent = await browser.transport.sent.get()
        browser.say(id=sent["id"], result={})
        browser.say(id=sent["id"], result={})

    run(test)


def test_a_protocol_error_carries_method_code_and_message() -> None:
    async def test(browser: Browser) -> None:
        async def answer() -> None:
            sent = await browser.transport.sent.get()
            browser.say(id=sent["id"], error={"code": -32000, "message": "Cannot navigate"})

        async with asyncio.TaskGroup() as group:
            group.create_task(answer())
            with pytest.raises(CallFailed) as caught:
                await browser.connection.call("Page.navigate")
        assert (caught.value.method, caught.value.code) == ("Page.navigate", -32000)
        assert "Cannot navigate" in str(caught.value)

    run(test)


def test_the_end_of_the_pipe_fails_every_waiter_and_every_later_call() -> None:
    async def test(browser: Browser) -> None:
        async with asyncio.TaskGroup() as group:
            waiters = [group.create_task(_closed(browser.connection, f"Call.number{number}")) for number in range(5)]
            for _ in waiters:
                await browser.transport.sent.get()
            browser.connection.closed(None)
        assert all(waiter.result() for waiter in waiters)
        assert browser.connection.is_closed
        assert await _closed(browser.connection, "Too.late")

    run(test)


def test_events_reach_their_session_only_in_order_until_unsubscribed() -> None:
    async def test(browser: Browser) -> None:
        seen: list[Any] = []
        session = CdpSession(browser.connection, "S1", "T1")
        stop_listening = session.on("Page.loaded", lambda event: seen.append(("S1", event["n"])))
        browser.connection.on("Page.loaded", lambda event: seen.append(("browser", event["n"])))
        browser.say(method="Page.loaded", params={"n": 1}, sessionId="S1")
        browser.say(method="Page.loaded", params={"n": 2}, sessionId="S2")
        browser.say(method="Page.loaded", params={"n": 3})
        stop_listening()
        stop_listening()
        browser.say(method="Page.loaded", params={"n": 4}, sessionId="S1")
        assert seen == [("S1", 1), ("browser", 3)]

    run(test)


def test_a_handler_that_raises_is_logged_and_stops_neither_its_neighbour_nor_the_reader() -> None:
    async def test(browser: Browser) -> None:
        seen: list[int] = []

        def breaks(event: dict[str, Any]) -> None:
            raise ValueError("a subscriber's mistake")

        browser.connection.on("Page.loaded", breaks)
        browser.connection.on("Page.loaded", lambda event: seen.append(event["n"]))
        with structlog.testing.capture_logs() as logs:
            browser.say(method="Page.loaded", params={"n": 1})
            browser.say(method="Page.loaded", params={"n": 2})
        assert seen == [1, 2]
        assert [entry["event"] for entry in logs] == ["browser_event_handler_failed"] * 2

    run(test)


@pytest.mark.parametrize(
    "event",
    [
        {"method": "Target.detachedFromTarget", "params": {"sessionId": "S1"}},
        {"method": "Inspector.targetCrashed", "params": {}, "sessionId": "S1"},
    ],
)
def test_a_lost_page_fails_its_own_waiters_at_once_and_no_others(event: dict[str, Any]) -> None:
    async def test(browser: Browser) -> None:
        session = CdpSession(browser.connection, "S1", "T1")
        async with asyncio.TaskGroup() as group:
            other = group.create_task(browser.connection.call("Browser.getVersion"))
            sent = await browser.transport.sent.get()
            lost = group.create_task(_session_closed(session))
            await browser.transport.sent.get()
            browser.say(**event)
            await lost
            assert not other.done()
            browser.say(id=sent["id"], result={"product": "x"})
        assert lost.result()
        assert other.result() == {"product": "x"}

    run(test)


def test_garbage_on_the_pipe_is_logged_without_its_content_and_survived() -> None:
    async def test(browser: Browser) -> None:
        with structlog.testing.capture_logs() as logs:
            browser.connection.received(b"secret but no json")
            browser.connection.received(b"{}")
        assert [entry["event"] for entry in logs] == ["browser_sent_no_json"]
        assert "secret" not in str(logs)

    run(test)


async def _closed(connection: Connection, method: str) -> bool:
    try:
        await connection.call(method)
    except ConnectionClosed:
        return True
    return False


async def _session_closed(session: CdpSession) -> bool:
    try:
        await session.call("Runtime.evaluate")
    except SessionClosed:
        return True
    return False
