"""The actor with a page that is told what to observe: races HTTP cannot time."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from pathlib import Path

import pytest

from component.test_storage import a_session
from support.actor_world import LIMITS, World, play
from support.told_page import ME
from support.until import until
from tuntas.events import Me
from tuntas.foundation.tasks import spawn
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.errors import BeingRemoved, Superseded
from tuntas.sessions.machine import LIVE, State
from tuntas.sessions.model import (
    Connected,
    Disconnected,
    Observation,
    PageLost,
    PasskeyAsked,
    PasskeyCodeShown,
    PasskeyRefused,
    QrShown,
    Scanned,
    Unlinked,
)

OBSERVATIONS: list[Observation] = [
    QrShown("2@a"),
    Scanned(),
    PasskeyAsked({"challenge": "c"}),
    PasskeyCodeShown("1A2B"),
    PasskeyRefused("told so"),
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
    State.PASSKEY_REQUIRED: [QrShown("2@z"), PasskeyAsked({"challenge": "c"})],
    State.PASSKEY_CONFIRMATION_REQUIRED: [
        QrShown("2@z"),
        PasskeyAsked({"challenge": "c"}),
        PasskeyCodeShown("1A2B"),
    ],
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
            outcome = await actor.ask(CommandKind.REMOVE, asked_by="test")
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


@pytest.mark.parametrize("kind", [CommandKind.STOP, CommandKind.REMOVE])
def test_a_wish_during_a_launch_ends_it_and_nothing_is_resurrected(tmp_path: Path, kind: CommandKind) -> None:
    async def scene(here: World) -> None:
        here.engine.may_open.clear()
        actor = await here.supervisor.add(a_session("s"))
        await actor.ask(CommandKind.START, asked_by="test")
        await here.engine.opening.wait()
        outcome = await actor.ask(kind, asked_by="test")
        here.engine.may_open.set()
        await asyncio.sleep(0.02)
        assert here.engine.pages == []
        assert outcome.record.state is (State.STOPPED if kind is CommandKind.STOP else State.REMOVED)
        if kind is CommandKind.REMOVE:
            assert [entry.name for entry in here.profiles.iterdir()] == [".trash"]
            assert await here.store.load() == []

    play(tmp_path, scene)


def test_a_deletion_logs_out_before_it_ends_the_browser(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        await here.supervisor.find("s").ask(CommandKind.REMOVE, asked_by="test")
        assert page.logged_out

    play(tmp_path, scene)


def test_a_stop_keeps_the_link(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        await here.supervisor.find("s").ask(CommandKind.STOP, asked_by="test")
        assert not page.logged_out

    play(tmp_path, scene)


def test_faults_are_retried_with_a_pause_and_end_in_failed_with_the_reason(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        here.engine.refusals = 99
        actor = await here.supervisor.add(a_session("s"))
        await actor.ask(CommandKind.START, asked_by="test")
        await here.reach("s", State.FAILED)
        assert here.engine.refusals == 99 - 4  # the first try and three restarts
        assert actor.record.reason == "browser_did_not_start"
        here.engine.refusals = 0
        await actor.ask(CommandKind.START, asked_by="test")
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
        await actor.ask(CommandKind.START, asked_by="test")
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
        restart = spawn(actor.ask(CommandKind.RESTART, asked_by="test"), name="restart")
        stop = spawn(actor.ask(CommandKind.STOP, asked_by="test"), name="stop")
        await asyncio.wait([restart, stop])
        assert isinstance(restart.exception(), Superseded) or restart.result().record.state is State.STARTING
        assert stop.result().record.state is State.STOPPED
        removal = spawn(actor.ask(CommandKind.REMOVE, asked_by="test"), name="remove")
        start = spawn(actor.ask(CommandKind.START, asked_by="test"), name="start")
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
        await neighbour.ask(CommandKind.START, asked_by="test")
        await here.reach("two", State.STARTING)
        await until(lambda: len([one for one in here.engine.pages if one.profile.name == "one"]) == 2)
        reasons = [change.reason for change in await here.store.history(here.supervisor.find("one").record, limit=20)]
        assert "internal_error" in reasons

    play(tmp_path, scene)
