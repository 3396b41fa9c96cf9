"""The plan: from what is wanted and what is known to the one next thing, an operation or a move. Pure and total.

After any crash the plan is computed again from what the store says. Order of importance: an end that was asked for
comes before everything, keys go before a new start.
"""

from __future__ import annotations

from typing import assert_never

from tuntas.sessions.commands import CommandKind
from tuntas.sessions.effects import Operation
from tuntas.sessions.faults import Blame
from tuntas.sessions.machine import ENDING, LIVE, Desired, State, Trigger
from tuntas.sessions.memory import Memory, Waiting


def has_come_true(waiting: Waiting, memory: Memory) -> bool:
    """Say whether a command has come true."""
    record = memory.record
    match waiting.command.kind:
        case CommandKind.START:
            return record.state in LIVE
        case CommandKind.STOP | CommandKind.RETIRE:
            return record.state is State.STOPPED
        case CommandKind.RESTART:
            return record.state in LIVE and memory.generation > waiting.generation
        case CommandKind.LOG_OUT:
            if record.discard_profile or record.state in ENDING:
                return False
            return record.state in LIVE | {State.FAILED} or record.desired is not Desired.RUNNING
        case CommandKind.REMOVE:
            return record.state is State.REMOVED
        case _:
            assert_never(waiting.command.kind)


def what_is_next(memory: Memory, now: float, *, in_use: bool) -> Operation | Trigger:
    """Return what comes next: an operation, or the move of a session that nobody has to do anything for."""
    record = memory.record
    match record.state:
        case (
            State.STARTING
            | State.SCAN_QR_CODE
            | State.PASSKEY_REQUIRED
            | State.PASSKEY_CONFIRMATION_REQUIRED
            | State.PAIRING
            | State.WORKING
            | State.RECONNECTING
        ):
            return _with_live_browser(memory, now, in_use=in_use)
        case State.STOPPING:
            is_log_out_due = memory.linked and record.discard_profile and memory.logged_out is None
            return Operation.LOG_OUT if is_log_out_due else Operation.END_BROWSER
        case State.RECOVERING:
            return Trigger.END_ASKED if memory.end_is_wanted else Operation.END_BROWSER
        case State.STOPPED | State.WAITING | State.FAILED:
            return _without_browser(memory, now)
        case State.REMOVED:
            return Operation.REST
        case _:
            assert_never(record.state)


def _with_live_browser(memory: Memory, now: float, *, in_use: bool) -> Operation | Trigger:
    if memory.end_is_wanted:
        return Trigger.END_ASKED
    if memory.record.state is State.SCAN_QR_CODE and memory.rest_at is not None and now >= memory.rest_at:
        return Trigger.RESTED
    if memory.due_at is not None and now >= memory.due_at:
        return Trigger.FAULT
    if memory.reconnect_at is not None and now >= memory.reconnect_at:
        return Operation.RECONNECT
    is_working = memory.record.state is State.WORKING
    if is_working and memory.behind:
        return Operation.CATCH_UP
    if is_working and memory.growth.may_recycle(now, in_use=in_use):
        return Trigger.RECYCLED
    if memory.echo_at is not None and now >= memory.echo_at:
        return Operation.ECHO
    if memory.probe_at is not None and now >= memory.probe_at:
        return Operation.PROBE
    return Operation.REST


def _without_browser(memory: Memory, now: float) -> Operation | Trigger:
    record = memory.record
    if record.desired is Desired.REMOVED:
        return Trigger.FORGOTTEN if memory.profile_gone else Operation.DISCARD_PROFILE
    if record.discard_profile:
        return Operation.DISCARD_PROFILE
    if memory.shutting_down:
        return Operation.REST
    if record.desired in (Desired.STOPPED, Desired.MOVED):
        return Operation.REST if record.state is State.STOPPED else Trigger.SETTLED
    is_early = memory.due_at is not None and now < memory.due_at
    if record.state is State.FAILED:
        is_time = memory.due_at is not None and not is_early
        return Operation.LAUNCH if memory.start_asked or is_time else Operation.REST
    if record.state is State.WAITING and not memory.start_asked:
        if memory.blame is Blame.PERSON or memory.faults > memory.limits.restart_attempts:
            return Trigger.GAVE_UP
        if is_early:
            return Operation.REST
    return Operation.LAUNCH
