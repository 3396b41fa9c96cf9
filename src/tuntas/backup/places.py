"""Where backups are: a folder, or a bucket that speaks S3. Each shows a backup only when it is whole.

In a folder it is written under another name and renamed; S3 shows an object when its upload is completed.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from tuntas.backup.errors import PlaceUnusable

SUFFIX = ".tuntas"
S3 = "s3://"
# A disk that is full to the last byte breaks more than a backup.
RESERVE_BYTES = 64 * 1024 * 1024

_ABANDONED_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class StoredArchive:
    """An archive that is there."""

    name: str
    size_bytes: int


class BackupPlace(Protocol):
    """Keeps archives by their names. Every method blocks, and raises PlaceUnusable."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether others than this machine's users can read it."""
        ...

    def shown(self, name: str = "") -> str:
        """Return what people call it, or an archive in it."""
        ...

    def require_room(self, size_bytes: int) -> None:
        """Return if so much can be written."""
        ...

    def write(self, name: str, pieces: Iterator[bytes]) -> int:
        """Keep an archive under a name that is free; return its size. What ``pieces`` raises leaves nothing."""
        ...

    def stored(self) -> list[StoredArchive]:
        """Return what is there, by name: the newest is the last."""
        ...

    def open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Open an archive for reading, once through."""
        ...


class FolderPlace:
    """A folder on this machine."""

    is_elsewhere = False

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, which is made with the first archive."""
        self._folder = folder

    def shown(self, name: str = "") -> str:
        """Return its path, or an archive's."""
        return str(self._folder / name) if name else str(self._folder)

    def require_room(self, size_bytes: int) -> None:
        """See that the folder can be made and has room. Raises PlaceUnusable."""
        with self._told("be written"):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.access(self._folder, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied")
            free = shutil.disk_usage(self._folder).free
        if size_bytes + RESERVE_BYTES > free:
            message = (
                f"{self.shown()} has {free / 1e6:.0f} MB free; the backup needs {size_bytes / 1e6:.0f} MB and "
                f"{RESERVE_BYTES / 1e6:.0f} MB to spare. Free some space, or name another place."
            )
            raise PlaceUnusable(message)

    def write(self, name: str, pieces: Iterator[bytes]) -> int:
        """Write under another name, have it on the disk, and rename. Raises PlaceUnusable."""
        path, unfinished = self._folder / name, self._folder / f".{name}.part"
        with self._told("be written"):
            if os.path.lexists(path):
                message = f"{path} is there already, and no backup is ever written over. Name another file."
                raise PlaceUnusable(message)
            self._remove_abandoned()
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    for piece in pieces:
                        file.write(piece)
                    size = file.tell()
                    file.flush()
                    os.fsync(file.fileno())
                unfinished.rename(path)
            except BaseException:
                with suppress(OSError):
                    unfinished.unlink()
                raise
        return size

    def stored(self) -> list[StoredArchive]:
        """Return the folder's archives. Raises PlaceUnusable."""
        with self._told("be read"):
            paths = [path for path in self._folder.iterdir() if path.suffix == SUFFIX and path.is_file()]
            return sorted((StoredArchive(path.name, path.stat().st_size) for path in paths), key=lambda one: one.name)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open an archive. Raises PlaceUnusable."""
        with self._told("be read", name):
            path = self._folder / name
            if not path.is_file():
                message = f"{path} is no file. Name a backup, or the folder that it is in."
                raise PlaceUnusable(message)
            file = path.open("rb")
        with file:
            yield file

    def _remove_abandoned(self) -> None:
        """Remove what a killed backup left. One that is being made is written to all the time."""
        for path in self._folder.glob(f".*{SUFFIX}.part"):
            if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                path.unlink(missing_ok=True)

    @contextmanager
    def _told(self, what: str, name: str = "") -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            message = f"{self.shown(name)} cannot {what}: {reason}. Mend that, or name another place."
            raise PlaceUnusable(message) from error


def place_for_writing(target: str) -> tuple[BackupPlace, str | None]:
    """Return the place that ``target`` names, and the archive's name in it if it names that too.

    A path that ends in a suffix and is no folder is a file; ``s3://bucket/…`` is one where it ends in ``.tuntas``.
    """
    if target.startswith(S3):
        return _s3(target)
    path = Path(target).expanduser().absolute()
    if path.is_dir() or not path.suffix:
        return FolderPlace(path), None
    return FolderPlace(path.parent), path.name


def place_for_reading(target: str) -> tuple[BackupPlace, str | None]:
    """Return the place that ``target`` names, and the archive's name in it if it names one.

    Raises:
        PlaceUnusable: there is nothing of that name.
    """
    if target.startswith(S3):
        return _s3(target)
    path = Path(target).expanduser().absolute()
    if path.is_dir():
        return FolderPlace(path), None
    if not path.exists():
        message = f"There is no {path}. Name a backup, or the folder that it is in."
        raise PlaceUnusable(message)
    return FolderPlace(path.parent), path.name


def newest_in(place: BackupPlace) -> str:
    """Return the newest archive's name. Raises PlaceUnusable: there is none."""
    found = [one for one in place.stored() if one.name.startswith("tuntas-backup-")]
    if not found:
        message = f"There is no backup in {place.shown()}. Name another place, or a file."
        raise PlaceUnusable(message)
    return found[-1].name


def _s3(target: str) -> tuple[BackupPlace, str | None]:
    from tuntas.backup.s3 import S3Place

    bucket, _, path = target.removeprefix(S3).partition("/")
    if not bucket:
        message = f"{target} names no bucket. Write s3://bucket/folder."
        raise PlaceUnusable(message)
    if path.endswith(SUFFIX):
        prefix, _, name = path.rpartition("/")
        return S3Place(bucket, prefix), name
    return S3Place(bucket, path.strip("/")), None
