"""A profile's files as they were at one instant, copied beside it: whole, or only what a session cannot do without.

What a session cannot do without are its keys and its chats: ``Default/IndexedDB`` and ``Default/Local Storage``. A
copy that a browser wrote into meanwhile is worth nothing (13 of 300 broken, measured), so a running browser's whole
tree stands still while its files are read; and files without a browser are read twice, the second time only their
sizes and times. Never a hard link: the browser would go on writing into the copy.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tuntas.foundation.identifiers import ulid
from tuntas.processes.browsers import BrowserTree, browsers_on
from tuntas.processes.members import matches
from tuntas.processes.pausing import NotPaused, PauseGuard, can_pause
from tuntas.profiles.guards import is_real_directory
from tuntas.profiles.marker import NAME as MARKER_NAME

MINIMAL = ("Default/IndexedDB", "Default/Local Storage")
# Marks of the browser that runs on a profile, which mean nothing for a copy. The marker is written anew.
NOT_COPIED = frozenset(
    {"SingletonLock", "SingletonSocket", "SingletonCookie", "DevToolsActivePort", "lockfile", MARKER_NAME}
)
LONGEST_PAUSE_SECONDS = 5.0

_TRIES = 4
_PIECE_BYTES = 256 * 1024


class Extent(StrEnum):
    """How much of a profile is copied."""

    MINIMAL = "minimal"
    WHOLE = "whole"


class NotCopied(Exception):
    """A profile's files could not be had as of one instant; the text says why."""


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """A file of a copy: where it is in its profile, with ``/`` between folders, and where it lies now."""

    name: str
    path: Path
    size_bytes: int

    def parts(self) -> Iterator[bytes]:
        """Yield its bytes."""
        with self.path.open("rb") as file:
            while part := file.read(_PIECE_BYTES):
                yield part


@dataclass(frozen=True, slots=True)
class ProfileCopy:
    """A copy of a profile. ``pause_seconds``: for how long its browser stood still, None if there was none."""

    files: tuple[CopiedFile, ...]
    pause_seconds: float | None

    @property
    def size_bytes(self) -> int:
        """How many bytes it has."""
        return sum(one.size_bytes for one in self.files)


class ProfileCopier:
    """Copies profiles below ``staging``, one at a time. Blocking."""

    def __init__(self, staging: Path, guard: PauseGuard, extent: Extent) -> None:
        """Copy so much of each; ``guard`` is there for browsers that run."""
        self._staging = staging
        self._guard = guard
        self._extent = extent
        self._browsers: dict[Path, BrowserTree] | None = None

    def copy(self, profile: Path) -> ProfileCopy | None:
        """Return a copy of a profile, None where there is none (any more). It lies in ``staging`` until that goes.

        Raises:
            NotCopied: its browser could not be stopped, or it never stayed the same for long enough.
            OSError: a file cannot be read or written.
        """
        reason = ""
        for attempt in range(_TRIES):
            if not is_real_directory(profile):
                return None
            target = self._staging / ulid()
            target.mkdir(mode=0o700)
            try:
                return self._try(profile, target, is_again=attempt > 0)
            except (NotPaused, FileNotFoundError, NotADirectoryError) as error:
                reason = str(error) if isinstance(error, NotPaused) else "its files changed while they were read"
                shutil.rmtree(target)
        raise NotCopied(reason)

    def _try(self, profile: Path, target: Path, *, is_again: bool) -> ProfileCopy:
        browser = self._browser_on(Path(os.path.realpath(profile)), is_again=is_again)
        if browser is None:
            before = files_of(profile, self._extent)
            copied = _copy_all(profile, before, target)
            if files_of(profile, self._extent) != before:
                message = "its files changed while they were read"
                raise NotPaused(message)
            return ProfileCopy(copied, None)
        if not can_pause():
            message = "a running browser's files cannot be copied on this system: stop the session first"
            raise NotCopied(message)
        with self._guard.paused(browser):
            copied = _copy_all(profile, files_of(profile, self._extent), target)
        return ProfileCopy(copied, self._guard.seconds)

    def _browser_on(self, profile: Path, *, is_again: bool) -> BrowserTree | None:
        # One scan serves many profiles. Who came after it is noticed by the files that it writes.
        known = None if self._browsers is None or is_again else self._browsers
        if known is None or ((found := known.get(profile)) is not None and not matches(found.identity)):
            root = profile.parent
            known = {one.identity.profile: one for one in browsers_on(lambda path: path.parent == root)}
            self._browsers = known
        return known.get(profile)


FileFacts = tuple[str, int, int]
"""A file's name within its profile, its size, and when it was last changed in nanoseconds."""


def files_of(profile: Path, extent: Extent) -> list[FileFacts]:
    """Return the plain files of a profile that belong to a copy; no link is followed. Raises OSError."""
    found: list[FileFacts] = []
    for top in MINIMAL if extent is Extent.MINIMAL else ("",):
        start = profile / top
        if is_real_directory(start.parent) and is_real_directory(start):
            found += _plain_files(profile, start)
    return sorted(found)


def _plain_files(profile: Path, start: Path) -> Iterator[FileFacts]:
    for place, _, names in os.walk(start, onerror=_raise):
        for name in names:
            path = Path(place, name)
            facts = path.lstat()
            if stat.S_ISREG(facts.st_mode) and not (path.parent == profile and name in NOT_COPIED):
                yield path.relative_to(profile).as_posix(), facts.st_size, facts.st_mtime_ns


def _raise(error: OSError) -> None:
    raise error


def _copy_all(profile: Path, files: list[FileFacts], target: Path) -> tuple[CopiedFile, ...]:
    copied = []
    for number, (name, _, _) in enumerate(files):
        # By number: the copy needs no folders, and no name of the profile's can be one that leads elsewhere.
        path = target / str(number)
        copied.append(CopiedFile(name, path, _copy(profile / name, path)))
    return tuple(copied)


def _copy(source: Path, target: Path) -> int:
    # Opened without following a link: a page's browser may have put one in a file's place.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(source, flags), "rb") as original, target.open("xb") as copy:
        shutil.copyfileobj(original, copy, 1024 * 1024)
        return copy.tell()
