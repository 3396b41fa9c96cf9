"""One open folder during a purge, and the acts on its entries, in the safest way the system offers.

POSIX: by descriptor, never by path. While a path is being walked, anybody with access may swap a directory in it for
a link to somewhere else; a descriptor stays what it was when it was opened. Windows has no such calls, and a file of
its own (``folders_windows.py``). No act here ever follows a link. Rights are loosened on directories of our own only,
never on a file: a file may have another name outside.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from tuntas.profiles.folder import Folder, FolderEntry

if sys.platform == "win32":
    from tuntas.profiles.folders_windows import FolderByPath, remove_directory

_OPEN_DIRECTORY = (
    os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
)


def open_folder(path: Path) -> Folder:
    """Open a real directory; its own rights are loosened if they are in the way. Raises OSError, for a link too."""
    if sys.platform == "win32":
        return FolderByPath(path)
    parent = os.open(path.parent, _OPEN_DIRECTORY & ~getattr(os, "O_NOFOLLOW", 0))
    try:
        return _FolderByDescriptor(_open_loosened(path.name, parent))
    finally:
        os.close(parent)


def remove_root(path: Path) -> None:
    """Delete an empty directory by its path. Raises OSError."""
    if sys.platform == "win32":
        remove_directory(path)
    else:
        path.rmdir()


def used_bytes(facts: os.stat_result) -> int:
    """Return the disk space that goes with the last name of a file; 0 if it has other names."""
    if facts.st_nlink > 1:
        return 0
    return facts.st_blocks * 512 if sys.platform != "win32" else facts.st_size


def loosen(path: Path) -> bool:
    """Give the owner all rights on a directory of ours; whether that changed anything. Raises OSError."""
    if sys.platform == "win32":
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

    def entries(self) -> list[FolderEntry]:
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
                found.append(FolderEntry(one.name, is_directory, size))
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
