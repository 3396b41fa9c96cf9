"""A server that starts leaves a session alone whose start would do harm: into a ban, or into a place that was taken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.played_session import LIMITS, PlayedSession
from tuntas.sessions import commands
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.machine import State
from tuntas.sessions.model import PageLost


def failed_by(lost: PageLost) -> PlayedSession:
    it = PlayedSession(replace(LIMITS, after_replacement="wait"))
    it.reach(State.WORKING)
    it.observe(lost)
    it.rest()
    assert it.state() is State.FAILED
    return it


@pytest.mark.parametrize(
    ("lost", "seconds"),
    [
        (PageLost("temporary_ban", "", again_in_seconds=600.0), 600.0),
        (PageLost("replaced", ""), LIMITS.failed_retry_seconds),
    ],
    ids=lambda value: getattr(value, "reason", ""),
)
def test_a_server_that_starts_does_not_start_a_session_into_what_does_it_harm(lost: PageLost, seconds: float) -> None:
    before = failed_by(lost)
    it = PlayedSession(before.limits, before.stored)
    it.now = 5.0  # another machine's clock
    it.take(commands.Booted("server_started", age_seconds=seconds - 100.0))
    it.rest()
    assert (it.state(), it.memory.record.reason) == (State.FAILED, lost.reason)
    it.now += 99.0
    it.rest()
    assert it.state() is State.FAILED
    it.now += 1.0
    it.rest()
    assert it.state() is State.STARTING
    assert it.memory.record.again_in_seconds is None


def test_a_server_that_starts_leaves_a_place_that_was_taken_to_a_person_where_it_is_to_ask() -> None:
    before = failed_by(PageLost("replaced", ""))
    it = PlayedSession(LIMITS, replace(before.stored, again_in_seconds=None))
    it.take(commands.Booted("server_started", age_seconds=1e9))
    it.rest()
    assert it.state() is State.FAILED
    it.ask(CommandKind.START)
    it.look()
    assert it.state() is State.STARTING


@pytest.mark.parametrize("state", [State.RECOVERING, State.WAITING])
def test_a_server_that_was_killed_on_the_way_leaves_no_start_into_a_ban_behind(state: State) -> None:
    it = PlayedSession(LIMITS)
    it.reach(State.WORKING)
    it.observe(PageLost("temporary_ban", "", again_in_seconds=5000.0))
    assert it.stored.state is State.RECOVERING
    it = PlayedSession(LIMITS, replace(it.stored, state=state))
    it.take(commands.Booted("server_started", age_seconds=1.0))
    it.rest()
    assert (it.state(), it.memory.record.reason) == (State.FAILED, "temporary_ban")
    it.now += 4999.0
    it.rest()
    assert it.state() is State.FAILED
    it.now += 1.0
    it.rest()
    assert it.state() is State.STARTING


def test_a_server_that_starts_tries_what_does_no_harm() -> None:
    before = failed_by(PageLost("terms_not_accepted", ""))
    it = PlayedSession(before.limits, before.stored)
    it.take(commands.Booted("server_started"))
    it.rest()
    assert it.state() is State.STARTING
