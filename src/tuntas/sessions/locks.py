"""Stale Singleton locks: where there are any, and clearing them when nobody can own them. Blocking.

The proof itself is ``tuntas.profiles.clear_stale_singleton``'s; here its answers become findings for people.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

from tuntas.profiles import HolderScanTimedOut, clear_stale_singleton, holders_of
from tuntas.profiles.singleton import COOKIE, LOCK, SOCKET
from tuntas.sessions.leftovers import IN_USE, Doomed, Kept


def lock_in(profile: Path) -> Path | None:
    """Return the first mark of a browser in ``profile``: its lock, socket or cookie; ``None`` if there is none."""
    marks = (profile / name for name in (LOCK, SOCKET, COOKIE))
    return next((mark for mark in marks if mark.is_symlink()), None)


def names_other_host(profile: Path) -> bool:
    """Whether the lock was made under another host name: by another machine or container, or by this one's old name."""
    try:
        host = str((profile / LOCK).readlink()).rpartition("-")[0]
    except OSError:
        return False
    return host != socket.gethostname()


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
