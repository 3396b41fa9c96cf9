"""One step under way: the memory as it becomes and the effects so far, and the ways in which a step may change them.

How a move, a fault or an answer is made is here; which of them comes when is in ``lifecycle``. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tuntas.events import Message
from tuntas.sessions import effects, recycling
from tuntas.sessions.commands import Command
from tuntas.sessions.effects import CANCELLABLE, Effect, Operation
from tuntas.sessions.errors import BeingRemoved, SessionError
from tuntas.sessions.faults import REPLACED, Blame
from tuntas.sessions.machine import WITH_BROWSER, State, Trigger, next_state, shown_status
from tuntas.sessions.memory import ASKED, Memory
from tuntas.sessions.model import PageLost
from tuntas.sessions.plan import has_come_true

# What is no fault of the browser is followed by a start without a wait.
AT_ONCE = frozenset({"unlinked", recycling.REASON})

_STORY_LINES = 6


class Turn:
    """One step under way. What begins, begins after all answers. ``is_unwritten``: the record has changed since."""

    def __init__(self, memory: Memory, now: float, chance: float) -> None:
        """Begin with ``memory`` as it was before."""
        self.memory = memory
        self.todo: list[Effect] = []
        self.begun: list[Effect] = []
        self.now = now
        self._chance = chance
        self.is_unwritten = False

    def know(self, **changed: Any) -> None:
        """Know something from now on that is not stored."""
        self.memory = replace(self.memory, **changed)

    def store(self, **changed: Any) -> None:
        """Change what is stored; ``lifecycle`` sees to it that it is written within the step."""
        self.know(record=replace(self.memory.record, **changed))
        self.is_unwritten = True

    @property
    def is_idle(self) -> bool:
        """Whether no operation is under way."""
        return self.memory.operation is Operation.REST

    def refuse(self, command: Command, error: SessionError) -> None:
        """Say why a command will not come true."""
        self.todo.append(effects.Refuse(command.id, error))

    def answer(self) -> None:
        """Answer those whose command has come true by now; a removed session grants no other."""
        still = []
        for waiting in self.memory.waiting:
            if has_come_true(waiting, self.memory):
                self.todo.append(effects.Answer(waiting.command.id))
            elif self.memory.record.state is State.REMOVED:
                self.refuse(waiting.command, BeingRemoved(self.memory.record.name))
            else:
                still.append(waiting)
        self.know(waiting=tuple(still))

    def publish(self, message: Message, *, is_late: bool = False) -> None:
        """Publish a message, and with it how far the session has seen: what cannot be read yet is not seen."""
        record = self.memory.record
        if not message.is_unreadable:
            self.know(record=replace(record, seen_until=max(message.timestamp, record.seen_until or 0)))
        self.todo.append(effects.Publish(message, is_late))

    def begin(self, operation: Operation, *, tend: bool = False) -> None:
        """Begin an operation; there is none under way."""
        self.know(operation=operation, number=self.memory.number + 1)
        self.begun.append(effects.Begin(operation, self.memory.number, tend))

    def cancel_if_pointless(self) -> None:
        """Cancel the operation under way if it is one that leaves nothing; the others run to their end."""
        if self.memory.operation in CANCELLABLE:
            self.know(operation=Operation.REST)
            self.todo.append(effects.Cancel())

    def fault(self, lost: PageLost) -> None:
        """End the browser for a fault, and count it where it was ours."""
        self.know(last_fault=lost, tries=self.memory.tries + 1)
        if self.memory.blame is Blame.OURS:
            self.know(faults=self.memory.faults + 1)
        self.todo.append(effects.CountRestart(lost.reason))
        self.cancel_if_pointless()
        self.move(Trigger.FAULT, lost.reason, lost.detail)

    def move(
        self, trigger: Trigger, reason: str, detail: str | None = None, *, data: Mapping[str, Any] | None = None
    ) -> None:
        """Go through the transition table; raises ImpossibleTransition where it has no such way."""
        before = self.memory.record
        after = next_state(before.state, trigger, self.memory.story)
        status = shown_status(after, before.status)
        browser = before.browser if after in WITH_BROWSER else None
        asked_by = self.memory.asked_by if reason == self.memory.reason else "system"
        line = f"{trigger.value} → {after.value} ({reason})"
        self.know(
            record=replace(before, state=after, status=status, reason=reason, browser=browser, again_in_seconds=None),
            story=(*self.memory.story, line)[-_STORY_LINES:],
        )
        self.todo.append(effects.Commit(effects.Transition(trigger, before.state, reason, detail, asked_by, data)))
        self.is_unwritten = False
        if before.state is State.STARTING:
            self.todo.append(effects.LeaveGate())
        self._entered(after, before=before.state)
        self.know(data=data)

    def _entered(self, state: State, *, before: State) -> None:
        limits = self.memory.limits
        if state is State.WORKING and before is State.WORKING:
            return  # it goes on as it was
        self.know(
            due_at=None,
            probe_at=self.now + limits.liveness_interval_seconds if state in ASKED else None,
            reconnect_at=None,
            echo_at=self._next_echo() if state is State.WORKING else None,
            working_since=self.now if state is State.WORKING else None,
            qr=None,
        )
        self._await_scan_in(state)
        if state in (State.RECOVERING, State.WAITING):
            # Written down, for a server that is killed now would leave the next one to start into a ban.
            self.know(record=replace(self.memory.record, again_in_seconds=self.memory.last_fault.again_in_seconds))
        match state:
            case State.STOPPED:
                self.know(tries=0, faults=0)
            case State.STARTING if self.memory.record.browser is not None:
                self.due_in(limits.start_seconds)  # of a page that is there already
            case State.SCAN_QR_CODE:
                self.due_in(limits.qr_seconds)
            case State.PASSKEY_REQUIRED | State.PASSKEY_CONFIRMATION_REQUIRED:
                self.due_in(limits.passkey_seconds)
            case State.PAIRING:
                self.due_in(limits.pairing_seconds)
            case State.RECONNECTING:
                self.due_in(limits.reconnect_seconds)
            case State.WAITING if self.memory.last_fault.reason not in AT_ONCE:
                # Random, for many sessions must not come back at one moment.
                self.due_in(limits.restart_backoff.delay_seconds(max(1, self.memory.tries), self._chance))
            case State.FAILED if (seconds := self._retry_seconds()) is not None:
                self.know(record=replace(self.memory.record, again_in_seconds=seconds))
                self.due_in(seconds)
            case _:
                pass

    def _retry_seconds(self) -> float | None:
        """Return after how long a session that gave up starts by itself; None for never."""
        lost, limits = self.memory.last_fault, self.memory.limits
        if not limits.failed_retry_seconds or (lost.reason == REPLACED and limits.after_replacement == "ask"):
            return None
        return limits.failed_retry_seconds if lost.again_in_seconds is None else lost.again_in_seconds

    def _await_scan_in(self, state: State) -> None:
        """Let the time that there is for a scan begin with the first QR; another browser's is no other time."""
        if state is State.SCAN_QR_CODE and self.memory.rest_at is None:
            self.await_scan()
        elif state not in (State.SCAN_QR_CODE, State.STARTING, State.RECOVERING, State.WAITING):
            self.know(rest_at=None)

    def await_scan(self) -> None:
        """Let the time that there is for a scan begin anew."""
        seconds = self.memory.limits.qr_rest_seconds
        self.know(rest_at=self.now + seconds if seconds else None)

    def _next_echo(self) -> float | None:
        seconds = self.memory.limits.echo_interval_seconds
        return self.now + seconds if seconds else None

    def spread(self, seconds: float) -> float:
        """Return a part of ``seconds``, by chance."""
        return seconds * self._chance

    def due_in(self, seconds: float) -> None:
        """Set the deadline of the state, or the time of the next start."""
        self.know(due_at=self.now + seconds)

    def follow_network(self) -> None:
        """Follow the network only while it matters: one probe serves all sessions, and none when all is well."""
        wanted = self.memory.needs_network and not self.memory.shutting_down
        if wanted is not self.memory.follows_network:
            self.know(follows_network=wanted, is_network_away=self.memory.is_network_away and wanted)
            self.todo.append(effects.FollowNetwork(wanted))
