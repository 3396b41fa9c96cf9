"""Who else may look into the data folder: what is open to other users is found, and closed by the folder's owner.

Whoever can read a profile can write as its WhatsApp account, and the write-ahead log holds messages. Only what is ours
is touched: no link is followed, and nothing of another user's, no home, no folder that all may write in is changed.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tuntas.profiles.guards import located, refuse_inhabited

OTHERS = stat.S_IRWXG | stat.S_IRWXO

# All that lies in a data folder. What is in the folders among these is behind their own doors.
_NAMES = (
    "tuntas.db",
    "tuntas.db-wal",
    "tuntas.db-shm",
    "tuntas.db-journal",
    "tuntas.lock",
    "dashboard.secret",
    "server.json",
    "canary.json",
    "canary",
    "files",
    "profiles",
    "profiles/.trash",
)


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """A file or folder that other users may use; ``why_not`` says why it is not ours to close, None if it is."""

    path: Path
    mode: int
    why_not: str | None = None

    def __str__(self) -> str:
        """Say which, and how open it is."""
        return f"{self.path} ({self.mode:04o})"


def open_entries(data_dir: Path, way_for: int | None = None) -> list[OpenEntry]:
    """Return what of a data folder is open to other users, the folder itself first. Changes nothing.

    ``way_for``: the group that may pass through to the profiles, see ``open_way``.
    """
    return [] if sys.platform == "win32" else list(_open_ones(Path(os.path.realpath(data_dir)), way_for))


def open_way(folder: Path, group: int) -> None:
    """Let ``group`` pass through a folder of ours to what it knows the name of: no more, it cannot list it.

    Raises OSError.
    """
    assert sys.platform != "win32"
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        os.fchown(descriptor, -1, group)
        os.fchmod(descriptor, mode & ~stat.S_IRWXG | stat.S_IXGRP)
    finally:
        os.close(descriptor)


def close_to_others(data_dir: Path, way_for: int | None = None) -> list[OpenEntry]:
    """Take other users' rights on a data folder and what lies in it, where that is ours to do; return what was open."""
    found = open_entries(data_dir, way_for)
    for entry in found:
        if entry.why_not is None:
            with suppress(FileNotFoundError):  # a log that SQLite has just put away
                _close(entry)
    return found


def foreign_owner(data_dir: Path) -> int | None:
    """Return the user id that a data folder belongs to, None if it is ours."""
    if sys.platform == "win32":
        return None
    owner = data_dir.stat().st_uid
    return owner if owner != os.geteuid() else None


def _open_ones(folder: Path, way_for: int | None) -> Iterator[OpenEntry]:
    for path in (folder, *(folder / name for name in _NAMES)):
        try:
            facts = path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        is_plain = stat.S_ISDIR(facts.st_mode) or stat.S_ISREG(facts.st_mode)
        is_way = path in (folder, folder / "profiles") and facts.st_gid == way_for
        if is_plain and facts.st_mode & OTHERS and not (is_way and facts.st_mode & OTHERS == stat.S_IXGRP):
            yield OpenEntry(path, stat.S_IMODE(facts.st_mode), _why_not(path, facts, is_root=path == folder))


def _why_not(path: Path, facts: os.stat_result, *, is_root: bool) -> str | None:
    assert sys.platform != "win32"
    if facts.st_uid != os.geteuid():
        return f"it belongs to user id {facts.st_uid}"
    if is_root and facts.st_mode & stat.S_ISVTX:
        return "it is a folder for everybody"
    if is_root:
        try:
            refuse_inhabited(located(path))
        except ValueError as error:
            return str(error)
    return None


def _close(entry: OpenEntry) -> None:
    # By descriptor: in a folder that others may write in, the name may be another thing by now.
    descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        facts = os.fstat(descriptor)
        if facts.st_uid == os.geteuid():
            os.fchmod(descriptor, stat.S_IMODE(facts.st_mode) & ~OTHERS)
    finally:
        os.close(descriptor)
