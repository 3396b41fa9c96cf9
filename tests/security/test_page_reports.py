"""A page is believed as far as its reports go that are from its own world, of a known shape and within bounds.

Each test opens a page that means harm in a real browser. It may lose its own session; nothing else may feel it.
"""

from __future__ import annotations

import asyncio
import html
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from structlog.testing import capture_logs

from support.hostile_page import HostileSite, document, hostile_site
from support.until import until
from tuntas.browser import choose
from tuntas.events import AckLevel, EventName, Message
from tuntas.foundation.metrics import REPORTS_REFUSED
from tuntas.processes import StopLimits
from tuntas.sessions.errors import PageRefused, PageUnavailable, SessionError
from tuntas.sessions.model import Connected, Disconnected, MessageSeen, Observation, PageLost, QrShown, Told
from tuntas.sessions.page_calls import PageCall
from tuntas.whatsapp.engine import ChromiumEngine, EngineLimits
from tuntas.whatsapp.page import ChromiumPage, PageLimits
from tuntas.whatsapp.report_gate import REPORTS_AT_ONCE, REPORTS_PER_SECOND
from tuntas.whatsapp.reports import MOST_CHARACTERS

LIMIT_SECONDS = 60.0
LIMITS = EngineLimits(30, 30, PageLimits(5, 5, 5), StopLimits(5, 10))
DONE = Disconnected("done")
SAY = "const say = (report) => globalThis.__tuntasReport(typeof report === 'string' ? report : JSON.stringify(report));"
SAY_DONE = "say({kind: 'disconnected', state: 'done'});"
MESSAGE = {
    "id": "false_628111000222@c.us_3EB0", "t": 1_764_000_000, "from": "628111000222@c.us", "to": "628111000111@c.us",
    "fromMe": False, "body": "hello", "ack": 1, "details": {},
}  # fmt: skip


class Opened:
    """A page that is open, and what it was heard to say."""

    def __init__(self, page: ChromiumPage, seen: list[Observation], logs: list[Any]) -> None:
        self.page = page
        self.seen = seen
        self.logs = logs

    async def until_seen(self, wanted: Observation) -> None:
        await until(lambda: wanted in self.seen)

    async def run(self, script: str) -> None:
        """Run a script in the page as if it were its own."""
        await self.page._target.call("Runtime.evaluate", {"expression": script, "awaitPromise": True})

    @property
    def lost(self) -> list[str]:
        return [one.reason for one in self.seen if isinstance(one, PageLost)]


@pytest.fixture
def site() -> Iterator[HostileSite]:
    with hostile_site() as one:
        yield one


def play(path: Path, site: HostileSite, scene: Callable[[Opened], Awaitable[None]]) -> None:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Opened]:
        seen: list[Observation] = []
        with capture_logs() as logs:
            page = await ChromiumEngine(choose(), site.url, LIMITS).open(path / "profile", seen.append)
            try:
                yield Opened(page, seen, logs)
            finally:
                await page.end(gracefully=False)

    async def main() -> None:
        async with asyncio.timeout(LIMIT_SECONDS), opened() as here:
            await scene(here)

    asyncio.run(main())


def refused(reason: str) -> float:
    return float(REPORTS_REFUSED.labels(reason)._value.get())


def memory_bytes() -> int:
    return int(psutil.Process().memory_info().rss)


ATTACK = (
    SAY
    + """
say({kind: "connected", id: "1@c.us", pushName: "frame"});
say({kind: "qr", code: "2@frame"});
say({kind: "unlinked", reason: "frame"});
parent.postMessage("said", "*");
"""
)


@pytest.mark.parametrize("frame", ["its own address", "another address", "a written document", "no address"])
def test_no_frame_is_believed_whatever_its_address_is(tmp_path: Path, site: HostileSite, frame: str) -> None:
    """A frame that reported ``connected`` and then ``qr`` had a linked profile purged."""
    frames = {
        "its own address": '<iframe src="/frame"></iframe>',
        "another address": f'<iframe src="{site.other}frame"></iframe>',
        "a written document": f'<iframe srcdoc="{html.escape(f"<script>{ATTACK}</script>")}"></iframe>',
        "no address": "<iframe id=empty></iframe><script>"
        'document.getElementById(\'empty\').contentWindow.__tuntasReport(\'{"kind": "qr", "code": "2@frame"}\');'
        "postMessage('said');</script>",
    }
    listening = SAY + f'addEventListener("message", () => {{ {SAY_DONE} }});'
    site.pages = {"/": document(listening) + frames[frame]}
    site.pages["/frame"] = document(ATTACK)
    before = refused("foreign")

    async def scene(here: Opened) -> None:
        await here.until_seen(DONE)
        assert here.seen == [DONE]
        assert refused("foreign") > before

    play(tmp_path, site, scene)


def test_a_page_that_is_led_to_another_address_is_neither_believed_nor_asked(tmp_path: Path, site: HostileSite) -> None:
    site.pages = {"/": document(SAY + SAY_DONE), "/elsewhere": document(SAY + "say({kind: 'qr', code: '2@a'});")}
    before = refused("foreign")

    async def scene(here: Opened) -> None:
        await here.until_seen(DONE)
        await here.run(f"location.href = {json.dumps(site.other + 'elsewhere')}")
        await until(lambda: refused("foreign") > before)
        with pytest.raises(PageUnavailable, match="not at WhatsApp's address"):
            await here.page.ask(PageCall.CHATS, {"limit": 1})
        assert here.seen == [DONE]

    play(tmp_path, site, scene)


SECRET = "secret words"
BAD: dict[str, str] = {
    "a time beyond all time": json.dumps({"kind": "message", "message": MESSAGE | {"t": 1e300}}),
    "a time that is none": json.dumps({"kind": "message", "message": MESSAGE | {"t": float("nan")}}),
    "a time before all": json.dumps({"kind": "message", "message": MESSAGE | {"t": -1}}),
    "a name that is no text": json.dumps({"kind": "connected", "id": "1@c.us", "pushName": {SECRET: [1]}}),
    "a name without end": json.dumps({"kind": "connected", "id": "1@c.us", "pushName": "n" * 600}),
    "half a letter": '{"kind": "connected", "id": "1@c.us", "pushName": "' + SECRET + ' \\ud83d"}',
    "half a letter deep in": json.dumps({"kind": "message", "message": MESSAGE | {"details": {SECRET: ["\udc00"]}}}),
    "an id with a line in it": json.dumps({"kind": "message", "message": MESSAGE | {"id": f"a\n{SECRET}"}}),
    "an id without end": json.dumps({"kind": "message", "message": MESSAGE | {"id": "i" * 129}}),
    "an id with a NUL": json.dumps({"kind": "connected", "id": "1\0@c.us", "pushName": None}),
    "an account without an id": json.dumps({"kind": "connected", "id": None, "pushName": SECRET}),
    "a number without end": '{"kind": "ack", "id": "a", "chat": "b", "me": "c", "ack": 1' + "0" * 5_000 + "}",
    "nested too deeply": '{"kind": "event", "name": "poll.vote", "payload": {"a": ' + "[" * 40 + "]" * 40 + "}}",
    "nested without end": "[" * 200_000,
    "an event of ours": json.dumps({"kind": "event", "name": "session.status", "payload": {"name": SECRET}}),
    "an event that is none": json.dumps({"kind": "event", "name": SECRET, "payload": {}}),
    "a kind that is none": json.dumps({"kind": SECRET, "body": SECRET}),
    "a kind that is no text": json.dumps({"kind": {SECRET: SECRET}}),
    "a list": json.dumps([SECRET]),
    "no JSON": "{" + SECRET,
    "nothing": "",
    "a state with a line in it": json.dumps({"kind": "disconnected", "state": f"{SECRET}\n"}),
    "a QR that cannot be drawn": json.dumps({"kind": "qr", "code": "2@" + "a" * 4000}),
    "too many names": json.dumps({"kind": "changed", "names": ["n"] * 1000}),
    "too long": json.dumps({"kind": "message", "message": MESSAGE | {"body": "b" * (MOST_CHARACTERS + 1)}}),
    "words without end": json.dumps({"kind": "message", "message": MESSAGE | {"body": "b" * 200_000}}),
}


