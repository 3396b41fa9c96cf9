"""A folder of Windows during a purge: by path, for there are no calls by descriptor, and in the unlimited form.

A reparse point (a junction, a symbolic link, a mounted volume) is deleted itself and never entered. The read-only
attribute is cleared from what is deleted: Windows deletes nothing that carries it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

from tuntas.foundation.long_paths import extended
from tuntas.profiles.folder import Folder, FolderEntry


class FolderByPath:
    """A directory by its path. Nothing is held between two calls."""

    def __init__(self, path: Path) -> None:
        """Look at ``path``. Raises NotADirectoryError for a reparse point, OSError."""
        self.path = extended(path)
        facts = self.path.lstat()
        if not _is_plain_directory(facts):
            raise NotADirectoryError(errno.ENOTDIR, "not a real directory", str(path))
        self.device = facts.st_dev

    def entries(self) -> list[FolderEntry]:
        """Return what is in it now."""
        found = []
        with os.scandir(self.path) as names:
            for one in names:
                try:
                    facts = one.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                is_directory = _is_plain_directory(facts)
                size = 0 if is_directory or facts.st_nlink > 1 else facts.st_size
                found.append(FolderEntry(one.name, is_directory, size))
        return found

    def open(self, name: str) -> Folder:
        """Open a directory in it."""
        return FolderByPath(self.path / name)

    def unlink(self, name: str) -> None:
        """Delete a file, or a link to a file or to a directory."""
        path = self.path / name
        is_directory = stat.S_ISDIR(path.lstat().st_mode)
        _writable(path, path.rmdir if is_directory else path.unlink)

    def rmdir(self, name: str) -> None:
        """Delete an empty directory."""
        remove_directory(self.path / name)

    def hoist(self, name: str, top: Folder, new_name: str) -> None:
        """Move a directory up into ``top``."""
        assert isinstance(top, FolderByPath)
        (self.path / name).rename(top.path / new_name)

    def close(self) -> None:
        """Do nothing: nothing is held."""


def remove_directory(path: Path) -> None:
    """Delete an empty directory. Raises OSError."""
    path = extended(path)
    _writable(path, path.rmdir)


def _writable(path: Path, act: Callable[[], None]) -> None:
    """Do ``act``; if the read-only attribute is the obstacle, clear it and do it again."""
    try:
        act()
    except PermissionError:
        facts = path.lstat()
        if not getattr(facts, "st_file_attributes", 0) & stat.FILE_ATTRIBUTE_READONLY:
            raise
        path.chmod(stat.S_IWRITE)
        act()


def _is_plain_directory(facts: os.stat_result) -> bool:
    attributes: int = getattr(facts, "st_file_attributes", 0)
    return stat.S_ISDIR(facts.st_mode) and not attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT
