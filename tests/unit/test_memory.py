"""What a session's memory says of itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from support.played_session import LIMITS, a_record
from tuntas.events import Message
from tuntas.sessions.effects import Operation
from tuntas.sessions.machine import Desired, State
from tuntas.sessions.memory import Memory
from tuntas.sessions.model import PageLost
from tuntas.sessions.recycling import Growth

RESTING = Memory(a_record(), LIMITS)


def test_a_qr_a_passkey_s_code_and_messages_never_reach_a_log_not_even_through_repr() -> None:
    message = Message("id", 1, "62811@c.us", "me@c.us", from_me=False, body="hello")
    shown = repr(replace(RESTING, qr="the QR", data={"code": "1A2B"}, held=(message,)))
    assert "the QR" not in shown
    assert "1A2B" not in shown
    assert "62811" not in shown


@pytest.mark.parametrize(
    ("state", "known", "needs_network"),
    [
        (State.RECONNECTING, {}, True),
        (State.WAITING, {"tries": 1, "last_fault": PageLost("page_unreachable", "")}, True),
        (State.RECOVERING, {"tries": 1, "last_fault": PageLost("page_unreachable", "")}, True),
        (State.STARTING, {"tries": 1, "last_fault": PageLost("page_unreachable", "")}, True),
        (State.WAITING, {"tries": 1, "last_fault": PageLost("page_crashed", "")}, False),
        (State.WAITING, {"tries": 1, "last_fault": PageLost("page_crashed", ""), "follows_network": True}, True),
        (State.WAITING, {"tries": 0, "last_fault": PageLost("page_unreachable", "")}, False),
        (State.WORKING, {"tries": 1, "last_fault": PageLost("page_unreachable", ""), "follows_network": True}, False),
    ],
)
def test_the_network_is_followed_only_where_what_comes_next_depends_on_it(
    state: State, known: dict[str, Any], needs_network: bool
) -> None:
    memory = replace(RESTING, record=replace(a_record(), state=state), **known)
    assert memory.needs_network == needs_network


def test_it_wakes_for_the_first_of_its_moments_that_is_still_to_come() -> None:
    memory = replace(RESTING, due_at=30.0, probe_at=20.0, growth=Growth(recycle_at=40.0))
    assert [memory.wakes_at(now) for now in (10.0, 20.0, 30.0)] == [20.0, 30.0, 40.0]
    assert memory.wakes_at(40.0) is None, "a moment that has passed must not become a busy loop"
    assert RESTING.wakes_at(0.0) is None


def test_it_wakes_for_the_end_of_the_time_for_a_scan_only_while_a_qr_is_shown() -> None:
    def shown_in(state: State) -> Memory:
        return replace(RESTING, record=replace(a_record(), state=state), rest_at=30.0)

    assert shown_in(State.SCAN_QR_CODE).wakes_at(10.0) == 30.0
    assert shown_in(State.STARTING).wakes_at(10.0) is None


@pytest.mark.parametrize(
    ("state", "operation", "is_finished"),
    [
        (State.STOPPED, Operation.REST, True),
        (State.WAITING, Operation.REST, True),
        (State.STOPPED, Operation.DISCARD_PROFILE, False),
        (State.STOPPING, Operation.REST, False),
        (State.REMOVED, Operation.REST, True),
    ],
)
def test_a_server_that_stops_waits_for_a_browser_s_end_and_for_an_operation_s(
    state: State, operation: Operation, is_finished: bool
) -> None:
    memory = replace(RESTING, record=replace(a_record(), state=state), operation=operation)
    assert replace(memory, shutting_down=True).is_finished == is_finished
    assert memory.is_finished == (state is State.REMOVED)


def test_a_browser_s_end_is_wanted_by_a_command_by_the_server_or_by_what_is_desired() -> None:
    running = replace(RESTING, record=replace(a_record(), desired=Desired.RUNNING))
    assert not running.end_is_wanted
    assert replace(running, end_asked=True).end_is_wanted
    assert replace(running, shutting_down=True).end_is_wanted
    assert RESTING.end_is_wanted
