"""The trash: a folder on the profiles' own volume where what is renamed away waits to be purged.

One rename takes a profile out of the way in well under a millisecond, whatever its size and whoever has its files
open; deleting it takes seconds and can fail half-way. Nothing in here is ever used again, so everything in here may
be purged at any time, by any later start, without a record.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from tuntas.foundation.failpoints import failpoint
from tuntas.foundation.identifiers import ulid
from tuntas.foundation.long_paths import extended
from tuntas.foundation.plain_values import readable

# What a removal's record has room for.
LONGEST_NAME = 64

log = structlog.get_logger(__name__)


class Trash:
    """The trash folder at ``path``. An entry is named for its removal's id, so either leads to the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unborn: set[str] = set()

    def path_of(self, removal_id: str) -> Path:
        """Return where the folder of the removal lies, or would lie."""
        return self.path / removal_id

    def entries(self) -> list[Path]:
        """Return all that waits here, without what is being made here just now. Raises OSError."""
        return [path for path in sorted(self.path.iterdir()) if path.name not in self._unborn]

    def named_entries(self) -> list[Path]:
        """Return ``entries``, each under a name that can be written down; one that has none gets it. Raises OSError."""
        return [self._named(path) for path in self.entries()]

    def _named(self, path: Path) -> Path:
        if readable(path.name) == path.name and len(path.name) <= LONGEST_NAME:
            return path
        named = self.path / ulid()
        path.rename(named)
        return named

    @contextmanager
    def nursery(self) -> Iterator[Path]:
        """Lend an empty folder to build a profile in; it must be renamed to its place before the end.

        A crash in between leaves it where it will be purged anyway. Raises OSError.
        """
        name = ulid()
        self._unborn.add(name)
        unborn = self.path / name
        try:
            unborn.mkdir(mode=0o700)
            yield unborn
        finally:
            self._unborn.discard(name)


def quarantine(path: Path, destination: Path) -> Path:
    """Rename ``path`` to ``destination`` and return that; both parents are on disk when it returns.

    Never copies and never merges. Raises OSError as the system gives it: see ``os_errors.classify``.
    """
    # rename(2) would replace an empty directory; an entry of the trash has one owner.
    if os.path.lexists(destination):
        message = "the name in the trash is taken"
        raise FileExistsError(17, message, str(destination))
    extended(path).rename(extended(destination))
    failpoint("removal.renamed")
    sync_folder(path.parent)
    sync_folder(destination.parent)
    return destination


def sync_folder(folder: Path) -> None:
    """Have a folder's names written to the disk, so that a power cut cannot undo a rename.

    A failure is logged and no more: the rename has happened, and should it be undone the next start sees so.
    """
    if sys.platform == "win32":
        return  # folders cannot be opened there; NTFS logs its renames itself
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        log.warning("folder_not_synced", folder=str(folder), error=str(error))