def test_a_bad_report_costs_itself_is_counted_and_told_without_its_content(tmp_path: Path, site: HostileSite) -> None:
    said = "".join(f"say({json.dumps(one)});" for one in BAD.values())
    site.pages = {"/": document(SAY + said + SAY_DONE)}
    before = refused("invalid")

    async def scene(here: Opened) -> None:
        await here.until_seen(DONE)
        assert here.seen == [DONE]
        assert refused("invalid") - before == len(BAD)
        told = [one for one in here.logs if one["event"] == "report_refused"]
        assert 0 < len(told) <= 10, "a page must not fill the log"
        assert SECRET not in str(here.logs)
        assert len(str(here.logs)) < 5_000

    play(tmp_path, site, scene)


def test_a_report_of_megabytes_is_dropped_before_it_is_read_and_costs_no_memory(
    tmp_path: Path, site: HostileSite
) -> None:
    """One of 20 MB, read and copied, once cost the server a hundred."""
    huge = "'\\u{1f31e}' + 'x'.repeat(10_000_000)"
    site.pages = {
        "/": document(SAY + f"setTimeout(() => {{ for (const _ of [1, 2, 3]) say({huge}); {SAY_DONE} }}, 300);")
    }
    before = refused("too_long")

    async def scene(here: Opened) -> None:
        memory = most = memory_bytes()
        while here.seen != [DONE]:
            await asyncio.sleep(0.002)
            most = max(most, memory_bytes())
        assert refused("too_long") - before == 3
        assert most - memory < 20_000_000
        told = [one for one in here.logs if one["event"] == "report_refused"]
        assert [one["reason"] for one in told] == ["too_long"] * 3
        assert here.lost == []

    play(tmp_path, site, scene)


def test_good_reports_are_taken_as_they_were(tmp_path: Path, site: HostileSite) -> None:
    reports = [
        {"kind": "qr", "code": "2@a,b,c,d"},
        {"kind": "connected", "id": "1@c.us", "pushName": "Toko 🌞"},
        {"kind": "message", "message": MESSAGE | {"body": "ü 🌞\n" * 100, "ack": -7, "replyTo": None}},
        {"kind": "event", "name": "poll.vote", "payload": {"vote": {"selectedOptions": ["a"]}}},
    ]
    site.pages = {"/": document(SAY + "".join(f"say({json.dumps(one)});" for one in reports) + SAY_DONE)}

    async def scene(here: Opened) -> None:
        await here.until_seen(DONE)
        qr, connected, message, told, _ = here.seen
        assert qr == QrShown("2@a,b,c,d")
        assert isinstance(connected, Connected)
        assert connected.me.push_name == "Toko 🌞"
        assert isinstance(message, MessageSeen)
        assert isinstance(message.message, Message)
        assert (message.message.body, message.message.ack) == ("ü 🌞\n" * 100, AckLevel.ERROR)
        assert told == Told(EventName.POLL_VOTE, {"vote": {"selectedOptions": ["a"]}})

    play(tmp_path, site, scene)


FLOODS = {
    "good ones": f"for (;;) say({json.dumps({'kind': 'message', 'message': MESSAGE})});",
    "bad ones": "for (;;) say('x');",
    "long ones": "const long = 'x'.repeat(1_000_000); for (;;) say(long);",
    "a frame's": "",
}


@pytest.mark.parametrize("flood", sorted(FLOODS))
def test_a_page_that_floods_is_lost_and_costs_no_more_than_its_bound(
    tmp_path: Path, site: HostileSite, flood: str
) -> None:
    site.pages = {"/": document(SAY + FLOODS[flood], '<iframe src="/frame"></iframe>' if flood == "a frame's" else "")}
    site.pages["/frame"] = document(SAY + FLOODS["bad ones"])
    opened = time.monotonic()

    async def scene(here: Opened) -> None:
        before = memory_bytes()
        await until(lambda: here.lost)
        await asyncio.sleep(1.0)  # what comes after it changes nothing
        assert set(here.lost) == {"page_flooded"}
        earned = REPORTS_PER_SECOND * (time.monotonic() - opened)
        assert len(here.seen) <= REPORTS_AT_ONCE + earned + 1_000
        assert memory_bytes() - before < 150_000_000
        assert len(here.logs) < 30

    play(tmp_path, site, scene)


