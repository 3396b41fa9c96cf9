"""One session's actor: the only writer of that session.

It has a mailbox and carries out; what happens next is decided in ``lifecycle``. A new memory is believed only after its
commit. So there are no locks here, and a stop that comes during a start simply ends the start. It must never decide
anything, swallow a cancellation, or leave a browser behind, however it ends.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, assert_never

import structlog

from tuntas.events import Bell
from tuntas.foundation.metrics import RESTARTS
from tuntas.sessions import commands, effects
from tuntas.sessions.capabilities import NOTHING_KNOWN, Asked, PageFacts
from tuntas.sessions.commands import CommandKind, Input, Result
from tuntas.sessions.dependencies import Dependencies
from tuntas.sessions.effects import Effect, Operation
from tuntas.sessions.errors import NotCapable, PageUnavailable, WrongStatus
from tuntas.sessions.ledger import Ledger
from tuntas.sessions.lifecycle import step
from tuntas.sessions.machine import PASSKEY, Desired, State, Status
from tuntas.sessions.memory import Memory
from tuntas.sessions.model import PageLost, SessionConfig, SessionRecord
from tuntas.sessions.operations import Operations
from tuntas.sessions.ports import WhatsAppPage
from tuntas.sessions.sending import Gone, SendRequest, Sends, Sent
from tuntas.sessions.uses import Uses
from tuntas.sessions.waiters import Outcome, Waiters

log = structlog.get_logger(__name__)

# Operations whose begin is news for those who watch a session: they are long, and somebody waits for them.
_TOLD = frozenset({Operation.LOG_OUT, Operation.END_BROWSER, Operation.DISCARD_PROFILE})


@dataclass(frozen=True, slots=True)
class _Ended:
    """An operation's task has ended."""

    number: int
    task: asyncio.Task[Result]


