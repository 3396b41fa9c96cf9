"""What a purge asks of one open folder, whatever the system. No act here ever follows a link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """A name in a folder. ``used_bytes`` is what deleting it frees: 0 for a directory, and for one of several names."""

    name: str
    is_directory: bool
    used_bytes: int


class Folder(Protocol):
    """An open directory. Each method raises OSError as the system gives it."""

    device: int

    def entries(self) -> list[FolderEntry]:
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
