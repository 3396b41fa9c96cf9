"""The transition table: no dead ends, no unlisted way goes unnoticed."""

from __future__ import annotations

import pytest

from tuntas.sessions.machine import (
    ENDING,
    LIVE,
    STATUS_OF,
    TRANSITIONS,
    WITH_BROWSER,
    ImpossibleTransition,
    State,
    Status,
    Trigger,
    next_state,
    shown_status,
)


def _reachable(start: State) -> set[State]:
    found, frontier = {start}, [start]
    while frontier:
        for after in TRANSITIONS[frontier.pop()].values():
            if after not in found:
                found.add(after)
                frontier.append(after)
    return found


def test_every_state_is_reached_from_a_new_session() -> None:
    assert _reachable(State.STOPPED) == set(State)


@pytest.mark.parametrize("state", [state for state in State if state is not State.REMOVED])
def test_stopped_and_removed_are_reached_from_every_state(state: State) -> None:
    assert {State.STOPPED, State.REMOVED} <= _reachable(state)


@pytest.mark.parametrize("state", sorted(LIVE))
def test_every_live_state_is_left_by_a_wish_and_by_a_fault(state: State) -> None:
    assert next_state(state, Trigger.END_ASKED) is State.STOPPING
    assert next_state(state, Trigger.FAULT) is State.RECOVERING


@pytest.mark.parametrize("state", sorted(ENDING))
def test_an_ending_session_leaves_only_when_its_browser_is_gone(state: State) -> None:
    outside = {after for trigger, after in TRANSITIONS[state].items() if trigger is not Trigger.BOOTED} - ENDING
    assert outside <= {State.STOPPED, State.WAITING}
    assert next_state(state, Trigger.BROWSER_GONE) not in WITH_BROWSER


def test_a_browser_is_launched_only_where_there_is_none() -> None:
    assert not [state for state, ways in TRANSITIONS.items() if Trigger.LAUNCHED in ways and state in WITH_BROWSER]


def test_an_unlisted_pair_is_an_error_that_tells_the_story() -> None:
    with pytest.raises(
        ImpossibleTransition, match=r"'connected' cannot happen in state 'stopped'.*launched → starting"
    ):
        next_state(State.STOPPED, Trigger.CONNECTED, ("launched → starting",))


def test_nothing_is_said_before_it_is_true() -> None:
    assert shown_status(State.STOPPING, Status.WORKING) is Status.WORKING
    assert shown_status(State.STOPPED, Status.WORKING) is Status.STOPPED


def test_every_status_that_clients_know_is_shown_by_some_state() -> None:
    assert {status for status in STATUS_OF.values() if status} == set(Status)
