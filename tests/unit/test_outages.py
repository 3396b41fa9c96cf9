"""A network that is away for seconds, minutes, an hour, by a clock of values: nobody rests or is restarted for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from support.played_session import LIMITS, ME, PlayedSession
from tuntas.sessions import commands
from tuntas.sessions.effects import Operation
from tuntas.sessions.machine import State
from tuntas.sessions.model import Connected, Disconnected, PageLost

OUTAGES = {"30 s": 30.0, "6 min": 360.0, "1 h": 3600.0}
MANY = 20
BACK_WITHIN_SECONDS = 15.0
USUAL = replace(LIMITS, qr_rest_seconds=0.0, reconnect_seconds=120.0, back_seconds=8.0)
away = pytest.mark.parametrize("seconds", OUTAGES.values(), ids=OUTAGES)


def many() -> list[PlayedSession]:
    sessions = []
    for index in range(MANY):
        it = PlayedSession(USUAL)
        it.chance = index / MANY
        it.reach(State.WORKING)
        sessions.append(it)
    return sessions


def rest(it: PlayedSession) -> None:
    it.rest()


def live(it: PlayedSession, seconds: float, then: Callable[[PlayedSession], None] = rest) -> int:
    """Let time pass, from one moment at which the session wakes to the next; return how often it woke."""
    until, woke = it.now + seconds, 0
    while True:
        wakes_at = it.memory.wakes_at(it.now)
        if wakes_at is None or wakes_at > until:
            it.now = until
            return woke
        it.now, woke = wakes_at, woke + 1
        then(it)


@away
def test_pages_that_lost_their_connection_keep_their_browsers_and_are_all_back_soon(seconds: float) -> None:
    sessions = many()
    for it in sessions:
        restarts, generation = len(it.restarts), it.memory.generation
        it.observe(Disconnected("OPENING"))
        assert it.follows_network
        it.take(commands.NetworkSeen(is_away=True))
        woke = live(it, seconds)
        assert woke <= 1 + seconds / USUAL.reconnect_seconds, "it costs next to nothing meanwhile"
        assert (it.state(), it.has_browser, len(it.restarts)) == (State.RECONNECTING, True, restarts)
        assert it.memory.generation == generation
    told_at = []
    for it in sessions:
        back_at = it.now
        it.take(commands.NetworkSeen(is_away=False))
        it.look()
        while it.begun is None:
            wakes_at = it.memory.wakes_at(it.now)
            assert wakes_at is not None
            it.now = wakes_at
            it.look()
        assert it.begun.operation is Operation.RECONNECT
        told_at.append(it.now - back_at)
        it.end_operation()
        it.observe(Connected(ME))
        it.rest()
        assert it.state() is State.WORKING
        assert it.now - back_at < BACK_WITHIN_SECONDS
    assert len(set(told_at)) == MANY, "they do not all come at one moment"
    assert max(told_at) <= 2.0


@away
def test_a_page_that_does_not_come_back_by_itself_gets_a_new_browser_in_time(seconds: float) -> None:
    it = many()[0]
    it.observe(Disconnected("OPENING"))
    it.take(commands.NetworkSeen(is_away=True))
    live(it, seconds)
    back_at = it.now
    it.take(commands.NetworkSeen(is_away=False))
    live(it, BACK_WITHIN_SECONDS)
    assert it.restarts == ["connection_lost"]
    assert it.state() in (State.WAITING, State.STARTING)
    assert it.memory.faults == 0, "the world's fault spends no budget"
    live(it, USUAL.restart_backoff.first_seconds)
    assert it.state() is State.STARTING
    assert it.now - back_at < 2 * BACK_WITHIN_SECONDS


@away
def test_sessions_that_could_not_even_load_the_page_wait_and_start_at_once_when_it_is_back(seconds: float) -> None:
    for it in many()[:: MANY // 2]:
        it.observe(PageLost("page_unreachable", "told so"))
        it.rest()
        it.take(commands.NetworkSeen(is_away=True))
        launches = 0

        def fails(it: PlayedSession) -> None:
            nonlocal launches
            it.look()
            while it.begun is not None:
                if it.begun.operation is Operation.LAUNCH:
                    launches += 1
                    it.end_operation()
                    it.observe(PageLost("page_unreachable", "told so"))
                else:
                    it.end_operation()
                it.look()

        live(it, seconds, fails)
        assert it.state() is State.WAITING, "and never FAILED"
        assert launches <= 4 + seconds / USUAL.restart_backoff.ceiling_seconds * 2, "at a ceiling"
        assert it.memory.faults == 0
        it.take(commands.NetworkSeen(is_away=False))
        it.look()
        assert it.begun is not None
        assert it.begun.operation is Operation.LAUNCH, "the gate lets few start at one moment"


def test_a_page_that_waits_for_a_network_that_is_away_is_not_taken_for_one_whose_place_was_taken() -> None:
    it = many()[0]
    it.observe(Disconnected("stream DISCONNECTED"))
    it.take(commands.NetworkSeen(is_away=True))
    it.observe(PageLost("replaced", ""))
    assert (it.state(), it.has_browser) == (State.RECONNECTING, True)
    it.take(commands.NetworkSeen(is_away=False))
    it.observe(PageLost("replaced", ""))
    assert it.state() is State.RECOVERING