class SessionActor:
    """Brings one session from what it is to what is wanted of it."""

    def __init__(self, record: SessionRecord, dependencies: Dependencies) -> None:
        """Take over ``record``; nothing happens before ``run``."""
        self.memory = Memory(record, dependencies.limits)
        self.uses = Uses(lambda: self._mailbox.put_nowait(commands.PageFree()))
        self.sends = Sends(
            record.id,
            record.name,
            dependencies.send_journal,
            dependencies.clock,
            dependencies.send_limits,
            dependencies.conversion,
        )
        self._is_looked_at = record.state is State.STOPPED
        self._dependencies = dependencies
        self._mailbox: asyncio.Queue[Input | _Ended] = asyncio.Queue()
        self._ledger = Ledger(record, dependencies.store, dependencies.clock)
        self._operations = Operations(dependencies, lambda number, task: self._mailbox.put_nowait(_Ended(number, task)))
        self._waiters = Waiters()
        self._changes = Bell()

    # --- the door -----------------------------------------------------------------------------------------------

    @property
    def record(self) -> SessionRecord:
        """The session as the store has it; but what an earlier server said of it is not true any more."""
        record = self.memory.record
        return record if self._is_looked_at else replace(record, status=Status.STARTING)

    @property
    def page(self) -> WhatsAppPage | None:
        """The page while there is one."""
        return self._operations.page

    @property
    def qr(self) -> str | None:
        """What a phone scans, while it is shown."""
        return self.memory.qr

    @property
    def status_data(self) -> Mapping[str, Any] | None:
        """What clients need for the status: a passkey's challenge, or the code to compare."""
        return self.memory.data

    @property
    def doing(self) -> Operation:
        """The operation that is under way."""
        return self.memory.operation

    @property
    def is_ending(self) -> bool:
        """Whether the session or the server is going: nothing more is to be expected."""
        return self.memory.shutting_down or self.record.state is State.REMOVED

    @property
    def next_try_at(self) -> datetime | None:
        """When it tries again by itself; None where nothing but a person or the page leads on."""
        due_at = self.memory.due_at
        if due_at is None or self.record.state not in (State.WAITING, State.FAILED):
            return None
        clock = self._dependencies.clock
        return clock.now() + timedelta(seconds=max(0.0, due_at - clock.monotonic()))

    async def ask(self, kind: CommandKind, *, asked_by: str) -> Outcome:
        """Ask something of this session; returns when it has come true."""
        command, answer = self._waiters.open(kind, asked_by)
        self._mailbox.put_nowait(command)
        return await answer

    async def reconfigure(self, config: SessionConfig, *, asked_by: str) -> Outcome:
        """Take over a configuration; a running session is restarted with it."""
        command, answer = self._waiters.open(CommandKind.RESTART, asked_by)
        self._mailbox.put_nowait(commands.Reconfigure(config, command))
        return await answer

    async def working_page(self) -> WhatsAppPage:
        """Return the page as soon as the session works; wait while it comes up, or is about to get a fresh browser.

        Raises:
            WrongStatus: it will not, unless a person does something.
        """
        while self.page is None or self.record.state is not State.WORKING or self.memory.growth.is_overgrown:
            is_wanted = self.record.desired is Desired.RUNNING and not self.memory.shutting_down
            if not is_wanted or self.record.state in {State.SCAN_QR_CODE, State.FAILED} | PASSKEY:
                raise WrongStatus(self.record.name, self.record.status.value, (Status.WORKING.value,))
            await self._changes.next().wait()
        return self.page

    @property
    def facts(self) -> PageFacts:
        """What its page is and can do; nothing is known while there is none."""
        return self.memory.facts if self.page is not None else NOTHING_KNOWN

    def require(self, asked: Asked) -> None:
        """Return if the page can do this, as far as it is known. Raises NotCapable."""
        if (missing := self.facts.names_missing_for(asked)) is not None:
            raise NotCapable(self.record.name, *missing)

    async def send(self, request: SendRequest, gone: Gone | None = None) -> Sent:
        """Send with this session's page, in its order, at its pace, once; see ``Sends.send``."""
        message = request.message
        return await self.sends.send(request, self.working_page, self.uses.one, lambda: self.require(message), gone)

    def changed(self) -> asyncio.Event:
        """Return what is set when the state, the QR or the operation under way changes the next time."""
        return self._changes.next()

    def qr_asked(self, asked_by: str) -> None:
        """Tell that somebody wants to scan."""
        self._mailbox.put_nowait(commands.QrAsked(asked_by))

    def page_changed(self) -> None:
        """Tell that WhatsApp has put out another build of its page."""
        self._mailbox.put_nowait(commands.PageChanged())

    def shut_down(self) -> None:
        """End the browser and then the actor; what is desired stays, for the next server."""
        self._mailbox.put_nowait(commands.ShutDown())

    # --- the loop -----------------------------------------------------------------------------------------------

    async def run(self, *, begun_by: str = "server_started") -> None:
        """Work until the session is removed or the server stops. A crash or cancellation leaves no browser."""
        try:
            # First of all, and before anything is launched: what an earlier server or a crash left behind is ended.
            if self.memory.record.browser is not None:
                found = await self._dependencies.engine.end_orphan(self.memory.record.browser)
                log.info("earlier_browser_checked", session=self.memory.record.name, was_running=found)
            age_seconds = (self._dependencies.clock.now() - self.record.changed_at).total_seconds()
            await self._take(commands.Booted(begun_by, age_seconds))
            self._is_looked_at = True
            while not self.memory.is_finished:
                if not await self._take(commands.Look(self.uses.is_any)):
                    await self._rest()
        finally:
            self._dependencies.network.leave(self._network_seen)
            await self._operations.abandon()
            removed = Outcome(self.record, self._operations.removal) if self.record.state is State.REMOVED else None
            self._waiters.close(removed, PageUnavailable("The server is stopping or met an error; ask again."))

    async def _rest(self) -> None:
        now = self._dependencies.clock.monotonic()
        wakes_at = self.memory.wakes_at(now)
        try:
            async with asyncio.timeout(None if wakes_at is None else wakes_at - now):
                message = await self._mailbox.get()
        except TimeoutError:
            return
        if not isinstance(message, _Ended):
            await self._take(message)
        elif message.number == self.memory.number and self.memory.operation is not Operation.REST:
            # An operation's unexpected error ends this actor; its supervisor starts a fresh one from the store.
            await self._take(commands.OperationDone(message.number, message.task.result()))

    async def _take(self, message: Input) -> bool:
        """Have it decided what ``message`` means, and carry that out; say whether there was anything to do."""
        chance = random.random()  # noqa: S311 - spread, not secrecy
        memory, to_do = step(self.memory, message, self._dependencies.clock.monotonic(), chance)
        written = [effect for effect in to_do if isinstance(effect, effects.Cancel | effects.Commit | effects.Publish)]
        for effect in written:
            memory = await self._write(effect, memory)
        before, self.memory = self.memory, memory
        for one in to_do:
            self._carry_out(one)
        if _shown(before) != _shown(memory):
            self._changes.ring()
            self._dependencies.news.ring()
        return bool(to_do)

    async def _write(self, effect: effects.Cancel | effects.Commit | effects.Publish, memory: Memory) -> Memory:
        match effect:
            case effects.Cancel():
                await self._operations.cancel()
            case effects.Commit(transition):
                return replace(memory, record=await self._ledger.commit(memory.record, transition))
            case effects.Publish():
                await self._ledger.publish(memory.record, effect)
            case _:
                assert_never(effect)
        return memory

    def _network_seen(self, obstacle: PageLost | None) -> None:
        self._mailbox.put_nowait(commands.NetworkSeen(obstacle is not None, obstacle))

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case effects.Answer(command):
                self._waiters.answer(command, Outcome(self.record, self._operations.removal))
            case effects.Refuse(command, error):
                self._waiters.refuse(command, error)
            case effects.LeaveGate():
                self._operations.leave_gate()
            case effects.FollowNetwork(is_on):
                self._dependencies.network.leave(self._network_seen)
                if is_on:
                    self._dependencies.network.follow(self._network_seen, self.record.config.proxy)
            case effects.CountRestart(reason):
                RESTARTS.labels(reason).inc()
            case effects.Begin():
                generation = self.memory.generation
                self._operations.begin(
                    effect,
                    self.memory.record,
                    lambda seen: self._mailbox.put_nowait(commands.Observed(generation, seen)),
                )
            case effects.Cancel() | effects.Commit() | effects.Publish():
                pass  # written, before anything else
            case _:
                assert_never(effect)


def _shown(memory: Memory) -> tuple[object, ...]:
    doing = memory.operation if memory.operation in _TOLD else None
    return memory.record.state, memory.generation, memory.qr, memory.shutting_down, doing, memory.facts
