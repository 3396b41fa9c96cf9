"""A new browser is met without what was known of the last one, and a new server without what the last one knew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.played_session import LIMITS, ME, PlayedSession, a_record
from tuntas.sessions import commands
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.effects import Operation
from tuntas.sessions.machine import Desired, State, Status
from tuntas.sessions.model import Connected, PageLost, Weighed


@pytest.fixture
def it() -> PlayedSession:
    return PlayedSession()


def test_a_second_account_is_logged_out_like_the_first(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    for _ in range(2):
        it.ask(CommandKind.LOG_OUT)
        assert it.rest() == [
            Operation.LOG_OUT,
            Operation.END_BROWSER,
            Operation.DISCARD_PROFILE,
            Operation.LAUNCH,
        ]
        it.observe(Connected(ME))
        it.rest()


def test_a_page_that_has_not_said_that_it_is_linked_is_not_asked_to_log_out(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.ask(CommandKind.RESTART)
    it.rest()
    it.ask(CommandKind.REMOVE)
    assert it.rest() == [Operation.END_BROWSER, Operation.DISCARD_PROFILE]


def test_a_restarted_browser_stays(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.ask(CommandKind.RESTART)
    assert it.rest() == [Operation.END_BROWSER, Operation.LAUNCH]
    it.observe(Connected(ME))
    it.rest()
    assert it.state() is State.WORKING


def test_each_failure_waits_for_a_person_anew(it: PlayedSession) -> None:
    it.reach(State.STARTING)
    for _ in range(2):
        it.observe(PageLost("temporary_ban", "told so"))
        it.rest()
        assert it.state() is State.FAILED
        it.ask(CommandKind.START)
        it.rest()
        assert it.state() is State.STARTING


def test_a_new_browser_is_not_ended_for_the_size_of_the_last_one(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.in_use = True
    it.observe(Weighed(LIMITS.recycle_bytes + 1))
    it.observe(PageLost("page_crashed", "told so"))
    it.in_use = False
    it.rest()
    it.now += 1000
    it.rest()
    assert (it.state(), it.told[-1].reason) == (State.STARTING, "restart_after_fault")
    it.observe(Connected(ME))
    it.rest()
    assert it.state() is State.WORKING


@pytest.mark.parametrize("state", [State.STOPPED, State.WORKING, State.FAILED])
def test_a_new_server_does_not_take_a_profile_for_removed(state: State) -> None:
    it = PlayedSession(record=replace(a_record(), state=state, status=Status.STOPPED))
    it.has_profile = True
    it.take(commands.Booted("server_started"))
    it.ask(CommandKind.REMOVE)
    assert it.rest() == [Operation.DISCARD_PROFILE]
    assert it.state() is State.REMOVED


def test_a_removed_session_does_nothing_more(it: PlayedSession) -> None:
    it.ask(CommandKind.REMOVE)
    it.rest()
    assert it.state() is State.REMOVED
    assert not it.look()


def test_a_new_server_s_own_starts_are_nobody_s_command() -> None:
    it = PlayedSession(record=replace(a_record(), desired=Desired.RUNNING))
    it.take(commands.Booted("server_started"))
    it.look()
    assert (it.told[-1].reason, it.told[-1].asked_by) == ("server_started", "system")
