"""A remover of real folders with a journal in memory, a clock by hand, and obstacles as the test says.

No process is started or looked for: who uses a folder is what the test says too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tuntas.foundation import tasks
from tuntas.processes.holder import Holder
from tuntas.processes.holders import UsesFound
from tuntas.profiles import shared_look, steps
from tuntas.profiles.ledger import RemovalEntry
from tuntas.profiles.model import Removal, RemovalState
from tuntas.profiles.os_errors import Obstacle
from tuntas.profiles.purge import Bounds
from tuntas.profiles.removal import Remover
from tuntas.profiles.settings import RemovalSettings
from tuntas.profiles.store import ProfileStore

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
PATIENT = RemovalSettings(delay_seconds=600.0, first_retry_seconds=600.0, retry_ceiling_seconds=6000.0)
BROWSER = Holder(7, "chrome", "command line", "/somewhere")
EDITOR = Holder(8, "editor", "open file", "/somewhere")


class ManualClock:
    """Goes on when the test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.seconds)


class MemoryJournal:
    """Keeps removals while the test lasts; what ``refuses`` says is not taken."""

    def __init__(self) -> None:
        self.kept: dict[str, Removal] = {}
        self.states: list[RemovalState] = []
        self.reads = 0
        self.refuses: Callable[[Removal], bool] = lambda _: False

    async def put(self, removal: Removal) -> None:
        if self.refuses(removal):
            raise OSError(28, "No space left on device")
        self.kept[removal.id] = removal
        self.states.append(removal.state)

    async def unfinished(self) -> list[Removal]:
        self.reads += 1
        await asyncio.sleep(0)
        return [removal for removal in self.kept.values() if removal.state is not RemovalState.PURGED]


class Removing:
    """A store, a journal, a remover, and what stands in its way."""

    def __init__(self, folder: Path, settings: RemovalSettings = PATIENT, journal: MemoryJournal | None = None) -> None:
        self.clock = ManualClock()
        self.store = ProfileStore(folder / "profiles", clock=self.clock)
        self.journal = journal or MemoryJournal()
        self.seen: list[Removal] = []
        self.holders: tuple[Holder, ...] = ()
        self.obstacles: dict[str, Obstacle] = {}
        """By the name of the folder that cannot be taken away."""
        self.tries: list[str] = []
        self.at_each_try: Callable[[], None] = lambda: None
        self.lines: list[MutableMapping[str, Any]] = []
        """What was logged."""
        self._changed = asyncio.Event()
        self.remover = Remover(self.store, self.journal, self.clock, settings, self._take_note, lambda: 1.0)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        take_away = steps.take_away

        def tried(store: ProfileStore, removal: Removal, bounds: Bounds) -> steps.StepResult:
            self.tries.append(removal.path.name)
            self.at_each_try()
            if removal.path.name in self.obstacles:
                return steps.stuck(self.obstacles[removal.path.name])
            return take_away(store, removal, bounds)

        patch.setattr(steps, "take_away", tried)
        patch.setattr(
            shared_look, "uses_of", lambda *groups, **_: UsesFound((self.holders,) * len(groups), in_time=True)
        )

    def _take_note(self, removal: Removal) -> None:
        self.seen.append(removal)
        self._changed.set()

    def profile(self, session: str = "ani") -> Path:
        self.store.prepare()
        path = self.store.create(session, session)
        (path / "file").write_text("x")
        return path

    def came_back(self, path: Path) -> None:
        """Make a folder again where one was taken from, as a browser does that still lives."""
        path.mkdir()
        (path / "file").write_text("x")

    def open(self) -> list[tuple[str, RemovalState]]:
        return [(one.session, one.state) for one in self.remover.open_removals()]

    def entry(self) -> RemovalEntry:
        """Return the one open removal as the remover has it."""
        (entry,) = self.remover._ledger.entries()
        return entry

    async def until(self, is_so: Callable[[], object]) -> None:
        """Wait until something is so that a change of a removal makes so."""
        while not is_so():
            self._changed.clear()
            await self._changed.wait()

    async def until_tried(self, times: int) -> None:
        """Wait until the newest change is the failure number ``times``."""
        await self.until(lambda: self.seen and self.seen[-1].attempts == times)

    async def until_all_purged(self) -> None:
        await self.until(lambda: not self.remover.open_removals())

    @asynccontextmanager
    async def in_background(self) -> AsyncIterator[None]:
        running = tasks.spawn(self.remover.run(), name="remover")
        try:
            yield
        finally:
            await tasks.end(running)


def play(folder: Path, scene: Callable[[Removing], Awaitable[None]], settings: RemovalSettings = PATIENT) -> Removing:
    """Run a scene; one that waits for what never comes fails."""

    async def run() -> Removing:
        house = Removing(folder, settings)
        with pytest.MonkeyPatch.context() as patch, capture_logs() as house.lines:
            house.install(patch)
            async with asyncio.timeout(5):
                await scene(house)
        return house

    return asyncio.run(run())


def somebody_waits_for(entry: RemovalEntry) -> bool:
    """Whether somebody else waits until who acts on it now is through. A lock of asyncio's has no word for it."""
    return bool(getattr(entry.lock, "_waiters", None))
