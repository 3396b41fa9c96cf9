"""The folder of all profiles: one folder a session, and the trash on the same volume.

It makes and lists folders and never deletes one; that is the removal's work. A path that an open removal still names
is never given to a new session, so that a patient removal can never take a newcomer's folder for its own.
"""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tuntas.foundation.clock import Clock, SystemClock
from tuntas.foundation.identifiers import ulid
from tuntas.profiles.guards import checked_name, folded, is_real_directory
from tuntas.profiles.marker import read_marker, write_marker
from tuntas.profiles.purge import size_bytes
from tuntas.profiles.trash import Trash, sync_folder

TRASH_NAME = ".trash"
ROOM_BYTES = 16 * 1024 * 1024


class FolderTaken(FileExistsError):
    """Something else is at this path. Ask ``folder_for`` for another one."""


class RootUnusable(OSError):
    """The folder of all profiles cannot be used as it is; the text says why. Permanent until a person changes it."""


@dataclass(frozen=True, slots=True)
class ProfileFolder:
    """A folder found among the profiles. ``session`` and ``created_at`` come from its marker, if it has one."""

    name: str
    path: Path
    is_marked: bool
    session: str | None
    created_at: datetime | None


class ProfileStore:
    """The folders below ``root``. Methods block on the disk for a moment: call them off the event loop."""

    def __init__(self, root: Path, *, clock: Clock | None = None) -> None:
        self.root = Path(os.path.realpath(root))
        self.trash = Trash(self.root / TRASH_NAME)
        self._clock = clock or SystemClock()
        self._reserved: set[str] = set()

    def prepare(self) -> None:
        """Create the root and the trash where they are missing, for the owner only (0700).

        Raises RootUnusable if the trash is no plain folder on the root's volume (a rename must reach it), OSError.
        """
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.trash.path.mkdir(mode=0o700, exist_ok=True)
        if not is_real_directory(self.trash.path):
            message = f"{self.trash.path} is not a plain folder"
            raise RootUnusable(message)
        if self.trash.path.stat().st_dev != self.root.stat().st_dev:
            message = f"{self.trash.path} is on another volume than {self.root}: unmount it"
            raise RootUnusable(message)

    def path_of(self, folder: str) -> Path:
        """Return where the folder called ``folder`` is, or would be. Raises RefusedPath for an unsafe name."""
        return self.root / checked_name(folder)

    def folder_for(self, session_name: str) -> str:
        """Return a free folder name for a session: its own name, else the name with a ULID behind it.

        An old folder that cannot be removed yet therefore never blocks a new session of the same name.
        """
        path = self.path_of(session_name)
        is_free = not self._is_reserved(path) and not os.path.lexists(path)
        return session_name if is_free else f"{session_name}.{ulid()}"

    def create(self, folder: str, session: str) -> Path:
        """Make and mark a folder and return its path; a folder that is already marked for ``session`` is returned.

        It appears at its place complete with its marker, in one rename: nobody ever sees it half made. An empty folder
        that is there already (a mounted volume) is marked and used. Raises FolderTaken, RefusedPath, OSError.
        """
        path = self.path_of(folder)
        if os.path.lexists(path):
            return self._existing(path, session)
        with self.trash.nursery() as unborn:
            write_marker(unborn, session, self._clock.now())
            try:
                unborn.rename(path)
            except OSError as error:
                if os.path.lexists(path):
                    message = f"{path} appeared while it was being made"
                    raise FolderTaken(message) from error
                raise
        sync_folder(self.root)
        return path

    def adopt(self, folder: str, session: str) -> Path:
        """Mark an unmarked folder with content (one made by another tool) as the profile of ``session``.

        Raises FolderTaken if it is marked for another session, or is no real directory; OSError.
        """
        path = self.path_of(folder)
        if not is_real_directory(path):
            message = f"{path} is not a folder"
            raise FolderTaken(message)
        if read_marker(path) is None:
            write_marker(path, session, self._clock.now())
        return self._existing(path, session)

    def _existing(self, path: Path, session: str) -> Path:
        if is_real_directory(path):
            marker = read_marker(path)
            if marker is not None and marker.session == session and not self._is_reserved(path):
                return path
            if marker is None and not any(path.iterdir()):
                write_marker(path, session, self._clock.now())
                return path
        message = f"{path} belongs to something else"
        raise FolderTaken(message)

    def listing(self) -> list[ProfileFolder]:
        """Return every folder among the profiles by name, marked or not, without the trash. Raises OSError."""
        found = []
        for path in sorted(self.root.iterdir()):
            if path != self.trash.path and is_real_directory(path):
                marker = read_marker(path)
                session, created_at = (marker.session, marker.created_at) if marker else (None, None)
                found.append(ProfileFolder(path.name, path, marker is not None, session, created_at))
        return found

    def unknown_folders(self, known: set[str]) -> list[ProfileFolder]:
        """Return the folders whose names are not in ``known``. They are for a person to judge."""
        return [folder for folder in self.listing() if folder.name not in known]

    def size_bytes(self, path: Path) -> int:
        """Return the disk space that ``path`` and all in it use, links not followed."""
        return size_bytes(path)

    def require_room(self, path: Path) -> None:
        """Raise OSError (ENOSPC) if the volume of ``path`` has no room for what a browser writes in its first minute.

        Without it a browser comes up all the same, and its page stays silent for ever.
        """
        free = shutil.disk_usage(path).free
        if free < ROOM_BYTES:
            message = f"{free // 1024} KB are free on this volume, at least {ROOM_BYTES // 1024} KB are needed"
            raise OSError(errno.ENOSPC, message, str(path))

    def reserve(self, path: Path) -> None:
        """Never give ``path`` to a session until ``release``: an open removal names it."""
        self._reserved.add(folded(str(path)))

    def release(self, path: Path) -> None:
        """Give ``path`` free again: the removal has taken its folder away."""
        self._reserved.discard(folded(str(path)))

    def _is_reserved(self, path: Path) -> bool:
        # Without regard to case: on some disks the newcomer's path would be this very one.
        return folded(str(path)) in self._reserved
