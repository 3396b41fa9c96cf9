"""A session's life as scripts: what comes in, what comes out. The decision is the real one; nothing else is."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from support.played_session import LIMITS, ME, PlayedSession, a_record
from tuntas.events import Message
from tuntas.sessions import commands, effects
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.effects import Operation
from tuntas.sessions.errors import BeingRemoved, Superseded
from tuntas.sessions.machine import LIVE, Desired, State, Status, Trigger
from tuntas.sessions.model import (
    Connected,
    Disconnected,
    Lacking,
    MessageSeen,
    PageLost,
    QrShown,
    Scanned,
    SessionConfig,
    Unlinked,
    Weighed,
)

CRASH = PageLost("page_crashed", "told so")


def a_message(number: int) -> Message:
    return Message(f"false_62@c.us_{number}", 100 + number, "62@c.us", ME.id, from_me=False, body="hello", source="app")


def give_up(it: PlayedSession) -> list[float]:
    """Let a working session fail until it gives up; return the pauses before its restarts."""
    pauses = []
    for _ in range(LIMITS.restart_attempts + 1):
        it.observe(CRASH)
        it.rest()
        if it.state() is State.WAITING:
            assert it.memory.due_at is not None
            pauses.append(it.memory.due_at - it.now)
            it.now = it.memory.due_at
            it.rest()
    assert it.state() is State.FAILED
    return pauses


@pytest.fixture
def it() -> PlayedSession:
    return PlayedSession()


def test_a_start_is_written_and_answered_in_one_commit_and_then_begins(it: PlayedSession) -> None:
    it.take(it.command(CommandKind.START))
    assert [type(one) for one in it.todo] == [effects.Commit, effects.Answer, effects.Begin]
    assert it.told == [effects.Transition(Trigger.LAUNCHED, State.STOPPED, "start_requested", None, "test")]
    assert (it.stored.state, it.stored.desired) == (State.STARTING, Desired.RUNNING)


def test_a_logout_and_then_a_delete_leave_no_profile(it: PlayedSession) -> None:
    """Seen elsewhere as the linked profile that a "deleted" session still had on the disk."""
    it.reach(State.WORKING)
    it.ask(CommandKind.LOG_OUT)
    it.rest()
    assert it.state() is State.STARTING
    it.observe(Connected(ME))
    it.rest()
    removing = it.ask(CommandKind.REMOVE)
    it.rest()
    assert it.answers[removing] is None
    assert it.discarded == 2
    assert not it.has_profile


def test_a_linked_session_logs_out_before_its_browser_ends_and_its_keys_go(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.ask(CommandKind.REMOVE)
    order = []
    while not it.memory.is_finished:
        if not it.look():
            order.append(it.end_operation())
    assert order == [Operation.LOG_OUT, Operation.END_BROWSER, Operation.DISCARD_PROFILE]


@pytest.mark.parametrize("state", sorted(LIVE))
def test_a_plain_stop_keeps_the_link(state: State) -> None:
    it = PlayedSession()
    it.reach(state)
    stopping = it.ask(CommandKind.STOP)
    it.rest()
    assert it.answers[stopping] is None
    assert (it.state(), it.has_profile, it.discarded) == (State.STOPPED, True, 0)
    assert (it.told[-2].trigger, it.told[-1].trigger) == (Trigger.END_ASKED, Trigger.BROWSER_GONE)


def test_what_was_never_linked_is_not_logged_out(it: PlayedSession) -> None:
    it.reach(State.SCAN_QR_CODE)
    it.ask(CommandKind.REMOVE)
    it.look()
    assert it.memory.operation is Operation.END_BROWSER


def test_a_stop_wins_over_a_start_under_way(it: PlayedSession) -> None:
    starting = it.ask(CommandKind.START)
    it.take(it.command(CommandKind.STOP))
    assert [type(one) for one in it.todo] == [effects.Cancel, effects.Commit, effects.LeaveGate]
    assert it.answers == {starting: None}
    it.rest()
    assert it.state() is State.STOPPED


def test_a_removal_s_end_is_never_cancelled(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.ask(CommandKind.STOP)
    it.look()
    it.ask(CommandKind.REMOVE)
    assert not [one for one in it.todo if isinstance(one, effects.Cancel)]
    it.rest()
    assert it.state() is State.REMOVED


def test_a_later_command_overtakes_an_earlier_one(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.observe(CRASH)
    it.rest()
    assert it.state() is State.WAITING
    restarting = it.ask(CommandKind.RESTART)
    it.ask(CommandKind.STOP)
    assert restarting in it.answers or isinstance(it.answers[restarting], Superseded)


def test_a_session_on_its_way_out_takes_no_other_command(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    removing = it.ask(CommandKind.REMOVE)
    again = it.ask(CommandKind.REMOVE)
    starting = it.ask(CommandKind.START)
    assert isinstance(it.answers[starting], BeingRemoved)
    it.rest()
    assert (it.answers[removing], it.answers[again]) == (None, None)


def test_a_restart_is_true_only_with_another_browser(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    restarting = it.ask(CommandKind.RESTART)
    assert restarting not in it.answers
    it.rest()
    assert it.answers[restarting] is None
    assert (it.memory.generation, it.state()) == (2, State.STARTING)


def test_a_dead_browser_s_last_words_change_nothing(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.ask(CommandKind.RESTART)
    it.rest()
    before = it.memory
    it.observe(CRASH, generation=1)
    assert it.memory == before
    assert not it.todo


def test_an_operation_that_was_cancelled_may_end_late(it: PlayedSession) -> None:
    it.ask(CommandKind.START)
    cancelled = it.begun
    assert cancelled is not None
    it.ask(CommandKind.STOP)
    it.look()
    it.take(commands.OperationDone(cancelled.number))
    assert it.memory.operation is Operation.END_BROWSER


def test_faults_back_off_and_end_in_failed(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    pauses = give_up(it)
    assert pauses == [3.0, 6.0, 12.0]
    assert it.state() is State.FAILED
    assert (it.told[-1].reason, it.told[-1].detail) == ("page_crashed", "told so")
    it.now += LIMITS.failed_retry_seconds - 1
    assert not it.look(), "it waits for a person"
    it.ask(CommandKind.START)
    it.look()
    assert it.state() is State.STARTING
    assert it.told[-1].reason == "start_requested"


def test_a_person_s_start_begins_the_budget_anew(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    pauses = give_up(it)
    it.ask(CommandKind.START)
    it.rest()
    assert give_up(it) == pauses


def test_a_person_s_start_while_a_fault_is_cleared_away_begins_the_budget_anew(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    for _ in range(2):
        it.observe(CRASH)
        it.rest()
        assert it.memory.due_at is not None
        it.now = it.memory.due_at
        it.rest()
    it.observe(CRASH)
    assert it.state() is State.RECOVERING
    it.ask(CommandKind.START)
    it.rest()
    assert (it.state(), it.told[-1].reason) == (State.STARTING, "start_requested")
    assert give_up(it) == [3.0, 6.0, 12.0]


def test_a_person_s_start_of_what_works_excuses_no_later_fault(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.ask(CommandKind.START)
    it.observe(CRASH)
    it.rest()
    assert it.state() is State.WAITING


def test_a_stop_and_a_start_begin_the_budget_anew(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.observe(CRASH)
    it.rest()
    it.ask(CommandKind.STOP)
    it.ask(CommandKind.START)
    it.rest()
    assert give_up(it) == [3.0, 6.0, 12.0]


def test_a_stable_run_begins_the_budget_anew(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.observe(CRASH)
    it.rest()
    it.now += 10
    it.rest()
    it.observe(Connected(ME))
    it.rest()
    it.now += LIMITS.stable_run_seconds
    it.rest()
    assert give_up(it) == [3.0, 6.0, 12.0]


def test_a_stable_run_forgives_earlier_faults(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.observe(CRASH)
    it.rest()
    it.now += 10
    it.rest()
    it.observe(Connected(ME))
    it.rest()
    it.now += LIMITS.stable_run_seconds
    it.rest()
    assert it.memory.faults == 0


def test_what_only_a_person_can_mend_ends_in_failed_at_once_and_is_tried_again_at_its_time(it: PlayedSession) -> None:
    it.reach(State.STARTING)
    it.observe(PageLost("temporary_ban", "told so", again_in_seconds=600.0))
    it.rest()
    assert (it.state(), it.memory.due_at) == (State.FAILED, it.now + 600.0)
    it.now += 599
    it.rest()
    assert it.state() is State.FAILED
    it.now += 1
    it.rest()
    assert it.state() is State.STARTING


def test_a_session_that_gave_up_is_tried_again_once_in_a_long_while(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    give_up(it)
    it.now += LIMITS.failed_retry_seconds
    it.rest()
    assert (it.state(), it.told[-1].reason) == (State.STARTING, "restart_after_fault")
    it.observe(CRASH)
    it.rest()
    assert it.state() is State.FAILED, "a fault more does not begin the whole budget anew"


def test_a_session_that_gave_up_may_be_left_to_a_person() -> None:
    it = PlayedSession(replace(LIMITS, failed_retry_seconds=0.0))
    it.reach(State.WORKING)
    give_up(it)
    assert (it.memory.due_at, it.memory.wakes_at(it.now)) == (None, None)
    it.now += 1e9
    assert not it.look()


@pytest.mark.parametrize("reason", ["page_unreachable", "service_unavailable", "connection_lost", "disk_full"])
def test_what_the_world_does_is_tried_again_for_ever_and_spends_no_budget(reason: str) -> None:
    it = PlayedSession()
    it.reach(State.STARTING)
    pauses = []
    for _ in range(40):
        it.observe(PageLost(reason, "told so"))
        it.rest()
        assert it.state() is State.WAITING
        assert it.memory.due_at is not None
        pauses.append(it.memory.due_at - it.now)
        it.now = it.memory.due_at
        it.rest()
        assert it.state() is State.STARTING
    assert pauses[:4] == [3.0, 6.0, 12.0, 24.0]
    assert set(pauses[4:]) == {24.0}
    assert it.memory.faults == 0


def test_a_page_that_stays_silent_while_the_network_is_away_is_not_to_blame(it: PlayedSession) -> None:
    it.reach(State.STARTING)
    it.observe(PageLost("page_unreachable", "told so"))
    it.rest()
    it.take(commands.NetworkSeen(is_away=True))
    assert it.memory.due_at is not None
    it.now = it.memory.due_at
    it.rest()
    it.now += LIMITS.start_seconds
    it.rest()
    assert (it.told[-1].reason, it.memory.faults, it.memory.tries) == ("page_silent", 0, 2)


def test_a_lost_connection_is_followed_and_no_browser_restarted_while_the_network_is_away(it: PlayedSession) -> None:
    it.reach(State.RECONNECTING)
    assert it.follows_network
    it.take(commands.NetworkSeen(is_away=True))
    for _ in range(30):
        assert it.memory.due_at is not None
        it.now = it.memory.due_at
        it.rest()
    assert (it.state(), it.memory.generation) == (State.RECONNECTING, 1)
    it.take(commands.NetworkSeen(is_away=False))
    assert it.memory.due_at == it.now + LIMITS.back_seconds
    it.observe(Connected(ME))
    assert it.state() is State.WORKING
    assert not it.follows_network


@pytest.mark.parametrize(("reason", "state"), [("proxy_unreachable", State.WAITING), ("proxy_refused", State.FAILED)])
def test_a_lost_connection_whose_proxy_is_the_obstacle_is_told_by_name(
    it: PlayedSession, reason: str, state: State
) -> None:
    it.reach(State.RECONNECTING)
    it.take(commands.NetworkSeen(is_away=True, obstacle=PageLost(reason, "told so", 5.0)))
    it.rest()
    assert (it.state(), it.memory.faults) == (state, 0)
    assert reason in [one.reason for one in it.told]
    assert it.memory.due_at is not None


def test_a_lost_connection_whose_obstacle_is_not_its_own_proxy_is_waited_for(it: PlayedSession) -> None:
    it.reach(State.RECONNECTING)
    it.take(commands.NetworkSeen(is_away=True, obstacle=PageLost("page_unreachable", "told so")))
    assert (it.state(), it.restarts) == (State.RECONNECTING, [])


def test_a_proxy_that_is_the_obstacle_ends_nothing_where_no_connection_is_lost(it: PlayedSession) -> None:
    it.reach(State.STARTING)
    it.observe(PageLost("page_unreachable", "told so"))
    it.rest()
    assert (it.state(), it.follows_network) == (State.WAITING, True)
    it.take(commands.NetworkSeen(is_away=True, obstacle=PageLost("proxy_unreachable", "told so")))
    assert (it.state(), it.restarts) == (State.WAITING, ["page_unreachable"])


def test_a_page_is_told_once_that_the_network_is_back_for_it_would_wait_on_by_itself(it: PlayedSession) -> None:
    it.reach(State.RECONNECTING)
    it.take(commands.NetworkSeen(is_away=True))
    it.now += 3600
    it.rest()
    it.take(commands.NetworkSeen(is_away=False))
    assert it.rest() == [], "many sessions do not come back in one moment"
    assert it.memory.wakes_at(it.now) == it.now + 1
    it.now += 1
    assert it.rest() == [Operation.RECONNECT]
    it.now += 1
    assert it.rest() == []
    it.observe(Connected(ME))
    assert (it.state(), it.memory.reconnect_at) == (State.WORKING, None)


def test_a_page_that_connects_before_it_is_told_is_left_alone(it: PlayedSession) -> None:
    it.reach(State.RECONNECTING)
    it.take(commands.NetworkSeen(is_away=True))
    it.take(commands.NetworkSeen(is_away=False))
    it.observe(Connected(ME))
    it.now += 5
    assert Operation.RECONNECT not in it.rest()


def test_a_page_that_does_not_connect_by_itself_when_the_network_is_back_is_restarted(it: PlayedSession) -> None:
    it.reach(State.RECONNECTING)
    it.take(commands.NetworkSeen(is_away=True))
    it.take(commands.NetworkSeen(is_away=False))
    it.now += LIMITS.back_seconds
    it.rest()
    assert (it.state(), it.told[-1].reason) == (State.WAITING, "connection_lost")


def test_a_session_that_waits_for_the_network_starts_when_it_is_back_not_at_the_end_of_its_pause(
    it: PlayedSession,
) -> None:
    it.reach(State.STARTING)
    it.observe(PageLost("page_unreachable", "told so"))
    it.rest()
    assert it.follows_network
    it.take(commands.NetworkSeen(is_away=False))
    it.rest()
    assert it.state() is State.WAITING, "it was never away: the pause is kept, or it would be a loop"
    it.take(commands.NetworkSeen(is_away=True))
    it.take(commands.NetworkSeen(is_away=False))
    it.rest()
    assert it.state() is State.STARTING


def test_a_network_that_stays_away_is_no_news(it: PlayedSession) -> None:
    it.reach(State.RECONNECTING)
    it.take(commands.NetworkSeen(is_away=True))
    before = it.memory
    it.take(commands.NetworkSeen(is_away=True))
    assert it.memory == before
    it.now += LIMITS.reconnect_seconds
    it.look()
    assert it.memory.due_at == it.now + LIMITS.reconnect_seconds


def test_a_start_under_way_keeps_its_deadline_when_the_network_is_back(it: PlayedSession) -> None:
    it.reach(State.STARTING)
    it.observe(PageLost("page_unreachable", "told so"))
    it.rest()
    it.take(commands.NetworkSeen(is_away=True))
    it.now += 1000
    it.rest()
    assert (it.state(), it.follows_network) == (State.STARTING, True)
    before = it.memory.due_at
    it.take(commands.NetworkSeen(is_away=False))
    assert it.memory.due_at == before


def test_a_crash_keeps_its_pause_though_the_network_is_back(it: PlayedSession) -> None:
    it.reach(State.STARTING)
    it.observe(PageLost("page_unreachable", "told so"))
    it.rest()
    it.take(commands.NetworkSeen(is_away=True))
    it.now += 1000
    it.rest()
    it.observe(CRASH)
    it.rest()
    assert (it.state(), it.follows_network) == (State.WAITING, True)
    before = it.memory.due_at
    it.take(commands.NetworkSeen(is_away=False))
    assert it.memory.due_at == before


def test_what_is_not_followed_any_more_is_not_known_any_more(it: PlayedSession) -> None:
    it.reach(State.RECONNECTING)
    it.take(commands.NetworkSeen(is_away=True))
    it.observe(Connected(ME))
    assert not it.memory.is_network_away


def test_a_server_that_stops_looks_at_no_network(it: PlayedSession) -> None:
    it.reach(State.RECONNECTING)
    it.take(commands.ShutDown())
    assert not it.follows_network


@pytest.mark.parametrize("kind", [CommandKind.STOP, CommandKind.REMOVE, CommandKind.LOG_OUT])
def test_whoever_ends_a_session_ends_its_look_at_the_network(kind: CommandKind) -> None:
    it = PlayedSession()
    it.reach(State.RECONNECTING)
    it.ask(kind)
    it.rest()
    assert not it.follows_network


@pytest.mark.parametrize(
    ("state", "seconds", "reason"),
    [
        (State.STARTING, LIMITS.start_seconds, "page_silent"),
        (State.SCAN_QR_CODE, LIMITS.qr_seconds, "qr_not_renewed"),
        (State.PAIRING, LIMITS.pairing_seconds, "pairing_stalled"),
        (State.RECONNECTING, LIMITS.reconnect_seconds, "connection_lost"),
    ],
)
def test_no_live_state_lasts_longer_than_its_deadline(state: State, seconds: float, reason: str) -> None:
    it = PlayedSession()
    it.reach(state)
    it.now += seconds - 0.01
    it.rest()
    assert it.state() is state
    it.now += 0.01
    it.rest()
    assert (it.state(), it.told[-1].reason, it.restarts) == (State.WAITING, reason, [reason])


@pytest.mark.parametrize("state", [State.STARTING, State.PAIRING])
def test_a_module_that_comes_late_is_waited_for_and_one_that_does_not_come_is_named(state: State) -> None:
    it = PlayedSession()
    it.reach(state)
    it.observe(Lacking("WPP.chat"))
    it.now += LIMITS.start_seconds - 1
    it.rest()
    assert it.state() is state
    late = PlayedSession()
    late.reach(state)
    late.observe(Lacking("WPP.chat"))
    late.observe(Connected(ME))
    assert late.memory.lacking is None
    it.now += 1
    it.rest()
    assert (it.state(), it.told[-1].reason) == (State.WAITING, "whatsapp_web_changed")
    assert it.told[-1].detail == "WhatsApp Web does not have: WPP.chat"
    it.now += 600
    it.rest()
    assert it.memory.lacking is None, "another page is asked anew"


def test_a_page_has_the_time_of_a_start_from_when_it_first_told_what_it_lacks(it: PlayedSession) -> None:
    it.reach(State.STARTING)
    it.now += 30
    it.observe(Lacking("WPP.chat"))
    assert it.memory.due_at == it.now + LIMITS.start_seconds
    first_told_at = it.now
    it.now += 30
    it.observe(Lacking("WPP.chat"))
    assert it.memory.due_at == first_told_at + LIMITS.start_seconds


def test_what_a_working_page_says_it_lacks_ends_nothing(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.observe(Lacking("WPP.chat"))
    assert it.memory.due_at is None


@pytest.mark.parametrize(
    ("answer", "soon", "a_day_later"),
    [
        ("ask", State.FAILED, State.FAILED),
        ("wait", State.FAILED, State.STARTING),
        ("take_over", State.STARTING, State.STARTING),
    ],
)
def test_another_login_in_this_one_s_place_is_left_alone_for_as_long_as_it_is_said(
    answer: Literal["ask", "wait", "take_over"], soon: State, a_day_later: State
) -> None:
    it = PlayedSession(replace(LIMITS, after_replacement=answer))
    it.reach(State.WORKING)
    it.observe(PageLost("replaced", ""))
    it.rest()
    it.now += LIMITS.failed_retry_seconds - 1
    it.rest()
    assert it.state() is soon
    it.now += 1
    it.rest()
    assert it.state() is a_day_later
    if a_day_later is State.FAILED:
        it.ask(CommandKind.START)
        it.look()
        assert it.state() is State.STARTING


def test_a_renewed_qr_moves_the_deadline(it: PlayedSession) -> None:
    it.reach(State.SCAN_QR_CODE)
    it.now += LIMITS.qr_seconds - 1
    it.observe(QrShown("new"))
    it.now += LIMITS.qr_seconds - 1
    it.rest()
    assert (it.state(), it.memory.qr) == (State.SCAN_QR_CODE, "new")


@pytest.mark.parametrize("state", [State.SCAN_QR_CODE, State.WORKING])
def test_a_page_that_rests_is_asked_for_life(state: State) -> None:
    it = PlayedSession()
    it.reach(state)
    assert it.memory.wakes_at(it.now) == it.now + LIMITS.liveness_interval_seconds
    it.now += LIMITS.liveness_interval_seconds
    it.look()
    assert it.memory.operation is Operation.PROBE
    it.end_operation()
    assert it.memory.probe_at == it.now + LIMITS.liveness_interval_seconds


@pytest.mark.parametrize("stop_after_unlink", [False, True])
def test_an_unlinked_session_ends_its_browser_before_its_keys_go(stop_after_unlink: bool) -> None:
    it = PlayedSession(replace(LIMITS, stop_after_unlink=stop_after_unlink))
    it.reach(State.WORKING)
    it.observe(Unlinked("by the phone"))
    assert (it.told[-1].reason, it.told[-1].asked_by) == ("unlinked", "phone")
    assert (it.stored.discard_profile, it.stored.me) == (True, None)
    it.rest()
    assert it.discarded == 1
    assert it.state() is (State.STOPPED if stop_after_unlink else State.STARTING)
    assert it.restarts == [], "the phone's wish is no fault"


@pytest.mark.parametrize("state", [State.WORKING, State.RECONNECTING])
def test_a_linked_page_that_shows_a_qr_has_lost_its_keys(state: State) -> None:
    it = PlayedSession()
    it.reach(state)
    it.observe(QrShown("qr"))
    assert it.told[-1].reason == "unlinked"
    assert it.memory.qr is None


def test_a_page_that_is_ending_says_nothing_of_itself_any_more_but_messages(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.ask(CommandKind.STOP)
    for seen in (Connected(ME), Disconnected("x"), Scanned(), QrShown("x"), CRASH, Unlinked("x"), Weighed(1)):
        before = it.memory
        it.observe(seen)
        assert it.memory == before
    it.observe(MessageSeen(a_message(1)))
    assert it.published == [a_message(1)]


def test_what_comes_while_older_messages_are_asked_for_is_told_after_them() -> None:
    it = PlayedSession(record=replace(a_record(), seen_until=50))
    it.ask(CommandKind.START)
    it.end_operation()
    it.observe(MessageSeen(a_message(3)))
    it.observe(Connected(ME))
    it.look()
    assert it.memory.operation is Operation.CATCH_UP
    it.observe(MessageSeen(a_message(4)))
    assert it.published == []
    it.end_operation(commands.CaughtUp((a_message(1), a_message(2))))
    assert it.published == [a_message(number) for number in (1, 2, 3, 4)]
    assert it.memory.record.seen_until == 104
    it.observe(MessageSeen(a_message(5)))
    assert it.published[-1] == a_message(5)


def test_what_was_missed_is_asked_for_in_parts_as_long_as_one_leads_further() -> None:
    it = PlayedSession(record=replace(a_record(), seen_until=50))
    it.reach(State.STARTING)
    it.observe(Connected(ME))
    it.look()
    it.observe(MessageSeen(a_message(9)))
    it.end_operation(commands.CaughtUp((a_message(1), a_message(2)), is_all=False))
    assert it.published == [a_message(1), a_message(2)]
    assert (it.memory.behind, it.memory.record.seen_until) == (True, 102)
    it.look()
    assert it.memory.operation is Operation.CATCH_UP
    it.end_operation(commands.CaughtUp((a_message(2),), is_all=False))
    assert it.published == [a_message(number) for number in (1, 2, 2, 9)]
    it.look()
    assert not it.memory.behind
    assert it.begun is None


def test_the_history_of_an_account_that_was_just_linked_is_not_asked_for(it: PlayedSession) -> None:
    it.ask(CommandKind.START)
    it.end_operation()
    it.observe(Connected(ME))
    it.look()
    assert it.memory.operation is Operation.REST
    assert it.stored.seen_until == int(it.stored.changed_at.timestamp())


def test_a_browser_that_grew_is_replaced_once_its_calls_are_through_or_have_had_their_time(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.in_use = True
    it.observe(Weighed(LIMITS.recycle_bytes + 1))
    assert not it.look()
    assert it.memory.wakes_at(it.now) is not None
    it.now += LIMITS.recycle_wait_seconds
    it.look()
    assert (it.state(), it.told[-1].reason, it.memory.faults) == (State.RECOVERING, "recycled", 0)
    it.rest()
    assert (it.state(), it.told[-1].reason) == (State.STARTING, "recycled")
    it.observe(Connected(ME))
    it.in_use = False
    it.observe(Weighed(LIMITS.recycle_bytes + 1))
    it.rest()
    assert it.state() is State.WORKING, "not again before the pause is over"
    it.now += LIMITS.recycle_pause_seconds
    it.observe(Weighed(LIMITS.recycle_bytes + 1))
    it.look()
    assert it.state() is State.RECOVERING


def test_a_server_that_stops_ends_the_browser_and_keeps_what_is_wanted(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.take(commands.ShutDown())
    it.rest()
    assert it.memory.is_finished
    assert (it.state(), it.stored.desired, it.told[-1].reason) == (State.STOPPED, Desired.RUNNING, "server_stopping")
    assert it.told[-1].asked_by == "system"


@pytest.mark.parametrize("state", [one for one in State if one not in (State.STOPPED, State.REMOVED)])
def test_after_a_crash_everything_begins_from_what_is_stored(state: State) -> None:
    it = PlayedSession(record=replace(a_record(), state=state, status=Status.STARTING, desired=Desired.RUNNING))
    it.take(commands.Booted("server_started"))
    assert (it.state(), it.stored.browser) == (State.STOPPED, None)
    it.rest()
    assert (it.state(), it.told[-1].reason) == (State.STARTING, "server_started")


def test_a_new_configuration_restarts_a_running_session_and_waits_with_one_that_rests(it: PlayedSession) -> None:
    new = SessionConfig({"metadata": {"a": "b"}})
    resting = it.command(CommandKind.RESTART)
    it.take(commands.Reconfigure(new, resting))
    assert (it.answers[resting.id], it.stored.config, it.state()) == (None, new, State.STOPPED)
    it.reach(State.WORKING)
    running = it.command(CommandKind.RESTART)
    it.take(commands.Reconfigure(SessionConfig(), running))
    it.rest()
    assert (it.answers[running.id], it.stored.config, it.memory.generation) == (None, SessionConfig(), 2)
