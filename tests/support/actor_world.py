"""A supervisor with everything around it that an actor needs, for scenes with exact timing.

``play`` gives it stores in memory, a remover that only renames, and no thread: what is tested is the actor.
``play_on_disk`` gives it the real database and the real remover.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor, Future
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from component.test_storage import a_session, opened
from support.memory_store import MemoryEventLog, MemorySendJournal, MemorySessionStore
from support.told_page import ME, ToldEngine, ToldPage
from support.until import until
from tuntas.foundation import tasks
from tuntas.foundation.backoff import Backoff
from tuntas.foundation.clock import SystemClock
from tuntas.foundation.identifiers import ulid
from tuntas.foundation.proxy import Proxy
from tuntas.foundation.tasks import end, spawn
from tuntas.profiles import ProfileStore, Removal, RemovalState, Remover
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.dependencies import Dependencies
from tuntas.sessions.gate import BootGate
from tuntas.sessions.limits import Limits
from tuntas.sessions.machine import State
from tuntas.sessions.model import Connected, Observation, PageLost
from tuntas.sessions.network import Network
from tuntas.sessions.pacing import Pace
from tuntas.sessions.sending import SendLimits
from tuntas.sessions.supervisor import Supervisor
from tuntas.storage import SqlEventLog, SqlRemovalJournal, SqlSendJournal, SqlSessionStore

LIMIT_SECONDS = 60.0


class Sky:
    """The way to WhatsApp, as a test says it is; counts who looks."""

    def __init__(self) -> None:
        self.is_clear = True
        self.looks = 0

    async def obstacle(self, proxy: Proxy | None) -> PageLost | None:
        self.looks += 1
        return None if self.is_clear else PageLost("page_unreachable", "told so")


class World:
    """A supervisor with everything around it."""

    def __init__(
        self,
        supervisor: Supervisor,
        engine: ToldEngine,
        store: SqlSessionStore | MemorySessionStore,
        profiles: Path,
        log: SqlEventLog | MemoryEventLog,
        sky: Sky,
    ) -> None:
        self.sky = sky
        self.supervisor = supervisor
        self.engine = engine
        self.store = store
        self.profiles = profiles
        self.log = log

    async def reach(self, name: str, *states: State) -> None:
        await until(lambda: self.supervisor.find(name).record.state in states)

    async def observe(self, observation: Observation) -> None:
        self.engine.page.sink(observation)
        await asyncio.sleep(0.01)

    async def working(self, name: str = "s") -> ToldPage:
        actor = await self.supervisor.add(a_session(name))
        await actor.ask(CommandKind.START, asked_by="test")
        await until(lambda: self.engine.pages)
        self.engine.page.sink(Connected(ME))
        await self.reach(name, State.WORKING)
        return self.engine.page


LIMITS = Limits(
    start_seconds=60,
    qr_seconds=60,
    pairing_seconds=60,
    reconnect_seconds=60,
    liveness_interval_seconds=60,
    stable_run_seconds=60,
    restart_attempts=3,
    restart_backoff=Backoff(0.01, 0.02),
    stop_after_unlink=False,
)


UNPACED = SendLimits(Pace(per_minute=0), wait_seconds=10)


class Inline(Executor):
    """Runs what is submitted at once, where it is: no thread."""

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(work(*arguments, **named))
        except Exception as error:  # noqa: BLE001 - whoever awaits it gets it
            done.set_exception(error)
        return done


class QuickRemover(Remover):
    """Takes a profile away by a rename, and leaves it at that: no journal, no look for holders, no purge."""

    def __init__(self, profiles: Path) -> None:
        self._profiles = profiles

    async def remove(self, session: str, path: Path, *, named_by_person: bool = False) -> Removal:
        return self._remove(session, path)

    def _remove(self, session: str, path: Path) -> Removal:
        removal_id, now = ulid(), SystemClock().now()
        if not path.exists():
            return Removal(removal_id, session, path, RemovalState.PURGED, now, now)
        trash_path = self._profiles / ".trash" / removal_id
        path.rename(trash_path)
        return Removal(removal_id, session, path, RemovalState.QUARANTINED, now, now, trash_path)


@asynccontextmanager
async def world(
    path: Path, limits: Limits = LIMITS, send_limits: SendLimits = UNPACED, *, on_disk: bool = False
) -> AsyncIterator[World]:
    clock = SystemClock()
    profiles = ProfileStore(path / "profiles")
    store: SqlSessionStore | MemorySessionStore
    async with AsyncExitStack() as stack:
        if on_disk:
            database = await stack.enter_async_context(opened(path / "test.db"))
            store = SqlSessionStore(database)
            log: SqlEventLog | MemoryEventLog = SqlEventLog(database)
            journal: SqlSendJournal | MemorySendJournal = SqlSendJournal(database, clock)
            remover = Remover(profiles, SqlRemovalJournal(database), clock)
            removing = spawn(remover.run(), name="removals")
            stack.push_async_callback(end, removing)
            await remover.resume()
        else:
            stack.enter_context(mock.patch.object(tasks, "_BLOCKING", Inline()))
            store = MemorySessionStore()
            log, journal, remover = store.log, MemorySendJournal(clock), QuickRemover(path / "profiles")
            profiles.prepare()
        await stack.enter_async_context(asyncio.timeout(LIMIT_SECONDS))
        engine = ToldEngine()
        gate = BootGate(2, lambda: False)
        sky = Sky()
        network = Network(sky, 0.01)
        looking = spawn(network.run(), name="network")
        stack.push_async_callback(end, looking)
        supervisor = Supervisor(
            Dependencies(store, engine, profiles, remover, clock, gate, network, limits, journal, send_limits)
        )
        try:
            yield World(supervisor, engine, store, path / "profiles", log, sky)
        finally:
            await supervisor.close(5.0, asyncio.Event())
            assert not [page for page in engine.pages if page.is_open]


def play(
    path: Path,
    scene: Callable[[World], Awaitable[None]],
    limits: Limits = LIMITS,
    send_limits: SendLimits = UNPACED,
    *,
    on_disk: bool = False,
) -> None:
    async def main() -> None:
        async with world(path, limits, send_limits, on_disk=on_disk) as here:
            await scene(here)

    asyncio.run(main())


def play_on_disk(path: Path, scene: Callable[[World], Awaitable[None]], limits: Limits = LIMITS) -> None:
    play(path, scene, limits, on_disk=True)
