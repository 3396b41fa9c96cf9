"""Invariants of ``docs/lifecycle.md`` that want exact timing: the actor with a page that is told what to observe."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from component.test_storage import a_session
from support.actor_world import LIMITS, World, play
from support.told_page import ME, ToldPage
from support.until import until
from tuntas.events import Me
from tuntas.foundation.backoff import Backoff
from tuntas.foundation.tasks import spawn
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.machine import Desired, State, Status
from tuntas.sessions.model import BrowserRecord, Connected, PageLost, QrShown, StateChange


async def story(here: World, name: str = "s") -> list[StateChange]:
    return await here.store.history(here.supervisor.find(name).record, limit=200)


def test_two_simultaneous_starts_give_one_browser_and_equal_answers(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        actor = await here.supervisor.add(dataclasses.replace(a_session("s"), desired=Desired.STOPPED))
        here.engine.may_open.clear()
        starts = [spawn(actor.ask(CommandKind.START, asked_by="test"), name=f"start {one}") for one in range(2)]
        await here.engine.opening.wait()
        here.engine.may_open.set()
        first, second = [await one for one in starts]
        assert first.record == second.record
        await until(lambda: here.engine.pages)
        assert len(here.engine.pages) == 1

    play(tmp_path, scene)


def test_working_but_dead_is_found_by_asking_and_healed(tmp_path: Path) -> None:
    """The page answers, says nothing by itself, and is not connected: users call it suspended animation."""

    async def scene(here: World) -> None:
        page = await here.working()

        async def not_connected() -> bool:
            return False

        page.probe = not_connected  # type: ignore[method-assign]
        await until(lambda: len(here.engine.pages) == 2)
        assert not page.is_open
        reasons = [change.reason for change in await story(here)]
        assert reasons.index("disconnected") < reasons.index("connection_lost")

    play(tmp_path, scene, dataclasses.replace(LIMITS, liveness_interval_seconds=0.05, reconnect_seconds=0.1))


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_the_wait_between_restarts_doubles_has_jitter_and_a_ceiling(chance: float) -> None:
    backoff = Backoff(first_seconds=1.0, ceiling_seconds=30.0)
    waits = [backoff.delay_seconds(attempt, chance) for attempt in range(1, 5000)]
    steps = [min(30.0, 2.0**exponent) for exponent in range(60)]
    for wait, step in zip(waits, steps, strict=False):
        assert step / 2 <= wait <= step
    assert waits[-1] <= 30.0


def test_a_session_that_dies_soon_after_each_start_does_not_restart_for_ever(tmp_path: Path) -> None:
    """Being WORKING for a moment must not reset the count, or such a loop has no end."""

    async def scene(here: World) -> None:
        begun = time.monotonic()
        await here.working()
        for starts in range(2, 2 + LIMITS.restart_attempts):
            here.engine.page.sink(PageLost("page_crashed", "told so"))
            await until(lambda starts=starts: len(here.engine.pages) == starts)  # type: ignore[misc]
            here.engine.page.sink(Connected(ME))
            await here.reach("s", State.WORKING)
        here.engine.page.sink(PageLost("page_crashed", "told so"))
        await here.reach("s", State.FAILED)
        # Three waits of at least half of 0.1, 0.2 and 0.4 seconds.
        assert time.monotonic() - begun >= 0.35
        assert len(here.engine.pages) == 1 + LIMITS.restart_attempts
        assert [one.reason for one in await story(here)].count("page_crashed") >= 1 + LIMITS.restart_attempts

    play(tmp_path, scene, dataclasses.replace(LIMITS, restart_backoff=Backoff(0.1, 0.4)))


def test_a_stable_run_forgets_earlier_faults(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        await here.working()
        for starts in range(2, 4 + LIMITS.restart_attempts):
            page = here.engine.page
            asked = asyncio.Event()

            async def probe(asked: asyncio.Event = asked) -> bool:
                asked.set()
                return True

            page.probe = probe  # type: ignore[method-assign]
            await asked.wait()
            # The answer is taken after it is given; a second question comes only then.
            asked.clear()
            await asked.wait()
            page.sink(PageLost("page_crashed", "told so"))
            await until(lambda starts=starts: len(here.engine.pages) == starts)  # type: ignore[misc]
            here.engine.page.sink(Connected(ME))
            await here.reach("s", State.WORKING)

    play(tmp_path, scene, dataclasses.replace(LIMITS, stable_run_seconds=0.01, liveness_interval_seconds=0.02))


def test_a_boot_starts_a_few_sessions_at_a_time_and_all_of_them_in_the_end(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        names = [f"s{number}" for number in range(8)]
        for name in names:
            await here.supervisor.add(a_session(name))
        seen = 0
        while seen < len(names):
            await until(lambda seen=seen: len(here.engine.pages) > seen)  # type: ignore[misc]
            await asyncio.sleep(0.01)
            # Two places: while nobody has shown a QR, no third browser starts.
            assert len(here.engine.pages) - seen <= 2
            for page in here.engine.pages[seen:]:
                seen += 1
                page.sink(QrShown("2@a"))
        for name in names:
            await here.reach(name, State.SCAN_QR_CODE)

    play(tmp_path, scene)


def test_a_crash_loop_delays_no_neighbour(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        await here.working("good")
        looping = await here.supervisor.add(a_session("bad"))

        def die_at_once() -> bool:
            bad = [page for page in here.engine.pages if page.profile.name == "bad" and page.is_open]
            for page in bad:
                page.sink(PageLost("page_crashed", "told so"))
            return looping.record.state is State.FAILED

        good = here.supervisor.find("good")

        async def slowest_seconds(enough: Callable[[], bool]) -> float:
            slowest = 0.0
            while not enough():
                begun = time.monotonic()
                await good.ask(CommandKind.STOP, asked_by="test")
                await good.ask(CommandKind.START, asked_by="test")
                slowest = max(slowest, time.monotonic() - begun)
            return slowest

        rounds = itertools.count()
        alone = await slowest_seconds(lambda: next(rounds) == 20)
        failing = spawn(until(die_at_once), name="bad session")
        # A second, or what this machine needs today anyway.
        assert await slowest_seconds(failing.done) < max(1.0, 10 * alone)
        assert [one.reason for one in await story(here, "good")].count("page_crashed") == 0

    play(tmp_path, scene)


def test_a_shutdown_ends_all_sessions_in_parallel(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        for number in range(6):
            await here.supervisor.add(a_session(f"s{number}"))
            await until(lambda number=number: len(here.engine.pages) > number)  # type: ignore[misc]
            here.engine.page.sink(QrShown("2@a"))
            await here.reach(f"s{number}", State.SCAN_QR_CODE)
        for page in here.engine.pages:
            end_slowly(page, 0.3)
        begun = time.monotonic()
        await here.supervisor.close(5.0, asyncio.Event())
        assert time.monotonic() - begun < 1.5
        assert not [page for page in here.engine.pages if page.is_open]

    play(tmp_path, scene)


@pytest.mark.parametrize("hurried", [False, True])
def test_a_shutdown_that_hangs_is_ended_by_force_at_its_limit_or_when_hurried(tmp_path: Path, hurried: bool) -> None:
    async def scene(here: World) -> None:
        page = await here.working()

        async def end(*, gracefully: bool = True) -> str:
            if gracefully:
                await asyncio.Event().wait()
            page.is_open = False
            return "killed"

        page.end = end  # type: ignore[method-assign]
        hurry = asyncio.Event()
        if hurried:
            hurry.set()
        begun = time.monotonic()
        await here.supervisor.close(60.0 if hurried else 0.2, hurry)
        assert time.monotonic() - begun < 5.0
        assert not page.is_open

    play(tmp_path, scene)


def test_every_change_has_its_time_its_reason_and_who_asked(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        await here.working()
        await here.supervisor.find("s").ask(CommandKind.STOP, asked_by="somebody")
        changes = await story(here)
        for before, after in itertools.pairwise(changes):
            assert before.after is after.before
            assert before.at <= after.at
        assert all(change.reason and change.asked_by for change in changes)
        assert (changes[-1].after, changes[-1].asked_by) == (State.STOPPED, "somebody")
        connected = next(change for change in changes if change.after is State.WORKING)
        assert (connected.reason, connected.asked_by) == ("connected", "system")

    play(tmp_path, scene)


@pytest.mark.parametrize("kind", [CommandKind.STOP, CommandKind.LOG_OUT, CommandKind.REMOVE])
def test_nothing_is_answered_before_the_browser_is_gone_and_the_keys_with_it(tmp_path: Path, kind: CommandKind) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        may_end = asyncio.Event()
        ending = asyncio.Event()
        whole = page.end

        async def end(*, gracefully: bool = True) -> str:
            ending.set()
            await may_end.wait()
            return await whole(gracefully=gracefully)

        page.end = end  # type: ignore[method-assign]
        (page.profile / "keys").write_text("the account")
        wish = spawn(here.supervisor.find("s").ask(kind, asked_by="test"), name="wish")
        await ending.wait()
        await asyncio.sleep(0.05)
        assert not wish.done()
        assert (page.profile / "keys").exists()
        may_end.set()
        await wish
        assert not page.is_open
        assert (page.profile / "keys").exists() is (kind is CommandKind.STOP)

    play(tmp_path, scene)


def test_a_new_server_does_not_repeat_what_a_killed_one_said(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        may_look = asyncio.Event()

        async def end_orphan(record: BrowserRecord) -> bool:
            await may_look.wait()
            return False

        here.engine.end_orphan = end_orphan  # type: ignore[method-assign]
        now = datetime.now(UTC)
        browser = BrowserRecord(1, 1.0, 1, "boot", str(here.profiles / "s"), "told", "1", now)
        await here.store.insert(
            dataclasses.replace(a_session("s"), state=State.WORKING, status=Status.WORKING, me=ME, browser=browser)
        )
        await here.supervisor.load()
        actor = here.supervisor.find("s")
        assert actor.record.status is Status.STARTING
        may_look.set()
        await until(lambda: here.engine.pages)
        assert [(one.after, one.status) for one in await story(here)] == [
            (State.STOPPED, Status.STOPPED),
            (State.STARTING, Status.STARTING),
        ]

    play(tmp_path, scene)


def test_a_renamed_account_is_not_a_change_of_state(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        before = len(await story(here))
        page.sink(Connected(Me("628@c.us", "Renamed")))
        await until(lambda: here.supervisor.find("s").record.me == Me("628@c.us", "Renamed"))
        assert len(await story(here)) == before

    play(tmp_path, scene)


def end_slowly(page: ToldPage, seconds: float) -> None:
    whole = page.end

    async def end(*, gracefully: bool = True) -> str:
        await asyncio.sleep(seconds)
        return await whole(gracefully=gracefully)

    page.end = end  # type: ignore[method-assign]
