"""A session believes what is written and nothing else: no new memory and no answer before the commit, or without."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.journal import FileJournal
from support.memory_store import MemorySessionStore
from support.played_session import LIMITS, a_record
from support.until import until
from tuntas.events import Event
from tuntas.foundation.clock import SystemClock
from tuntas.foundation.tasks import end, spawn
from tuntas.profiles import ProfileStore, Remover
from tuntas.sessions.actor import SessionActor
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.dependencies import Dependencies
from tuntas.sessions.errors import PageUnavailable
from tuntas.sessions.gate import BootGate
from tuntas.sessions.machine import State
from tuntas.sessions.model import SessionConfig, SessionRecord, StateChange
from tuntas.sessions.network import Network

# No browser is started here, no network is looked at, nothing is sent.
NOTHING: Any = None

NEW = SessionConfig({"metadata": {"a": "b"}})


class SlowStore(MemorySessionStore):
    """Writes when it may; with ``error`` it writes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.may_write = asyncio.Event()
        self.is_asked = False
        self.error: OSError | None = None

    async def _may_write(self) -> None:
        self.is_asked = True
        await self.may_write.wait()
        if self.error is not None:
            raise self.error

    async def save(self, record: SessionRecord, change: StateChange | None, events: Sequence[Event]) -> None:
        await self._may_write()
        await super().save(record, change, events)

    async def delete(self, record: SessionRecord, change: StateChange, events: Sequence[Event]) -> None:
        await self._may_write()
        await super().delete(record, change, events)


def play(folder: Path, scene: Callable[[SessionActor, SlowStore], Awaitable[None]]) -> None:
    """Run a scene with the actor of a session that rests."""

    async def playing() -> None:
        store, profiles, clock = SlowStore(), ProfileStore(folder), SystemClock()
        remover = Remover(profiles, FileJournal(folder / "journal"), clock)
        gate, network = BootGate(1, lambda: False), Network(NOTHING, 1.0)
        dependencies = Dependencies(store, NOTHING, profiles, remover, clock, gate, network, LIMITS, NOTHING)
        async with asyncio.timeout(20):
            await scene(SessionActor(a_record(), dependencies), store)

    asyncio.run(playing())


def test_what_is_being_written_is_not_so_yet(tmp_path: Path) -> None:
    async def scene(actor: SessionActor, store: SlowStore) -> None:
        running = spawn(actor.run(), name="actor")
        asked = spawn(actor.reconfigure(NEW, asked_by="test"), name="asked")
        await until(lambda: store.is_asked)
        assert actor.record.config == SessionConfig()
        assert not asked.done()
        store.may_write.set()
        assert (await asked).record.config == NEW
        assert actor.record.config == NEW
        await end(running)

    play(tmp_path, scene)


def test_what_could_not_be_written_is_not_so_and_its_asker_learns_that_it_failed(tmp_path: Path) -> None:
    async def scene(actor: SessionActor, store: SlowStore) -> None:
        store.error = OSError(28, "No space left on device")
        store.may_write.set()
        running = spawn(actor.run(), name="actor")
        with pytest.raises(PageUnavailable):
            await actor.reconfigure(NEW, asked_by="test")
        with pytest.raises(OSError, match="No space left"):
            await running
        assert actor.record.config == SessionConfig()

    play(tmp_path, scene)


def test_a_deletion_that_could_not_be_written_is_not_called_done(tmp_path: Path) -> None:
    async def scene(actor: SessionActor, store: SlowStore) -> None:
        store.error = OSError(28, "No space left on device")
        actor.memory = replace(actor.memory, profile_gone=True)
        before = actor.memory
        running = spawn(actor.run(), name="actor")
        asked = spawn(actor.ask(CommandKind.REMOVE, asked_by="test"), name="asked")
        await until(lambda: store.is_asked)
        store.may_write.set()
        with pytest.raises(PageUnavailable):
            await asked
        with suppress(OSError):
            await running
        assert actor.record == before.record
        assert actor.record.state is not State.REMOVED

    play(tmp_path, scene)
