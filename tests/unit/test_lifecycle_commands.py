"""What people ask, as scripts: what is written and answered in one go, and who overtakes whom."""

from __future__ import annotations

import pytest

from support.played_session import BROWSER, LIMITS, ME, PlayedSession
from tuntas.sessions import commands, effects
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.effects import Operation
from tuntas.sessions.errors import BeingRemoved, MovedAway, Superseded
from tuntas.sessions.machine import Desired, State, Trigger
from tuntas.sessions.model import Connected, PageLost, SessionConfig, Unlinked

CRASH = PageLost("page_crashed", "told so")


@pytest.fixture
def it() -> PlayedSession:
    return PlayedSession()


def kinds(it: PlayedSession) -> list[type]:
    return [type(one) for one in it.todo]


def waiting(it: PlayedSession) -> None:
    """Let a working session crash and wait for its next start."""
    it.reach(State.WORKING)
    it.observe(CRASH)
    it.rest()
    assert it.state() is State.WAITING


def test_a_plain_stop_ends_the_browser_and_does_nothing_else(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.ask(CommandKind.STOP)
    assert (it.told[-1].reason, it.told[-1].asked_by) == ("stop_requested", "test")
    assert it.rest() == [Operation.END_BROWSER]
    assert it.stored.browser is None


def test_a_start_of_what_runs_is_answered_and_changes_nothing(it: PlayedSession) -> None:
    it.reach(State.STARTING)
    before = it.memory
    it.ask(CommandKind.START)
    assert kinds(it) == [effects.Answer]
    assert it.memory.due_at == before.due_at


def test_a_restart_starts_what_is_stopped(it: PlayedSession) -> None:
    it.ask(CommandKind.RESTART)
    assert it.state() is State.STARTING
    assert it.begun is not None
    assert not it.begun.tend


def test_a_person_does_not_wait_for_the_end_of_a_pause(it: PlayedSession) -> None:
    waiting(it)
    it.ask(CommandKind.START)
    it.look()
    assert (it.state(), it.told[-1].reason) == (State.STARTING, "start_requested")


def test_a_person_who_asks_just_when_it_is_given_up_gets_a_start(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.observe(PageLost("temporary_ban", "told so"))
    it.look()
    it.end_operation()
    assert it.state() is State.WAITING
    it.ask(CommandKind.START)
    it.look()
    assert it.state() is State.STARTING


def test_a_stop_of_what_waits_for_its_next_start_is_one_write(it: PlayedSession) -> None:
    waiting(it)
    it.ask(CommandKind.STOP)
    assert kinds(it) == [effects.Commit, effects.Answer]
    assert (it.told[-1].trigger, it.state()) == (Trigger.SETTLED, State.STOPPED)
    it.ask(CommandKind.START)
    it.look()
    assert it.told[-1].reason == "start_requested", "the faults before the stop are forgotten"


def test_a_stop_of_a_browser_that_is_ending_for_a_fault_is_told_so_at_once(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.observe(CRASH)
    it.look()
    it.ask(CommandKind.STOP)
    assert (it.state(), it.told[-1].trigger) == (State.STOPPING, Trigger.END_ASKED)
    it.rest()
    assert (it.state(), it.told[-1].detail) == (State.STOPPED, None), "the fault is not why it stopped"


def test_a_failed_session_that_was_stopped_starts_like_any_other(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.observe(PageLost("temporary_ban", "told so"))
    it.rest()
    it.ask(CommandKind.STOP)
    it.ask(CommandKind.START)
    it.rest()
    assert it.state() is State.STARTING


@pytest.mark.parametrize("kind", [CommandKind.START, CommandKind.RESTART])
def test_a_stop_under_way_comes_true_before_a_new_start(it: PlayedSession, kind: CommandKind) -> None:
    it.reach(State.WORKING)
    stopping = it.ask(CommandKind.STOP)
    again = it.ask(kind)
    it.rest()
    assert (it.answers[stopping], it.answers[again], it.state()) == (None, None, State.STARTING)


@pytest.mark.parametrize("kind", [CommandKind.START, CommandKind.RESTART])
def test_a_stop_overtakes_a_start_that_waits_for_the_last_browser_s_end(it: PlayedSession, kind: CommandKind) -> None:
    it.reach(State.WORKING)
    it.ask(CommandKind.STOP)
    again = it.ask(kind)
    it.ask(CommandKind.STOP)
    assert isinstance(it.answers[again], Superseded)
    it.rest()
    assert it.state() is State.STOPPED
    it.ask(kind)
    it.rest()
    assert it.state() is State.STARTING, "and nobody is answered twice"


@pytest.mark.parametrize("kind", [CommandKind.START, CommandKind.RESTART])
def test_a_start_overtakes_a_stop_that_waits_for_the_keys_to_go(it: PlayedSession, kind: CommandKind) -> None:
    it.reach(State.WORKING)
    it.observe(Unlinked("by the phone"))
    it.look()
    it.end_operation()
    it.look()
    assert it.memory.operation is Operation.DISCARD_PROFILE
    stopping = it.ask(CommandKind.STOP)
    starting = it.ask(kind)
    assert isinstance(it.answers[stopping], Superseded)
    it.rest()
    assert (it.answers[starting], it.state()) == (None, State.STARTING)
    it.ask(CommandKind.STOP)
    it.rest()
    assert it.state() is State.STOPPED, "and nobody is answered twice"


def test_a_stop_does_not_overtake_a_logout(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    leaving = it.ask(CommandKind.LOG_OUT)
    stopping = it.ask(CommandKind.STOP)
    assert not it.answers.keys() & {leaving, stopping}
    it.rest()
    assert (it.answers[leaving], it.answers[stopping]) == (None, None)


def test_a_logout_is_true_when_the_keys_are_gone_and_a_new_browser_is_there(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    leaving = it.ask(CommandKind.LOG_OUT)
    while it.state() is not State.STARTING:
        assert leaving not in it.answers
        if not it.look():
            it.end_operation()
    assert it.answers[leaving] is None
    assert (it.stored.profile_folder, it.stored.me, it.stored.seen_until) == ("s-1", None, None)


def test_a_logout_of_what_is_stopped_is_true_when_the_keys_are_gone(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.ask(CommandKind.STOP)
    it.rest()
    leaving = it.ask(CommandKind.LOG_OUT)
    assert leaving not in it.answers
    it.rest()
    assert (it.answers[leaving], it.discarded, it.state()) == (None, 1, State.STOPPED)


def test_a_logout_that_a_deletion_follows_comes_true_and_a_restart_does_not(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    leaving = it.ask(CommandKind.LOG_OUT)
    restarting = it.ask(CommandKind.RESTART)
    removing = it.ask(CommandKind.REMOVE)
    it.rest()
    assert (it.answers[leaving], it.answers[removing]) == (None, None)
    assert isinstance(it.answers[restarting], BeingRemoved)
    assert (it.stored.me, it.stored.profile_folder) == (ME, "s"), "its last event still says whose it was"


def test_a_new_configuration_of_what_rests_is_written_once(it: PlayedSession) -> None:
    it.take(commands.Reconfigure(SessionConfig({"a": "b"}), it.command(CommandKind.RESTART)))
    assert kinds(it) == [effects.Commit, effects.Answer]


def test_a_cancelled_launch_s_browser_is_not_taken_over(it: PlayedSession) -> None:
    it.ask(CommandKind.START)
    cancelled = it.begun
    assert cancelled is not None
    it.ask(CommandKind.STOP)
    it.take(commands.OperationDone(cancelled.number, commands.Launched(BROWSER)))
    assert (it.todo, it.stored.browser) == ((), None)


def test_a_launch_that_brought_no_browser_writes_nothing(it: PlayedSession) -> None:
    it.ask(CommandKind.START)
    assert it.begun is not None
    it.take(commands.OperationDone(it.begun.number, commands.Launched(None)))
    assert (it.todo, it.memory.due_at) == ((), None)


def test_a_page_that_was_quicker_than_its_launch_keeps_its_deadline(it: PlayedSession) -> None:
    it.ask(CommandKind.START)
    it.observe(Connected(ME))
    it.end_operation()
    assert (it.state(), it.memory.due_at, it.stored.browser) == (State.WORKING, None, BROWSER)


def test_a_server_finds_a_stopped_session_as_it_left_it(it: PlayedSession) -> None:
    it.take(commands.Booted("server_started"))
    assert it.todo == ()


def test_a_defect_would_be_told_with_the_last_six_moves(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    for _ in range(3):
        it.ask(CommandKind.RESTART)
        it.rest()
    assert len(it.memory.story) == 6
    assert it.memory.story[-1] == "launched → starting (restart_requested)"


def test_a_page_has_its_time_from_when_it_was_opened(it: PlayedSession) -> None:
    it.reach(State.STARTING)
    assert it.memory.due_at == it.now + LIMITS.start_seconds


def test_a_session_that_went_elsewhere_stops_and_never_starts_again(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.ask(CommandKind.RETIRE)
    assert it.rest() == [Operation.END_BROWSER]
    assert (it.state(), it.stored.desired) == (State.STOPPED, Desired.MOVED)
    for kind in (CommandKind.START, CommandKind.RESTART, CommandKind.LOG_OUT):
        assert isinstance(it.answers[it.ask(kind)], MovedAway)
        assert it.rest() == []
    # Nor does it after a stop, another configuration, or in the next server.
    assert it.answers[it.ask(CommandKind.STOP)] is None
    it.take(commands.Reconfigure(SessionConfig(metadata={"a": "b"}), it.command(CommandKind.RESTART)))
    it.take(commands.Booted("server_started"))
    assert it.rest() == []
    assert it.stored.desired is Desired.MOVED
    assert it.has_profile
    it.ask(CommandKind.REMOVE)
    it.rest()
    assert it.state() is State.REMOVED


def test_who_waits_for_a_start_hears_that_it_goes_elsewhere(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.ask(CommandKind.STOP)
    assert it.state() is State.STOPPING
    started = it.ask(CommandKind.START)
    retired = it.ask(CommandKind.RETIRE)
    it.rest()
    assert isinstance(it.answers[started], Superseded)
    assert it.answers[retired] is None
    assert it.state() is State.STOPPED


@pytest.mark.parametrize("reason", ["replaced", "temporary_ban", "page_crashed"])
def test_a_start_that_is_asked_for_while_a_fault_is_cleared_away_follows_at_once(
    it: PlayedSession, reason: str
) -> None:
    it.reach(State.WORKING)
    it.observe(PageLost(reason, "told so"))
    assert it.state() is State.RECOVERING
    asked = it.ask(CommandKind.START)
    it.rest()
    assert (it.state(), it.answers[asked]) == (State.STARTING, None)
    assert [one.detail for one in it.told if one.reason == reason] == ["told so", "told so"]
    assert not it.memory.start_asked, "the next fault is judged by itself"


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_the_story_says_whether_whatsapp_has_confirmed_a_logout(it: PlayedSession, is_confirmed: bool) -> None:
    it.reach(State.WORKING)
    it.ask(CommandKind.LOG_OUT)
    it.look()
    assert it.end_operation(commands.LoggedOut(is_confirmed)) is Operation.LOG_OUT
    assert it.rest()[0] is Operation.END_BROWSER
    stopped = next(one for one in it.told if one.trigger is Trigger.BROWSER_GONE)
    said = (
        "WhatsApp has confirmed the logout"
        if is_confirmed
        else "WhatsApp did not confirm the logout: the phone may list"
    )
    assert (stopped.detail or "").startswith(said)
    it.reach(State.WORKING)
    it.ask(CommandKind.STOP)
    it.rest()
    assert it.told[-1].detail is None, "a stop is no logout"
