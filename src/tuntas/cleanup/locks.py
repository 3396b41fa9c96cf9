"""Stale Singleton locks: cleared when nobody can own them, and otherwise a finding for people. Blocking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tuntas.cleanup.leftovers import IN_USE, Doomed, Kept
from tuntas.processes import HolderScanTimedOut, clear_stale_singleton, holders_of
from tuntas.processes.singleton import lock_in


def clear_locks(locks: Sequence[Path]) -> tuple[list[Doomed], list[Kept]]:
    """Clear what is stale, and return what is gone and what is kept. A lock that went with its browser is gone."""
    removed, kept = list[Doomed](), list[Kept]()
    for lock in locks:
        left = _clear(lock) if lock_in(lock.parent) is not None else None
        if left is None:
            removed.append(Doomed(lock.parent.name, lock, 0))
        else:
            kept.append(left)
    return removed, kept


def _clear(lock: Path) -> Kept | None:
    try:
        if clear_stale_singleton(lock.parent) or lock_in(lock.parent) is None:
            return None
        holders = holders_of(lock.parent)
    except HolderScanTimedOut as slow:
        return Kept(lock, IN_USE, slow.found, "Whether the lock is stale could not be found out in time.")
    except OSError as error:
        return Kept(lock, "permission", message=f"The lock cannot be removed: {error.strerror}.")
    return Kept(lock, IN_USE, holders, "It is not proven stale.")
