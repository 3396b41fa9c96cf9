"""One open folder during a purge, and the acts on its entries, in the safest way the system offers.

POSIX: by descriptor, never by path. While a path is being walked, anybody with access may swap a directory in it for
a link to somewhere else; a descriptor stays what it was when it was opened. Windows has no such calls: there by path.
No act here ever follows a link. Rights are loosened on directories of our own only, never on a file: a file may have
another name outside.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_OPEN_DIRECTORY = (
    os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in a folder. ``used_bytes`` is what deleting it frees: 0 for a directory, and for one of several names."""

    name: str
    is_directory: bool
    used_bytes: int


class Folder(Protocol):
    """An open directory. Each method raises OSError as the system gives it."""

    device: int

    def entries(self) -> list[Entry]:
        """Return what is in it now."""
        ...

    def open(self, name: str) -> Folder:
        """Open a directory in it. The caller closes what it gets."""
        ...

    def unlink(self, name: str) -> None:
        """Delete a file, a link, a socket: anything but a directory."""
        ...

    def rmdir(self, name: str) -> None:
        """Delete an empty directory."""
        ...

    def hoist(self, name: str, top: Folder, new_name: str) -> None:
        """Move a directory up into ``top``, which must be a folder of the same kind."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def open_folder(path: Path) -> Folder:
    """Open a real directory; its own rights are loosened if they are in the way. Raises OSError, for a link too."""
    if os.open not in os.supports_dir_fd:
        return _FolderByPath(path)
    parent = os.open(path.parent, _OPEN_DIRECTORY & ~getattr(os, "O_NOFOLLOW", 0))
    try:
        return _FolderByDescriptor(_open_loosened(path.name, parent))
    finally:
        os.close(parent)


def used_bytes(facts: os.stat_result) -> int:
    """Return the disk space that goes with the last name of a file; 0 if it has other names."""
    if facts.st_nlink > 1:
        return 0
    return facts.st_blocks * 512 if sys.platform != "win32" else facts.st_size


def loosen(path: Path) -> bool:
    """Give the owner all rights on a directory of ours; whether that changed anything. Raises OSError."""
    if os.open not in os.supports_dir_fd:
        return False
    folder = open_folder(path)
    try:
        return isinstance(folder, _FolderByDescriptor) and folder.loosen()
    finally:
        folder.close()


class _FolderByDescriptor:
    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.device = os.fstat(descriptor).st_dev

    def entries(self) -> list[Entry]:
        found = []
        with os.scandir(self.descriptor) as names:
            for one in names:
                try:
                    is_directory = one.is_dir(follow_symlinks=False)
                    size = 0 if is_directory else used_bytes(one.stat(follow_symlinks=False))
                except FileNotFoundError:
                    continue
                except PermissionError:
                    is_directory, size = one.is_dir(follow_symlinks=False), 0
                found.append(Entry(one.name, is_directory, size))
        return found

    def open(self, name: str) -> Folder:
        return _FolderByDescriptor(_open_loosened(name, self.descriptor))

    def unlink(self, name: str) -> None:
        self._after_loosening(lambda: os.unlink(name, dir_fd=self.descriptor))

    def rmdir(self, name: str) -> None:
        self._after_loosening(lambda: os.rmdir(name, dir_fd=self.descriptor))

    def hoist(self, name: str, top: Folder, new_name: str) -> None:
        assert isinstance(top, _FolderByDescriptor)
        os.rename(name, new_name, src_dir_fd=self.descriptor, dst_dir_fd=top.descriptor)

    def close(self) -> None:
        os.close(self.descriptor)

    def _after_loosening(self, act: Callable[[], None]) -> None:
        """Do ``act``; if this folder's own missing write permission is the obstacle, give it and do it again."""
        try:
            act()
        except OSError as error:
            if error.errno != errno.EACCES or not self.loosen():
                raise
            act()

    def loosen(self) -> bool:
        """Give the owner all rights on this directory if it is ours; whether that changed anything."""
        facts = os.fstat(self.descriptor)
        if facts.st_uid != os.geteuid() or facts.st_mode & stat.S_IRWXU == stat.S_IRWXU:
            return False
        os.fchmod(self.descriptor, stat.S_IMODE(facts.st_mode) | stat.S_IRWXU)
        return True


def _open_loosened(name: str, parent: int) -> int:
    try:
        return os.open(name, _OPEN_DIRECTORY, dir_fd=parent)
    except PermissionError:
        if not hasattr(os, "O_PATH"):
            raise
        # An O_PATH descriptor needs no right on the directory; through /proc its mode can be set without a path that
        # somebody could swap meanwhile (fchmod refuses such descriptors, see open(2)).
        handle = os.open(name, os.O_PATH | _OPEN_DIRECTORY, dir_fd=parent)
        try:
            facts = os.fstat(handle)
            if facts.st_uid != os.geteuid() or facts.st_mode & stat.S_IRWXU == stat.S_IRWXU:
                raise
            os.chmod(f"/proc/self/fd/{handle}", stat.S_IMODE(facts.st_mode) | stat.S_IRWXU)  # noqa: PTH101
        finally:
            os.close(handle)
        return os.open(name, _OPEN_DIRECTORY, dir_fd=parent)


class _FolderByPath:
    def __init__(self, path: Path) -> None:
        self.path = path
        facts = path.lstat()
        if _is_reparse_point(facts) or not stat.S_ISDIR(facts.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "not a real directory", str(path))
        self.device = facts.st_dev

    def entries(self) -> list[Entry]:
        found = []
        with os.scandir(self.path) as names:
            for one in names:
                facts = one.stat(follow_symlinks=False)
                # A junction is deleted like an empty directory, and never entered.
                is_directory = stat.S_ISDIR(facts.st_mode) and not _is_reparse_point(facts)
                found.append(Entry(one.name, is_directory, 0 if is_directory else used_bytes(facts)))
        return found

    def open(self, name: str) -> Folder:
        return _FolderByPath(self.path / name)

    def unlink(self, name: str) -> None:
        path = self.path / name
        facts = path.lstat()
        if stat.S_ISDIR(facts.st_mode):
            path.rmdir()
            return
        try:
            path.unlink()
        except PermissionError:
            read_only = getattr(stat, "FILE_ATTRIBUTE_READONLY", 0)
            if not getattr(facts, "st_file_attributes", 0) & read_only:
                raise
            path.chmod(stat.S_IWRITE)  # Windows deletes no file that carries the read-only attribute
            path.unlink()

    def rmdir(self, name: str) -> None:
        (self.path / name).rmdir()

    def hoist(self, name: str, top: Folder, new_name: str) -> None:
        assert isinstance(top, _FolderByPath)
        (self.path / name).rename(top.path / new_name)

    def close(self) -> None:
        """Nothing is held."""


def _is_reparse_point(facts: os.stat_result) -> bool:
    return bool(getattr(facts, "st_file_attributes", 0) & getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0))