@pytest.mark.parametrize(
    "harm",
    [
        "for (;;) console.log('x'.repeat(500));",
        "globalThis.__tuntasReport('x'.repeat(200_000_000));",
        "for (;;) globalThis.__tuntasReport('x'.repeat(9_000_000));",
    ],
    ids=["a console without end", "one report without end", "huge reports"],
)
def test_a_browser_that_says_more_than_it_may_is_ended_and_nobody_waits_on_it(
    tmp_path: Path, site: HostileSite, harm: str
) -> None:
    site.pages = {"/": document(f"setTimeout(() => {{ {harm} }}, 200);")}

    async def scene(here: Opened) -> None:
        before = memory_bytes()
        slowest, loop = 0.0, asyncio.get_running_loop()
        while not here.lost:
            begun = loop.time()
            await asyncio.sleep(0.01)
            slowest = max(slowest, loop.time() - begun)
        assert here.lost == ["page_flooded"]
        assert slowest < 2.0, "others are served meanwhile"
        assert memory_bytes() - before < 64_000_000
        with pytest.raises(PageUnavailable):
            await here.page.probe()

    play(tmp_path, site, scene)


def lie(**answers: str) -> str:
    """Return a script that has WA-JS's functions for chats answer what a test says."""
    return "".join(
        f"Object.defineProperty(globalThis.WPP.chat, '{name}', {{value: () => {answer}}});"
        for name, answer in answers.items()
    )


def listed(answer: str) -> str:
    """Return a list of messages, as far as the bridge looks at it, of which ``answer`` is made in the end."""
    return f"({{length: 10, filter() {{ return this; }}, slice() {{ return this; }}, map: () => {answer}}})"


ANSWERS = {
    "a list without end": "new Array(40_000_000).fill(0)",
    "a text without end": "'x'.repeat(100_000_000)",
    "half a letter": "[{id: '\\ud800'}]",
    "something else": "({})",
    "nothing": "null",
}


@pytest.mark.parametrize("answer", sorted(ANSWERS))
def test_an_answer_that_cannot_be_used_is_an_error_and_never_more_than_its_bound(
    tmp_path: Path, site: HostileSite, answer: str
) -> None:
    told = lie(get="true", getMessages=listed(ANSWERS[answer]))
    site.pages = {"/": document(SAY + told + SAY_DONE)}

    async def scene(here: Opened) -> None:
        await here.until_seen(DONE)
        before = memory_bytes()
        asking = here.page.ask(PageCall.MESSAGES, {"chatId": "1@c.us", "limit": 10})
        if answer == "half a letter":
            assert await asking == []
        else:
            with pytest.raises((PageUnavailable, PageRefused)) as caught:
                await asking
            assert len(str(caught.value)) < 1000
        assert memory_bytes() - before < 300_000_000

    play(tmp_path, site, scene)


def test_a_spoiled_message_does_not_hide_the_others(tmp_path: Path, site: HostileSite) -> None:
    stored = [MESSAGE, MESSAGE | {"t": 1e300}, {"id": SECRET}, 7, None, MESSAGE | {"id": "true_2"}]
    site.pages = {"/": document(SAY + lie(get="true", getMessages=listed(json.dumps(stored))) + SAY_DONE)}

    async def scene(here: Opened) -> None:
        await here.until_seen(DONE)
        found = await here.page.ask(PageCall.MESSAGES, {"chatId": "1@c.us", "limit": 10})
        assert found == [MESSAGE, MESSAGE | {"id": "true_2"}]
        assert SECRET not in str(here.logs)

    play(tmp_path, site, scene)


@pytest.mark.parametrize(("times", "error"), [("1e5", PageRefused), ("1e6", PageUnavailable)])
def test_what_a_page_throws_is_told_in_one_line_of_text(
    tmp_path: Path, site: HostileSite, times: str, error: type[SessionError]
) -> None:
    """What is too long to be an answer is none."""
    thrown = f"(() => {{ throw new Error('x\\ud800'.repeat({times})); }})()"
    site.pages = {"/": document(SAY + lie(get=thrown) + SAY_DONE)}

    async def scene(here: Opened) -> None:
        await here.until_seen(DONE)
        with pytest.raises(error) as caught:
            await here.page.ask(PageCall.MESSAGES, {"chatId": "1@c.us", "limit": 10})
        assert type(caught.value) is error
        assert len(str(caught.value).encode()) < 2000

    play(tmp_path, site, scene)
