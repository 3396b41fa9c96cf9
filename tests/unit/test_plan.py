"""What comes next and what has come true, looked up in what is known, one situation a line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.played_session import LIMITS, a_record
from tuntas.sessions.commands import Command, CommandKind
from tuntas.sessions.effects import Operation
from tuntas.sessions.machine import Desired, State, Trigger
from tuntas.sessions.memory import Memory, Waiting
from tuntas.sessions.model import PageLost
from tuntas.sessions.plan import has_come_true, what_is_next
from tuntas.sessions.recycling import Growth

NOW = 1000.0
BANNED = PageLost("temporary_ban", "told so")
OVERGROWN = Growth(detail="large", recycle_at=NOW)


def known(state: State, desired: Desired = Desired.RUNNING, *, discard: bool = False, **more: object) -> Memory:
    record = replace(a_record(), state=state, desired=desired, discard_profile=discard)
    return replace(Memory(record, LIMITS), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "memory", "is_true"),
    [
        (CommandKind.RESTART, known(State.STARTING, generation=2), True),
        (CommandKind.RESTART, known(State.STARTING, generation=1), False),
        (CommandKind.RESTART, known(State.RECOVERING, generation=2), False),
        (CommandKind.LOG_OUT, known(State.WAITING, discard=True), False),
        (CommandKind.LOG_OUT, known(State.STOPPED, Desired.STOPPED, discard=True), False),
        (CommandKind.LOG_OUT, known(State.STOPPING, Desired.STOPPED), False),
        (CommandKind.LOG_OUT, known(State.STOPPED, Desired.STOPPED), True),
        (CommandKind.LOG_OUT, known(State.STOPPED), False),
        (CommandKind.LOG_OUT, known(State.STARTING), True),
        (CommandKind.LOG_OUT, known(State.FAILED), True),
        (CommandKind.START, known(State.WAITING), False),
        (CommandKind.START, known(State.STARTING), True),
        (CommandKind.STOP, known(State.STOPPING, Desired.STOPPED), False),
        (CommandKind.STOP, known(State.STOPPED, Desired.STOPPED), True),
        (CommandKind.REMOVE, known(State.STOPPED, Desired.REMOVED), False),
        (CommandKind.REMOVE, known(State.REMOVED, Desired.REMOVED), True),
    ],
)
def test_a_command_has_come_true_when_it_is_a_fact(kind: CommandKind, memory: Memory, is_true: bool) -> None:
    assert has_come_true(Waiting(Command(1, kind, "test"), generation=1), memory) == is_true


@pytest.mark.parametrize(
    ("memory", "following"),
    [
        (known(State.STOPPED), Operation.LAUNCH),
        (known(State.STOPPED, shutting_down=True), Operation.REST),
        (known(State.STOPPED, Desired.STOPPED), Operation.REST),
        (known(State.STOPPED, Desired.STOPPED, discard=True), Operation.DISCARD_PROFILE),
        (known(State.STOPPED, Desired.REMOVED, discard=True), Operation.DISCARD_PROFILE),
        (known(State.STOPPED, Desired.REMOVED, profile_gone=True), Trigger.FORGOTTEN),
        (known(State.STARTING, behind=True), Operation.REST),
        (known(State.STARTING, probe_at=NOW), Operation.PROBE),
        (known(State.STARTING, rest_at=NOW), Operation.REST),
        (known(State.SCAN_QR_CODE, rest_at=NOW), Trigger.RESTED),
        (known(State.WORKING, behind=True), Operation.CATCH_UP),
        (known(State.RECONNECTING, reconnect_at=NOW), Operation.RECONNECT),
        (known(State.RECONNECTING, reconnect_at=NOW + 1), Operation.REST),
        (known(State.WORKING, growth=OVERGROWN), Trigger.RECYCLED),
        (known(State.RECONNECTING, growth=OVERGROWN), Operation.REST),
        (known(State.WORKING, due_at=NOW), Trigger.FAULT),
        (known(State.WORKING, Desired.STOPPED, due_at=NOW), Trigger.END_ASKED),
        (known(State.STOPPING, Desired.STOPPED, linked=True), Operation.END_BROWSER),
        (known(State.STOPPING, Desired.STOPPED, linked=True, discard=True), Operation.LOG_OUT),
        (known(State.STOPPING, Desired.STOPPED, discard=True), Operation.END_BROWSER),
        (known(State.STOPPING, linked=True, logged_out=True, discard=True), Operation.END_BROWSER),
        (known(State.RECOVERING), Operation.END_BROWSER),
        (known(State.RECOVERING, Desired.STOPPED), Trigger.END_ASKED),
        (known(State.WAITING, due_at=NOW + 1), Operation.REST),
        (known(State.WAITING, due_at=NOW), Operation.LAUNCH),
        (known(State.WAITING, Desired.STOPPED, due_at=NOW + 1), Trigger.SETTLED),
        (known(State.WAITING, faults=LIMITS.restart_attempts), Operation.LAUNCH),
        (known(State.WAITING, faults=LIMITS.restart_attempts + 1), Trigger.GAVE_UP),
        (known(State.STOPPED, faults=LIMITS.restart_attempts + 1), Operation.LAUNCH),
        (known(State.FAILED), Operation.REST),
        (known(State.FAILED, start_asked=True), Operation.LAUNCH),
        (known(State.FAILED, due_at=NOW), Operation.LAUNCH),
        (known(State.FAILED, due_at=NOW + 1), Operation.REST),
        (known(State.WAITING, last_fault=BANNED), Trigger.GAVE_UP),
        (known(State.STOPPED, last_fault=BANNED), Operation.LAUNCH),
        (known(State.STOPPED, due_at=NOW + 1), Operation.LAUNCH),
        (known(State.FAILED, Desired.STOPPED), Trigger.SETTLED),
        (known(State.REMOVED, Desired.REMOVED), Operation.REST),
    ],
)
def test_one_thing_comes_next(memory: Memory, following: Operation | Trigger) -> None:
    assert what_is_next(memory, NOW, in_use=False) is following
