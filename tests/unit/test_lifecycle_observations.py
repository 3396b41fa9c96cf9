"""What a page says, as scripts: which move it makes, what is written, and what goes out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.played_session import BROWSER, LIMITS, ME, PlayedSession, a_record
from tuntas.events import AckLevel, Acknowledgement, EventName, Me, Message
from tuntas.sessions import commands, effects
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.effects import Operation
from tuntas.sessions.machine import State, Status
from tuntas.sessions.model import (
    AckSeen,
    Connected,
    Disconnected,
    MessageSeen,
    PageLost,
    QrShown,
    Scanned,
    Told,
    Unlinked,
)

CRASH = PageLost("page_crashed", "told so")


def a_message(timestamp: int) -> Message:
    return Message(f"false_62@c.us_{timestamp}", timestamp, "62@c.us", ME.id, from_me=False, body="hello")


@pytest.fixture
def it() -> PlayedSession:
    return PlayedSession()


@pytest.mark.parametrize("state", [State.STARTING, State.SCAN_QR_CODE])
def test_a_scan_is_followed_by_pairing(state: State) -> None:
    it = PlayedSession()
    it.reach(state)
    it.observe(Scanned())
    assert (it.state(), it.told[-1].reason) == (State.PAIRING, "scanned")


def test_an_account_that_was_linked_before_is_loaded_and_nobody_has_scanned() -> None:
    it = PlayedSession()
    it.reach(State.WORKING)
    it.ask(CommandKind.RESTART)
    it.rest()
    assert it.state() is State.STARTING
    it.observe(Scanned())
    assert (it.state(), it.told[-1].reason) == (State.PAIRING, "account_loaded")


@pytest.mark.parametrize("state", [State.PAIRING, State.RECONNECTING])
def test_a_scan_that_is_known_changes_nothing(state: State) -> None:
    it = PlayedSession()
    it.reach(state)
    it.observe(Scanned())
    assert it.todo == ()


def test_a_working_page_that_loads_the_account_again_does_not_work_meanwhile(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.observe(Scanned())
    last = it.told[-1]
    assert (it.state(), last.reason, last.detail) == (
        State.RECONNECTING,
        "disconnected",
        "the page is loading the account again",
    )


def test_a_session_is_written_with_its_account_its_browser_and_its_status(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    assert (it.stored.me, it.stored.browser, it.stored.status) == (ME, BROWSER, Status.WORKING)
    assert it.told[-1].reason == "connected"
    it.observe(Connected(ME))
    assert not it.todo, "it is known"
    renamed = Me(ME.id, "Another name")
    it.observe(Connected(renamed))
    assert [type(one) for one in it.todo] == [effects.Commit]
    assert it.stored.me == renamed


def test_only_a_working_session_can_lose_its_connection(it: PlayedSession) -> None:
    it.reach(State.STARTING)
    it.observe(Disconnected("told so"))
    assert it.todo == ()
    it.observe(Connected(ME))
    it.observe(Disconnected("told so"))
    assert (it.state(), it.told[-1].reason, it.told[-1].detail) == (State.RECONNECTING, "disconnected", "told so")
    it.observe(Disconnected("told so"))
    assert it.todo == ()


def test_acknowledgements_and_facts_go_out_as_they_come(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    acknowledgement = Acknowledgement("true_62@c.us_1", ME.id, "62@c.us", from_me=True, ack=AckLevel.READ)
    fact = Told(EventName.MESSAGE_REACTION, {})
    it.observe(AckSeen(acknowledgement))
    assert it.todo == (effects.Publish(acknowledgement),)
    it.observe(fact)
    assert it.todo == (effects.Publish(fact),)


def test_how_far_a_session_has_seen_never_goes_back(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    linked_at = it.memory.record.seen_until
    assert linked_at is not None
    for timestamp, seen_until in ((linked_at + 9, linked_at + 9), (linked_at + 5, linked_at + 9)):
        it.observe(MessageSeen(a_message(timestamp)))
        assert it.todo == (effects.Publish(a_message(timestamp)),)
        assert it.memory.record.seen_until == seen_until


def test_what_cannot_be_read_yet_is_told_and_counts_as_unseen(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    seen_until = it.memory.record.seen_until
    assert seen_until is not None
    unreadable = replace(a_message(seen_until + 1000), kind="ciphertext", body="")
    it.observe(MessageSeen(unreadable))
    assert it.todo == (effects.Publish(unreadable),)
    assert it.memory.record.seen_until == seen_until


def test_a_message_of_an_account_that_never_saw_one_is_told_at_once(it: PlayedSession) -> None:
    it.reach(State.STARTING)
    it.observe(MessageSeen(a_message(0)))
    assert (it.published, it.memory.record.seen_until) == ([a_message(0)], 0)


def test_an_account_that_was_just_linked_is_asked_for_nothing_and_tells_its_messages_at_once(it: PlayedSession) -> None:
    it.reach(State.STARTING)
    it.observe(Connected(ME))
    assert it.rest() == []
    it.observe(MessageSeen(a_message(1)))
    assert it.published == [a_message(1)]


def test_what_was_held_for_a_page_that_went_is_asked_of_the_next_one() -> None:
    it = PlayedSession(record=replace(a_record(), seen_until=50))
    it.reach(State.STARTING)
    it.observe(MessageSeen(a_message(103)))
    it.observe(CRASH)
    it.rest()
    it.now += 1000
    it.rest()
    it.observe(Connected(ME))
    it.look()
    it.end_operation(commands.CaughtUp((a_message(103),)))
    assert it.todo == (effects.Publish(a_message(103), is_late=True),)
    assert it.memory.held == ()


def test_what_came_during_the_asking_is_told_once(it: PlayedSession) -> None:
    it = PlayedSession(record=replace(a_record(), seen_until=50))
    it.reach(State.STARTING)
    it.observe(MessageSeen(a_message(103)))
    it.observe(Connected(ME))
    it.look()
    it.end_operation(commands.CaughtUp(()))
    assert it.memory.held == ()
    assert it.published == [a_message(103)]
    assert it.todo == (effects.Publish(a_message(103), is_late=True),), "it is told late"


def test_a_page_that_could_not_be_asked_is_asked_again() -> None:
    it = PlayedSession(record=replace(a_record(), seen_until=50))
    it.reach(State.STARTING)
    it.observe(Connected(ME))
    it.look()
    assert it.begun is not None
    number, it.begun = it.begun.number, None
    it.take(commands.OperationDone(number, commands.CaughtUp(None)))
    assert it.memory.behind
    it.look()
    assert it.memory.operation is Operation.CATCH_UP


def test_a_qr_is_kept_while_it_is_shown_and_a_renewed_one_is_not_written(it: PlayedSession) -> None:
    it.reach(State.SCAN_QR_CODE)
    assert (it.memory.qr, it.told[-1].reason) == ("qr", "qr_shown")
    it.observe(QrShown("renewed"))
    assert (it.memory.qr, it.todo) == ("renewed", ())
    it.observe(Scanned())
    assert it.memory.qr is None


@pytest.mark.parametrize("seen", [Scanned(), Connected(ME)])
def test_a_page_that_is_linked_is_asked_to_log_out(it: PlayedSession, seen: Scanned | Connected) -> None:
    it.reach(State.STARTING)
    it.observe(seen)
    it.ask(CommandKind.REMOVE)
    assert it.rest()[0] is Operation.LOG_OUT


def test_a_page_that_asks_for_a_scan_after_one_is_not_linked(it: PlayedSession) -> None:
    it.reach(State.PAIRING)
    it.observe(QrShown("again"))
    it.ask(CommandKind.REMOVE)
    assert Operation.LOG_OUT not in it.rest()


def test_an_unlinked_page_is_not_asked_to_log_out(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.observe(Unlinked("by the phone"))
    it.ask(CommandKind.REMOVE)
    assert Operation.LOG_OUT not in it.rest()


def test_whose_link_the_phone_has_removed_is_known_until_an_account_is_linked(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.observe(Unlinked("by the phone"))
    assert it.stored.unlinked_me == ME
    it.rest()
    it.observe(Unlinked("by the phone, before it was connected"))
    it.rest()
    assert it.stored.unlinked_me == ME
    it.observe(Connected(ME))
    assert it.stored.unlinked_me is None


def test_a_working_page_that_shows_a_qr_is_unlinked_and_the_story_says_why(it: PlayedSession) -> None:
    it.reach(State.WORKING)
    it.observe(QrShown("qr"))
    assert it.told[-1].detail == "the page asks for a new scan"


@pytest.mark.parametrize("seen", [Unlinked("by the phone"), CRASH])
def test_a_page_that_is_lost_is_asked_nothing_more(it: PlayedSession, seen: Unlinked | PageLost) -> None:
    it.reach(State.WORKING)
    it.now += LIMITS.liveness_interval_seconds
    it.look()
    assert it.begun is not None
    it.observe(seen)
    assert it.todo[-2:] == (effects.Cancel(), effects.Commit(it.told[-1]))
    it.look()
    assert it.memory.operation is Operation.END_BROWSER
