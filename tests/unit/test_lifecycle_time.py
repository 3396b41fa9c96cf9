"""Deadlines, probes, pauses and growth, as scripts: what time alone leads to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.played_session import LIMITS, ME, PlayedSession
from tuntas.config import Settings
from tuntas.events import Me
from tuntas.sessions import effects
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.effects import Operation
from tuntas.sessions.machine import State
from tuntas.sessions.model import Connected, Disconnected, PageLost, QrShown, Unlinked, Weighed

CRASH = PageLost("page_crashed", "told so")
LARGE = Weighed(LIMITS.recycle_bytes + 1)


@pytest.fixture
def it() -> PlayedSession:
    return PlayedSession()


def probing(it: PlayedSession) -> effects.Begin:
    """Let time pass until the page is asked for life."""
    it.now += LIMITS.liveness_interval_seconds
    it.look()
    assert it.begun is not None
    assert it.begun.operation is Operation.PROBE
    return it.begun


@pytest.mark.parametrize("seen", [QrShown("qr"), Connected(ME)])
def test_the_first_probe_comes_an_interval_after_the_state_began(it: PlayedSession, seen: Connected) -> None:
    it.reach(State.STARTING)
    assert it.memory.probe_at is None
    it.observe(seen)
    assert it.memory.probe_at == it.now + LIMITS.liveness_interval_seconds


def test_a_deadline_does_not_wait_for_a_probe(it: PlayedSession) -> None:
    it.reach(State.SCAN_QR_CODE)
    probing(it)
    it.now += LIMITS.qr_seconds
    it.look()
    assert (it.state(), it.told[-1].detail) == (State.RECOVERING, "the time limit of this state passed")
    assert effects.Cancel() in it.todo


def test_a_probe_that_ends_after_the_connection_was_lost_asks_for_no_other(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    probing(it)
    it.observe(Disconnected("told so"))
    it.end_operation()
    assert it.memory.probe_at is None


def test_a_fault_is_remembered_until_a_run_was_stable(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.observe(CRASH)
    it.rest()
    assert (it.state(), it.told[-1].detail) == (State.WAITING, "told so")
    it.now += 10
    it.rest()
    assert it.told[-1].reason == "restart_after_fault"
    it.observe(Connected(ME))
    it.rest()
    began_at = it.now
    while it.now + LIMITS.liveness_interval_seconds < began_at + LIMITS.stable_run_seconds:
        probing(it)
        it.end_operation()
        assert it.memory.faults == 1
    probing(it)
    it.end_operation()
    assert it.memory.faults == 0


def test_a_page_that_only_shows_a_qr_is_no_stable_run() -> None:
    it = PlayedSession(replace(LIMITS, stable_run_seconds=10.0))
    it.reach(State.WORKING)
    it.observe(CRASH)
    it.rest()
    it.now += 10
    it.rest()
    it.observe(QrShown("qr"))
    probing(it)
    it.end_operation()
    assert it.memory.faults == 1


def test_a_working_browser_is_looked_at_with_its_first_probe_and_then_now_and_then(it: PlayedSession) -> None:
    it.reach(State.SCAN_QR_CODE)
    assert not probing(it).tend, "only a working one grows"
    it.end_operation()
    it.observe(Connected(ME))
    it.rest()
    assert probing(it).tend
    it.end_operation()
    it.observe(Weighed(1))
    assert not probing(it).tend
    it.end_operation()
    it.now += LIMITS.tend_seconds
    assert probing(it).tend


def test_a_browser_that_grew_is_replaced_as_soon_as_its_calls_are_through_probe_or_not(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.in_use = True
    it.observe(LARGE)
    detail = it.memory.growth.detail
    probing(it)
    it.in_use = False
    it.look()
    assert (it.state(), it.told[-1].detail, it.restarts) == (State.RECOVERING, detail, ["recycled"])
    assert effects.Cancel() in it.todo


def test_a_browser_that_grew_is_not_taken_from_its_calls_by_something_that_is_written(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.in_use = True
    it.observe(LARGE)
    it.observe(Connected(Me(ME.id, "Another name")))
    assert it.state() is State.WORKING


def test_a_browser_that_grew_and_lost_its_connection_has_that_to_wait_for(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.in_use = True
    it.observe(LARGE)
    it.observe(Disconnected("told so"))
    it.in_use = False
    it.rest()
    assert it.state() is State.RECONNECTING


def test_a_change_of_browser_that_a_stop_ends_is_forgotten(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.observe(LARGE)
    it.look()
    assert it.state() is State.RECOVERING
    it.ask(CommandKind.STOP)
    assert not it.memory.growth.is_overgrown
    it.rest()
    it.ask(CommandKind.START)
    it.look()
    assert it.told[-1].reason == "start_requested"


def test_what_the_phone_unlinked_is_written_once_and_starts_again_at_once(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.observe(Unlinked("by the phone"))
    assert [type(one) for one in it.todo] == [effects.Commit]
    it.rest()
    assert it.state() is State.STARTING


def test_a_page_that_hangs_is_noticed_within_twelve_seconds_by_default() -> None:
    fields = Settings.model_fields
    assert fields["liveness_interval_seconds"].default + fields["liveness_timeout_seconds"].default <= 12
