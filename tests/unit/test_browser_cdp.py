"""The protocol connection against a transport in memory: answers, events, sessions, and the end of it all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import structlog

from tuntas.browser.cdp import MOST_ANSWER_BYTES, MOST_EVENT_BYTES, CdpConnection, CdpSession
from tuntas.browser.errors import CallFailed, CallTimedOut, ConnectionClosed, SessionClosed
from tuntas.browser.transport import MessageTooLong


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
        self.connection = CdpConnection()
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


async def _closed(connection: CdpConnection, method: str) -> bool:
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


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda browser: [browser.say(method="Console.said") for _ in range(200_000)], "told more"),
        (lambda browser: [browser.say(method="Console.said", params="x" * 5_000_000) for _ in range(20)], "told more"),
        (lambda browser: browser.connection.received(b"[" + b"[]," * 1_500_000 + b"[]]"), "more values"),
        (lambda browser: browser.connection.closed(MessageTooLong("a message of many bytes")), "many bytes"),
    ],
)
def test_a_browser_that_says_more_than_it_may_is_given_up_and_nobody_waits_for_it(
    harm: Callable[[Browser], object], why: str
) -> None:
    async def test(browser: Browser) -> None:
        heard: list[Any] = []
        browser.connection.on("Console.said", heard.append)
        with structlog.testing.capture_logs() as logs:
            harm(browser)
        assert browser.connection.given_up.is_set()
        assert why in (browser.connection.fault or "")
        assert len(heard) < 200_000
        assert len(logs) == 1
        with pytest.raises(ConnectionClosed, match=why):
            await browser.connection.call("Any.call")

    run(test)


def test_an_answer_that_is_too_long_fails_its_call_at_once_and_no_other() -> None:
    async def test(browser: Browser) -> None:
        async with asyncio.TaskGroup() as group:
            failing = group.create_task(_failure_of(browser.connection.call("Long.call", timeout_seconds=60)))
            other = group.create_task(browser.connection.call("Other.call", timeout_seconds=60))
            sent = [await browser.transport.sent.get() for _ in range(2)]
            for call_id in (sent[0]["id"], 77):
                browser.connection.too_long(b'{"id":%d,"result":{"value":"' % call_id + b"x" * 90, 9_000_000)
            assert "9000000 bytes" in str(await failing)
            assert not other.done()
            browser.say(id=sent[1]["id"], result={"is": "other"})
        assert other.result() == {"is": "other"}

    async def _failure_of(call: Awaitable[Any]) -> CallFailed:
        with pytest.raises(CallFailed) as failed:
            await call
        return failed.value

    run(test)


def test_an_event_may_have_less_than_an_answer_and_one_that_is_longer_is_told_by_its_name() -> None:
    async def test(browser: Browser) -> None:
        connection, told = browser.connection, []
        connection.on_too_long = lambda method, size_bytes: told.append((method, size_bytes))
        event = b'{"method":"Runtime.bindingCalled","params":{"name":"' + b"x" * 76
        assert connection.limit_of(b'{"id":7,"result":{"value":"') == MOST_ANSWER_BYTES
        assert connection.limit_of(b' { "id": 7') == MOST_ANSWER_BYTES
        for head in (event, b'{"params":{"id":1}', b'{"method":"id"', b"x", b""):
            assert connection.limit_of(head) == MOST_EVENT_BYTES
        connection.too_long(event, 5_000_000)
        connection.too_long(b'{"params":{', 6_000_000)
        assert told == [("Runtime.bindingCalled", 5_000_000), ("", 6_000_000)]
        for _ in range(20):
            connection.too_long(event, 5_000_000)
        assert connection.given_up.is_set()
        assert len(told) < 15

    run(test)


def test_a_message_that_is_nested_without_end_costs_itself() -> None:
    async def test(browser: Browser) -> None:
        with structlog.testing.capture_logs() as logs:
            browser.connection.received(b'{"id": 1, "result": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")
        assert [one["event"] for one in logs] == ["browser_sent_no_json"]
        assert not browser.connection.is_closed

    run(test)
