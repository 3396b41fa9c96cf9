"""The actor, with a real database, real folders and a page that is told what to observe: races HTTP cannot time."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from component.test_storage import a_session, opened
from support.until import until
from tuntas.events import Me, Message
from tuntas.foundation.backoff import Backoff
from tuntas.foundation.clock import SystemClock
from tuntas.foundation.tasks import end, spawn
from tuntas.profiles import ProfileStore, Remover
from tuntas.sessions.errors import BeingRemoved, PageRefused, PageUnavailable, Superseded
from tuntas.sessions.gate import BootGate
from tuntas.sessions.machine import LIVE, State
from tuntas.sessions.model import (
    BrowserRecord,
    Connected,
    Disconnected,
    Observation,
    PageLost,
    QrShown,
    Scanned,
    Unlinked,
)
from tuntas.sessions.pacing import Pace
from tuntas.sessions.ports import LaunchRefused, Sink
from tuntas.sessions.sending import SendLimits
from tuntas.sessions.supervisor import Supervisor
from tuntas.sessions.surroundings import Limits, Surroundings
from tuntas.sessions.wishes import WishKind
from tuntas.storage import SqlEventLog, SqlRemovalJournal, SqlSendJournal, SqlSessionStore

LIMIT_SECONDS = 60.0
ME = Me("628@c.us", "Shop")


class ToldPage:
    """A page that observes what a test says, and knows whether it lives."""

    def __init__(self, profile: Path, sink: Sink) -> None:
        self.profile = profile
        self.sink = sink
        self.is_open = True
        self.logged_out = False
        self.answers = True
        self.weighs_bytes = 0
        self.asked_since: list[int] = []
        self.stored: list[dict[str, Any]] = []
        self.may_tell = asyncio.Event()
        self.may_tell.set()
        self.sending: list[str] = []
        self.sent: dict[str, Message] = {}
        self.may_send = asyncio.Event()
        self.may_send.set()
        self.record = BrowserRecord(1, 1.0, 1, "boot", str(profile), "told", "1", datetime.now(UTC))

    async def probe(self) -> bool:
        if not self.answers:
            message = "no answer"
            raise PageUnavailable(message)
        return True

    async def tend(self) -> int:
        return self.weighs_bytes

    async def log_out(self) -> None:
        assert self.is_open
        self.logged_out = True

    async def end(self, *, gracefully: bool = True) -> str:
        await asyncio.sleep(0)
        assert self.profile.is_dir(), "the profile went away under a live browser"
        self.is_open = False
        return "closed"

    async def send(self, kind: str, content: Mapping[str, Any], *, token: str) -> Message:
        assert kind == "text"
        chat_id, text = content["chatId"], content["body"]
        self.sending.append(text)
        await self.may_send.wait()
        if not self.is_open or not self.answers:
            message = "the page went away"
            raise PageUnavailable(message)
        if text == "refused":
            raise PageRefused(text)
        known = self.sent.get(token)
        if known is None:
            known = Message(f"true_{chat_id}_{token}", 1, ME.id, chat_id, True, text, "api")
            self.sent[token] = known
        return known

    async def ask(self, name: str, arguments: Mapping[str, Any]) -> Any:
        assert name == "messagesSince"
        self.asked_since.append(arguments["since"])
        await self.may_tell.wait()
        return self.stored

    async def screenshot(self) -> bytes:
        raise NotImplementedError


class ToldEngine:
    """Opens pages; counts those that live on one profile, which must never be two."""

    def __init__(self) -> None:
        self.pages: list[ToldPage] = []
        self.may_open = asyncio.Event()
        self.may_open.set()
        self.opening = asyncio.Event()
        self.refusals = 0

    async def open(self, profile: Path, sink: Sink) -> ToldPage:
        self.opening.set()
        await self.may_open.wait()
        if self.refusals:
            self.refusals -= 1
            raise LaunchRefused("browser_did_not_start", "told so")
        assert not [page for page in self.pages if page.is_open and page.profile == profile], "two on one profile"
        page = ToldPage(profile, sink)
        self.pages.append(page)
        return page

    async def end_orphan(self, record: BrowserRecord) -> bool:
        return False

    @property
    def page(self) -> ToldPage:
        return self.pages[-1]


class World:
    """A supervisor with everything around it."""

    def __init__(
        self,
        supervisor: Supervisor,
        engine: ToldEngine,
        store: SqlSessionStore,
        profiles: Path,
        log: SqlEventLog,
    ) -> None:
        self.supervisor = supervisor
        self.engine = engine
        self.store = store
        self.profiles = profiles
        self.log = log

    async def reach(self, name: str, *states: State) -> None:
        await until(lambda: self.supervisor.find(name).record.state in states)

    async def observe(self, observation: Observation) -> None:
        self.engine.page.sink(observation)
        await asyncio.sleep(0.01)

    async def working(self, name: str = "s") -> ToldPage:
        actor = await self.supervisor.add(a_session(name))
        await actor.ask(WishKind.START, asked_by="test")
        await until(lambda: self.engine.pages)
        self.engine.page.sink(Connected(ME))
        await self.reach(name, State.WORKING)
        return self.engine.page


LIMITS = Limits(
    start_seconds=60,
    qr_seconds=60,
    pairing_seconds=60,
    reconnect_seconds=60,
    liveness_interval_seconds=60,
    stable_run_seconds=60,
    restart_attempts=3,
    restart_backoff=Backoff(0.01, 0.02),
    stop_after_unlink=False,
)


UNPACED = SendLimits(Pace(per_minute=0), wait_seconds=10)


@asynccontextmanager
async def world(path: Path, limits: Limits = LIMITS, send_limits: SendLimits = UNPACED) -> AsyncIterator[World]:
    async with opened(path / "test.db") as database, asyncio.timeout(LIMIT_SECONDS):
        profiles = ProfileStore(path / "profiles")
        remover = Remover(profiles, SqlRemovalJournal(database), SystemClock())
        removing = spawn(remover.run(), name="removals")
        await remover.resume()
        engine = ToldEngine()
        store = SqlSessionStore(database)
        clock = SystemClock()
        gate = BootGate(2, lambda: False)
        journal = SqlSendJournal(database, clock)
        around = Surroundings(store, engine, profiles, remover, clock, gate, limits, journal, send_limits)
        supervisor = Supervisor(around)
        try:
            yield World(supervisor, engine, store, path / "profiles", SqlEventLog(database))
        finally:
            await supervisor.close(5.0, asyncio.Event())
            await end(removing)
            assert not [page for page in engine.pages if page.is_open]


def play(
    path: Path,
    scene: Callable[[World], Awaitable[None]],
    limits: Limits = LIMITS,
    send_limits: SendLimits = UNPACED,
) -> None:
    async def main() -> None:
        async with world(path, limits, send_limits) as here:
            await scene(here)

    asyncio.run(main())


OBSERVATIONS: list[Observation] = [
    QrShown("2@a"),
    Scanned(),
    Connected(ME),
    Connected(Me("628@c.us", "Renamed")),
    Disconnected("TIMEOUT"),
    Unlinked("unknown_companion"),
    PageLost("page_crashed", "told so"),
]
WAYS: dict[State, list[Observation]] = {
    State.STARTING: [],
    State.SCAN_QR_CODE: [QrShown("2@z")],
    State.PAIRING: [QrShown("2@z"), Scanned()],
    State.WORKING: [Connected(ME)],
    State.RECONNECTING: [Connected(ME), Disconnected("TIMEOUT")],
}


@pytest.mark.parametrize("state", sorted(LIVE))
def test_no_pair_of_observations_breaks_an_actor_in_any_state(tmp_path: Path, state: State) -> None:
    async def scene(here: World) -> None:
        for number, (first, second) in enumerate(itertools.product(OBSERVATIONS, repeat=2)):
            name = f"s{number}"
            actor = await here.supervisor.add(a_session(name))
            await until(lambda name=name: [one for one in here.engine.pages if one.profile.name == name])  # type: ignore[misc]
            page = here.engine.page
            for one in WAYS[state]:
                page.sink(one)
            await here.reach(name, state)
            page.sink(first)
            page.sink(second)
            outcome = await actor.ask(WishKind.REMOVE, asked_by="test")
            # An actor that crashed would have been replaced, and this one would have answered with an error.
            assert outcome.record.state is State.REMOVED, (first, second)

    play(tmp_path, scene)


def test_a_late_message_from_a_dead_generation_changes_nothing(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        first = await here.working()
        await here.observe(PageLost("page_crashed", "told so"))
        await here.reach("s", State.STARTING)
        await until(lambda: here.engine.page is not first)
        first.sink(Connected(ME))
        first.sink(Unlinked("late"))
        await asyncio.sleep(0.02)
        assert here.supervisor.find("s").record.state is State.STARTING
        assert here.engine.page.is_open

    play(tmp_path, scene)


@pytest.mark.parametrize("kind", [WishKind.STOP, WishKind.REMOVE])
def test_a_wish_during_a_launch_ends_it_and_nothing_is_resurrected(tmp_path: Path, kind: WishKind) -> None:
    async def scene(here: World) -> None:
        here.engine.may_open.clear()
        actor = await here.supervisor.add(a_session("s"))
        await actor.ask(WishKind.START, asked_by="test")
        await here.engine.opening.wait()
        outcome = await actor.ask(kind, asked_by="test")
        here.engine.may_open.set()
        await asyncio.sleep(0.02)
        assert here.engine.pages == []
        assert outcome.record.state is (State.STOPPED if kind is WishKind.STOP else State.REMOVED)
        if kind is WishKind.REMOVE:
            assert [entry.name for entry in here.profiles.iterdir()] == [".trash"]
            assert await here.store.load() == []

    play(tmp_path, scene)


def test_a_deletion_logs_out_before_it_ends_the_browser(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        await here.supervisor.find("s").ask(WishKind.REMOVE, asked_by="test")
        assert page.logged_out

    play(tmp_path, scene)


def test_a_stop_keeps_the_link(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        await here.supervisor.find("s").ask(WishKind.STOP, asked_by="test")
        assert not page.logged_out

    play(tmp_path, scene)


def test_faults_are_retried_with_a_pause_and_end_in_failed_with_the_reason(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        here.engine.refusals = 99
        actor = await here.supervisor.add(a_session("s"))
        await actor.ask(WishKind.START, asked_by="test")
        await here.reach("s", State.FAILED)
        assert here.engine.refusals == 99 - 4  # the first try and three restarts
        assert actor.record.reason == "browser_did_not_start"
        here.engine.refusals = 0
        await actor.ask(WishKind.START, asked_by="test")
        await here.reach("s", State.STARTING)

    play(tmp_path, scene)


def test_a_hung_page_is_replaced(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        page.answers = False
        await until(lambda: len(here.engine.pages) == 2)
        assert not page.is_open
        reasons = [change.reason for change in await here.store.history(here.supervisor.find("s").record, limit=20)]
        assert "page_hung" in reasons

    play(tmp_path, scene, dataclasses.replace(LIMITS, liveness_interval_seconds=0.05))


def test_a_page_that_hangs_while_it_shows_a_qr_is_replaced(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        await here.supervisor.add(a_session("s"))
        await until(lambda: here.engine.pages)
        (page,) = here.engine.pages
        page.sink(QrShown("2@a"))
        await here.reach("s", State.SCAN_QR_CODE)
        page.answers = False
        await until(lambda: len(here.engine.pages) == 2)
        assert not page.is_open
        reasons = [change.reason for change in await here.store.history(here.supervisor.find("s").record, limit=20)]
        assert "page_hung" in reasons
        assert "qr_not_renewed" not in reasons

    play(tmp_path, scene, dataclasses.replace(LIMITS, liveness_interval_seconds=0.05))


@pytest.mark.parametrize(
    ("field", "before", "reason"),
    [
        ("start_seconds", [], "page_silent"),
        ("qr_seconds", [QrShown("2@a")], "qr_not_renewed"),
        ("pairing_seconds", [QrShown("2@a"), Scanned()], "pairing_stalled"),
        ("reconnect_seconds", [Connected(ME), Disconnected("TIMEOUT")], "connection_lost"),
    ],
)
def test_no_state_rests_for_ever(tmp_path: Path, field: str, before: list[Observation], reason: str) -> None:
    async def scene(here: World) -> None:
        actor = await here.supervisor.add(a_session("s"))
        await actor.ask(WishKind.START, asked_by="test")
        await until(lambda: here.engine.pages)
        first = here.engine.page
        for one in before:
            await here.observe(one)
        await until(lambda: not first.is_open)
        reasons = [change.reason for change in await here.store.history(actor.record, limit=20)]
        assert reason in reasons

    play(tmp_path, scene, dataclasses.replace(LIMITS, **{field: 0.1}))  # type: ignore[arg-type]


def test_wishes_that_cannot_come_true_any_more_are_told_so(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        await here.working()
        actor = here.supervisor.find("s")
        restart = spawn(actor.ask(WishKind.RESTART, asked_by="test"), name="restart")
        stop = spawn(actor.ask(WishKind.STOP, asked_by="test"), name="stop")
        await asyncio.wait([restart, stop])
        assert isinstance(restart.exception(), Superseded) or restart.result().record.state is State.STARTING
        assert stop.result().record.state is State.STOPPED
        removal = spawn(actor.ask(WishKind.REMOVE, asked_by="test"), name="remove")
        start = spawn(actor.ask(WishKind.START, asked_by="test"), name="start")
        await asyncio.wait([removal, start])
        assert removal.result().record.state is State.REMOVED
        assert isinstance(start.exception(), BeingRemoved)

    play(tmp_path, scene)


def test_a_crash_of_an_actor_is_its_own(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        await here.working("one")
        neighbour = await here.supervisor.add(a_session("two"))
        page = here.engine.page
        whole = page.end

        async def broken(*, gracefully: bool = True) -> str:
            page.end = whole  # type: ignore[method-assign]
            message = "a defect"
            raise RuntimeError(message)

        page.end = broken  # type: ignore[method-assign]
        page.sink(PageLost("page_crashed", "told so"))
        await neighbour.ask(WishKind.START, asked_by="test")
        await here.reach("two", State.STARTING)
        await until(lambda: len([one for one in here.engine.pages if one.profile.name == "one"]) == 2)
        reasons = [change.reason for change in await here.store.history(here.supervisor.find("one").record, limit=20)]
        assert "internal_error" in reasons

    play(tmp_path, scene)
