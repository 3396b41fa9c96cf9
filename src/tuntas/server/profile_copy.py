"""Copies a foreign profile to its place among ours: the slow way, for another volume, with the source kept.

No link is followed and none is copied: a profile that has any is refused before, and what becomes one meanwhile ends
the copy. It grows in the trash's nursery and appears at its place in one rename, complete and on the disk. A death
before that leaves the source as it was and bytes in the trash, which the next start purges.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tuntas.foundation.failpoints import failpoint
from tuntas.profiles import ProfileStore
from tuntas.profiles.marker import NAME as MARKER_NAME
from tuntas.profiles.marker import write_marker
from tuntas.profiles.purge import size_bytes
from tuntas.profiles.trash import sync_folder
from tuntas.server.adoptable import LOCKS, ImportRefused, Source, check_unused

# What a copy may not use up: a disk that is full to the last byte breaks the database too.
RESERVE_BYTES = 256 * 1024 * 1024

# Marks of the browser that ran on the source; they mean nothing for a copy. The marker is written anew.
_NOT_COPIED = LOCKS | {"DevToolsActivePort", MARKER_NAME}


def check_space(sources: Sequence[Source], root: Path) -> None:
    """Refuse when the copies of ``sources`` would not fit on the volume of ``root`` with a reserve.

    Raises:
        ImportRefused: with both numbers.
    """
    needed = sum(size_bytes(source.path) for source in sources)
    existing = next(path for path in (root, *root.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if needed + RESERVE_BYTES > free:
        message = (
            f"The copy needs {needed / 1e6:.0f} MB and {RESERVE_BYTES / 1e6:.0f} MB to spare, but {existing} has only "
            f"{free / 1e6:.0f} MB free. Free some space, or choose a --data-dir on another volume."
        )
        raise ImportRefused(message)


def copy_profile(source: Source, profiles: ProfileStore, now: datetime) -> Path:
    """Copy ``source``, which stays, to its place and return that. Blocking, for as long as the disk takes.

    Raises:
        ImportRefused: it could not be copied, or somebody began to use it; nothing is at its place.
    """
    destination = profiles.path_of(source.path.name)
    try:
        with profiles.trash.nursery() as unborn:
            shutil.copytree(
                source.path, unborn, symlinks=True, ignore=_ignored, copy_function=_copy_file, dirs_exist_ok=True
            )
            unborn.chmod(0o700)
            # A browser that came meanwhile has written into what was being read: such a copy is worth nothing.
            check_unused(source.path)
            write_marker(unborn, source.session, now)
            _sync_tree(unborn)
            failpoint("import.copied")
            unborn.rename(destination)
        sync_folder(profiles.root)
    except (OSError, shutil.Error) as error:
        reason = error.strerror or str(error)[:300]
        message = f"{source.path} could not be copied ({reason}); nothing was imported of it. The next start cleans up."
        raise ImportRefused(message) from error
    failpoint("import.renamed")
    return destination


def _ignored(folder: str, names: list[str]) -> set[str]:
    # Sockets and pipes cannot be copied, and reading one can block for ever.
    special = {name for name in names if not _is_plain(Path(folder, name))}
    return special | (_NOT_COPIED & set(names))


def _is_plain(path: Path) -> bool:
    return not path.is_symlink() and (path.is_dir() or path.is_file())


def _copy_file(source: str, target: str) -> str:
    # Opened without following a link: what was a file when it was listed may be one now.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(source, flags), "rb") as original, Path(target).open("xb") as copy:
        shutil.copyfileobj(original, copy)
    shutil.copystat(source, target, follow_symlinks=False)
    return target


def _sync_tree(folder: Path) -> None:
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            # Windows syncs only what is open for writing; elsewhere a file without that right must not stop the copy.
            with path.open("r+b" if sys.platform == "win32" else "rb") as file:
                os.fsync(file.fileno())
        sync_folder(Path(place))
