"""The removals that are open now: what the journal has of each, and when each is due again.

The journal is written before the memory of anybody else learns of it; nothing here touches a folder.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from weakref import WeakSet

from tuntas.foundation.clock import Clock
from tuntas.profiles.model import Removal, RemovalState
from tuntas.profiles.ports import RemovalJournal


@dataclass(slots=True, eq=False)
class RemovalEntry:
    """An open removal. Whoever acts on it holds ``lock``; ``due`` is monotonic time, ``None`` while somebody acts."""

    removal: Removal
    is_recorded: bool
    due: float | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    taken_at: float | None = None
    """When its folder was renamed away, monotonic; ``None`` if not in this life of the process."""
    reappearances: int = 0
    """How often the folder had come back to its old path before."""
    rounds: int = 0
    """How many foreground calls came to an answer."""
    errors: int = 0
    """Unexpected errors in a row, the journal's among them."""

    def is_due(self, now: float) -> bool:
        """Whether its turn has come, at the monotonic time ``now``."""
        return self.due is not None and self.due <= now

    def is_open(self) -> bool:
        """Whether anything is left to do."""
        return self.removal.state is not RemovalState.PURGED


class RemovalLedger:
    """All open removals by id."""

    def __init__(self, journal: RemovalJournal, clock: Clock, on_change: Callable[[Removal], None] | None) -> None:
        self._journal = journal
        self._clock = clock
        self._on_change = on_change
        self._entries: dict[str, RemovalEntry] = {}
        self._bells: WeakSet[asyncio.Event] = WeakSet()

    def open(self, removal: Removal, *, is_recorded: bool = False) -> RemovalEntry:
        """Take a removal in; the same one twice is one entry."""
        return self._entries.setdefault(removal.id, RemovalEntry(removal, is_recorded))

    def forget(self, entry: RemovalEntry) -> None:
        """Drop an entry that never came into the journal, or that is finished."""
        self._entries.pop(entry.removal.id, None)

    async def record(self, entry: RemovalEntry, **changes: Any) -> Removal:
        """Change the removal, write it to the journal, tell the observer; a purged one is dropped. Returns it.

        If the journal raises, the change stays in memory and ``is_recorded`` is false: it will be written later.
        """
        entry.removal = replace(entry.removal, updated_at=self._clock.now(), **changes)
        entry.is_recorded = False
        recorded = entry.removal
        await self._journal.put(recorded)
        entry.is_recorded = True
        entry.errors = 0
        if not entry.is_open():
            self.forget(entry)
        if self._on_change is not None:
            self._on_change(recorded)
        return recorded

    async def unfinished(self) -> list[Removal]:
        """Return what the journal has that is not purged."""
        return await self._journal.unfinished()

    def bell(self) -> asyncio.Event:
        """Return a new event that is set whenever something may have become due."""
        bell = asyncio.Event()
        self._bells.add(bell)
        return bell

    def ring(self) -> None:
        """Say that something may have become due."""
        for bell in self._bells:
            bell.set()

    def entries(self) -> list[RemovalEntry]:
        """Return the open entries, oldest first."""
        return sorted(self._entries.values(), key=lambda entry: (entry.removal.created_at, entry.removal.id))

    def at(self, path: Path) -> RemovalEntry | None:
        """Return the entry whose folder is still at ``path``, if there is one."""
        return next((entry for entry in self.entries() if entry.removal.path == path and not _is_free(entry)), None)

    def newest_from(self, path: Path) -> Removal | None:
        """Return the newest open removal whose folder was taken from ``path``."""
        gone = [entry.removal for entry in self.entries() if entry.removal.path == path and _is_free(entry)]
        return gone[-1] if gone else None

    def holds(self, entry: RemovalEntry) -> bool:
        """Whether the entry is among the open ones."""
        return self._entries.get(entry.removal.id) is entry

    def names_in_trash(self) -> set[str]:
        """Return the names in the trash that belong to an open removal, or will."""
        taken = {entry.removal.trash_path.name for entry in self.entries() if entry.removal.trash_path}
        return taken | set(self._entries)


def next_due(entries: Iterable[RemovalEntry]) -> RemovalEntry | None:
    """Return the entry that is due first, ``None`` if none waits."""
    waiting = [(entry.due, entry) for entry in entries if entry.due is not None]
    return min(waiting, key=lambda pair: pair[0])[1] if waiting else None


def _is_free(entry: RemovalEntry) -> bool:
    return entry.removal.name_is_free
