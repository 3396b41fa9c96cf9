"""What one node has seen of the register, and the writes of its own that it awaits. Pure: all is handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tuntas.cluster.messages import Write
from tuntas.cluster.records import (
    NODES,
    OWNERS,
    Lease,
    Owner,
    RegisterEntry,
    lease_of,
    node_key,
    owner_key,
    owner_of,
    to_bytes,
)


@dataclass(frozen=True, slots=True)
class SeenLease:
    """A lease, and since when this node has seen it unchanged, on its own clock."""

    revision: int
    lease: Lease
    since: float


@dataclass(frozen=True, slots=True)
class SeenOwner:
    """An owner as the register has it."""

    revision: int
    owner: Owner


class View:
    """Leases and owners. Answers and watches overtake each other, so the newest revision of a key is believed."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self.nodes: dict[str, SeenLease] = {}
        self.owners: dict[str, SeenOwner] = {}
        self.newest = 0

    def take(self, entry: RegisterEntry, now: float) -> bool:
        """Take an entry in; False where it is not news."""
        self.newest = max(self.newest, entry.revision)
        table, _, name = entry.key.partition("/")
        if table not in (NODES, OWNERS):
            return False
        known = self.nodes.get(name) if table == NODES else self.owners.get(name)
        if known is not None and entry.revision <= known.revision:
            return False
        if entry.value is None:
            self._remove(entry.key)
        elif table == NODES:
            self.nodes[name] = SeenLease(entry.revision, lease_of(entry.value), now)
        else:
            self.owners[name] = SeenOwner(entry.revision, owner_of(entry.value))
        return True

    def keep_only(self, entries: Sequence[RegisterEntry]) -> None:
        """Forget what is not among ``entries``, which are all."""
        there = {entry.key for entry in entries}
        for key in [*map(node_key, self.nodes), *map(owner_key, self.owners)]:
            if key not in there:
                self._remove(key)

    def living(self) -> list[str]:
        """Return the nodes that take sessions, those with the most room first."""
        able = [one for one, seen in self.nodes.items() if not (seen.lease.is_over or seen.lease.about.is_draining)]
        return sorted(able, key=lambda one: (*_rank(self.nodes[one].lease), one))

    def is_live(self, name: str) -> bool:
        """Say whether a node's lease goes on, as far as it is seen."""
        return name in self.nodes and not self.nodes[name].lease.is_over

    def _remove(self, key: str) -> None:
        table, _, name = key.partition("/")
        if table == NODES:
            self.nodes.pop(name, None)
        else:
            self.owners.pop(name, None)


@dataclass(frozen=True, slots=True)
class Pending:
    """A write without an answer, and the newest revision that was known when it was sent."""

    write: Write
    newest: int


class Writes:
    """Writes that are under way: at most one of a key."""

    def __init__(self) -> None:
        """None is."""
        self._numbers = 0
        self._pending: dict[int, Pending] = {}
        self._keys: set[str] = set()

    def begin(self, key: str, expected: int, record: Lease | Owner | None, newest: int) -> Write:
        """Return a new write."""
        self._numbers += 1
        write = Write(self._numbers, key, expected, None if record is None else to_bytes(record))
        self._pending[write.number] = Pending(write, newest)
        self._keys.add(key)
        return write

    def end(self, number: int) -> Pending | None:
        """Return the write that an answer is to, None where it is not awaited any more."""
        pending = self._pending.pop(number, None)
        if pending is not None:
            self._keys.discard(pending.write.key)
        return pending

    def is_pending(self, key: str) -> bool:
        """Say whether a write of ``key`` is under way."""
        return key in self._keys

    def forget(self) -> None:
        """Await none any more."""
        self._pending.clear()
        self._keys.clear()

    def __len__(self) -> int:
        return len(self._pending)


def _rank(lease: Lease) -> tuple[float, int]:
    """Sort the most free memory first, counted as if a busy machine had less of it."""
    about = lease.about
    return -about.memory_bytes * (0.25 + 0.75 * about.idle_share), about.sessions
