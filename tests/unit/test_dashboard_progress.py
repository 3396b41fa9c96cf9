"""The steps of an end are read from the state and the act under way, never from time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tuntas.dashboard.progress import Progress, steps
from tuntas.events import Me
from tuntas.sessions.effects import Operation
from tuntas.sessions.machine import Desired, State, Status
from tuntas.sessions.model import SessionConfig, SessionRecord, StateChange

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def record(state: State, desired: Desired, *, discard: bool = False) -> SessionRecord:
    me = Me("628111000111@c.us", "Toko")
    return SessionRecord(
        "id", "shop", SessionConfig(), desired, state, Status.WORKING, "shop", NOW, NOW, discard_profile=discard, me=me
    )


def ended(reason: str, before: State) -> list[StateChange]:
    return [StateChange(NOW, before, State.STOPPING, Status.WORKING, reason, None, "dashboard")]


def told(record: SessionRecord, doing: Operation, story: list[StateChange]) -> list[tuple[str, str]]:
    return [(step.words.split()[0], step.progress.value) for step in steps(record, doing, story)]


def test_nothing_under_way_has_no_steps() -> None:
    assert told(record(State.WORKING, Desired.RUNNING), Operation.PROBE, []) == []
    assert told(record(State.STOPPED, Desired.STOPPED), Operation.REST, ended("stop_requested", State.WORKING)) == []


def test_a_stop_has_one_step() -> None:
    stop = ended("stop_requested", State.WORKING)
    assert told(record(State.STOPPING, Desired.STOPPED), Operation.END_BROWSER, stop) == [("Closing", "now")]


@pytest.mark.parametrize(
    ("state", "doing", "marks"),
    [
        (State.STOPPING, Operation.REST, ["now", "next", "next", "next"]),
        (State.STOPPING, Operation.LOG_OUT, ["now", "next", "next", "next"]),
        (State.STOPPING, Operation.END_BROWSER, ["done", "now", "next", "next"]),
        (State.STOPPED, Operation.REST, ["done", "done", "now", "next"]),
        (State.STOPPED, Operation.DISCARD_PROFILE, ["done", "done", "now", "next"]),
    ],
)
def test_a_deletion_of_a_linked_session_goes_through_four(state: State, doing: Operation, marks: list[str]) -> None:
    story = ended("delete_requested", State.WORKING)
    shown = told(record(state, Desired.REMOVED, discard=True), doing, story)
    assert shown == list(zip(["Unlinking", "Closing", "Removing", "Forgetting"], marks, strict=True))


@pytest.mark.parametrize(
    "story", [[], ended("stop_requested", State.WORKING), ended("delete_requested", State.STARTING)]
)
def test_a_session_that_was_not_connected_is_not_said_to_be_unlinked(story: list[StateChange]) -> None:
    gone = record(State.STOPPED, Desired.REMOVED, discard=True)
    assert [step for step, _ in told(gone, Operation.DISCARD_PROFILE, story)] == ["Closing", "Removing", "Forgetting"]


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("doing", list(Operation))
@pytest.mark.parametrize("desired", list(Desired))
def test_there_is_never_more_than_one_step_under_way(state: State, doing: Operation, desired: Desired) -> None:
    for discard in (False, True):
        for story in ([], ended("logout_requested", State.WORKING)):
            shown = steps(record(state, desired, discard=discard), doing, story)
            assert not shown or [step.progress for step in shown].count(Progress.NOW) == 1
