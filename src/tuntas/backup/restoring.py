"""Brings a backup's content into an empty data folder: read to its end first, then written, then put in place.

What is written lies in a folder of its own until all of it is there; the moves behind that are renames. A server
does not start on a folder in which that one is left: a restore was cut off, and is to be run again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tuntas.backup.creating import DATABASE, PROFILES
from tuntas.backup.cut_off import RESTORING_NAME
from tuntas.backup.entries import Tell
from tuntas.backup.errors import RestoreRefused
from tuntas.backup.manifest import BACKUP, Manifest
from tuntas.backup.places import RESERVE_BYTES
from tuntas.backup.reading import Archive, ArchiveReading, Contents, reading, verify
from tuntas.foundation.failpoints import failpoint
from tuntas.profiles.marker import write_marker
from tuntas.profiles.trash import sync_folder

# What a data folder that nobody has used may have in it all the same.
_HARMLESS = frozenset({"tuntas.lock", "lost+found", RESTORING_NAME})
# What a restore that was cut off may have put there.
_RESTORED = frozenset({"profiles", "tuntas.db"})


@dataclass(frozen=True, slots=True)
class Destination:
    """An empty data folder, whose lock is held.

    ``require_fitting`` raises RestoreRefused where the database of this manifest cannot be taken; ``take_database``
    brings it to its place, last of all.
    """

    data_dir: Path
    profiles_dir: Path
    require_fitting: Callable[[Manifest], None]
    take_database: Callable[[Path], None]


def restore(archive: Archive, secret: str | None, destination: Destination, tell: Tell) -> Contents:
    """Restore a backup. Blocking.

    Raises:
        ArchiveRefused, PlaceUnusable, RestoreRefused: nothing was changed.
    """
    with _told(destination.data_dir):
        require_empty(destination.data_dir)
        tell("All of it is read first")
        contents = verify(archive, secret)
        if contents.head.kind != BACKUP:
            message = f"{archive.shown} is one session. Bring it in with `tuntas import {archive.name}`."
            raise RestoreRefused(message)
        destination.require_fitting(contents.manifest)
        require_room(destination.data_dir, contents)
        staging = destination.data_dir / RESTORING_NAME
        if staging.exists():
            _clear(destination)
        staging.mkdir(mode=0o700)
        try:
            with reading(archive, secret) as walk:
                write_files(walk, staging, tell)
                if walk.contents() != contents:
                    message = f"{archive.shown} is not what it was a moment ago. Nothing was restored."
                    raise RestoreRefused(message)
            failpoint("restore.written")
            (staging / PROFILES).rename(destination.profiles_dir)
            failpoint("restore.moved")
            destination.take_database(staging / DATABASE)
        except BaseException:
            _clear(destination)
            raise
        shutil.rmtree(staging)
        sync_folder(destination.data_dir)
    return contents


def require_empty(data_dir: Path) -> None:
    """Refuse a folder that has anything in it, but for what a restore left that was cut off. Raises RestoreRefused."""
    is_cut_off = (data_dir / RESTORING_NAME).is_dir()
    harmless = _HARMLESS | _RESTORED if is_cut_off else _HARMLESS
    found = sorted(path.name for path in data_dir.iterdir() if path.name not in harmless)
    if found:
        message = f"{data_dir} is not empty ({found[0]} …). Name a folder that is, by --data-dir; nothing was changed."
        raise RestoreRefused(message)


def write_files(walk: ArchiveReading, root: Path, tell: Tell) -> None:
    """Write an archive's files below ``root``, marked and on the disk. Raises ArchiveRefused, OSError."""
    profiles = root / PROFILES
    profiles.mkdir(mode=0o700)
    session = ""
    for one in walk.files():
        path = root / one.path
        if (name := one.path.split("/")[1] if "/" in one.path else "the database") != session:
            session = name
            tell(f"Writing {name}")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for part in one.parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
    for entry in walk.manifest.sessions:
        if (profiles / entry.folder).is_dir():
            mark(profiles / entry.folder, entry.name, walk.manifest.created_at)


def mark(folder: Path, session: str, created_at: datetime) -> None:
    """Say whose profile it is; its names are on the disk then. Raises OSError."""
    write_marker(folder, session, created_at)
    for place, _, _ in os.walk(folder):
        sync_folder(Path(place))


def _clear(destination: Destination) -> None:
    """Take back what a restore has put there."""
    if destination.profiles_dir.exists():
        shutil.rmtree(destination.profiles_dir)
    for name in _RESTORED - {destination.profiles_dir.name}:
        (destination.data_dir / name).unlink(missing_ok=True)
    shutil.rmtree(destination.data_dir / RESTORING_NAME)  # last: while it is there, all of this is a restore's


def require_room(data_dir: Path, contents: Contents) -> None:
    """See that there is room for an archive's content. Raises RestoreRefused, OSError."""
    needed = contents.size_bytes
    free = shutil.disk_usage(data_dir).free
    if needed + RESERVE_BYTES > free:
        message = (
            f"{data_dir} has {free / 1e6:.0f} MB free; the backup needs {needed / 1e6:.0f} MB and "
            f"{RESERVE_BYTES / 1e6:.0f} MB to spare. Free some space, or choose a --data-dir on another volume."
        )
        raise RestoreRefused(message)


@contextmanager
def _told(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or data_dir
        message = f"{where} cannot be written: {error.strerror or error}. Choose another --data-dir."
        raise RestoreRefused(message) from error
