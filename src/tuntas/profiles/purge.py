"""Delete a tree, one pass: everything that can go goes, and everything that stays is named with its reason.

A pass never gives up at the first error, never ignores one, never retries (the retry budget is one and lives at the
top), never follows a link, and never enters a mount point: what is mounted there belongs to somebody else. Our marker
goes last, so that a tree that is half gone is still known to be ours.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from tuntas.foundation.failpoints import failpoint
from tuntas.foundation.identifiers import ulid
from tuntas.foundation.long_paths import extended
from tuntas.processes.mounts import mounts_within
from tuntas.profiles import marker
from tuntas.profiles.folder import Folder
from tuntas.profiles.folders import open_folder, remove_root, used_bytes
from tuntas.profiles.guards import is_real_directory
from tuntas.profiles.immutable import classify_at
from tuntas.profiles.model import Reason
from tuntas.profiles.os_errors import ErrorKind, Obstacle

# Each level keeps a descriptor and a stack frame; what lies deeper is moved up and done in the next round.
_DEEPEST = 64

# A disk that fails gives one error for each of 10,000 files: keep the first few, count the rest.
_FAILURES_KEPT = 20


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that could not be deleted."""

    path: Path
    obstacle: Obstacle


@dataclass(slots=True)
class Pass:
    """What a pass did. ``failures`` holds the first twenty of ``failure_count``; ``is_cut_short``: told to stop."""

    deleted: int = 0
    freed_bytes: int = 0
    failures: list[Failure] = field(default_factory=list)
    failure_count: int = 0
    is_cut_short: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left."""
        return not self.failure_count and not self.is_cut_short

    def failed(self, path: Path, obstacle: Obstacle) -> None:
        """Take a failure down."""
        self.failure_count += 1
        if len(self.failures) < _FAILURES_KEPT:
            self.failures.append(Failure(path, obstacle))


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a pass must stop between two files: at ``stop``, or after ``seconds``."""

    stop: threading.Event = field(default_factory=threading.Event)
    seconds: float = float("inf")


def purge(target: Path, *, keep_root: bool = False, bounds: Bounds | None = None) -> Pass:
    """Delete ``target`` (parents resolved) and all in it; with ``keep_root`` only all in it. Blocking.

    A missing target is a complete pass. Raises nothing for files that will not go: they are in the result.
    """
    return _Purge(target, bounds or Bounds()).run(keep_root=keep_root)


def size_bytes(path: Path, stop: threading.Event | None = None) -> int:
    """Return the disk space that ``path`` and all in it use, or what was counted of it until ``stop``.

    Links are not followed; what cannot be read counts 0.
    """
    total = 0
    waiting = [extended(path)]
    while waiting and not (stop and stop.is_set()):
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    else:
                        total += used_bytes(entry.stat(follow_symlinks=False))
        except OSError:
            continue  # a size is a courtesy to the reader; the removal itself will meet and name the same error
    return total


class _Purge:
    def __init__(self, target: Path, bounds: Bounds) -> None:
        self._target = target
        self._bounds = bounds
        self._ends_at = time.monotonic() + bounds.seconds
        self._mounts: frozenset[Path] = frozenset()
        self._result = Pass()
        self._hoisted = 0

    def run(self, *, keep_root: bool) -> Pass:
        try:
            if not is_real_directory(self._target):
                extended(self._target).unlink(missing_ok=True)
                return self._result
            top = open_folder(self._target)
        except OSError as error:
            self._trouble(self._target, error)
            return self._result
        try:
            self._empty_all(top)
            if self._result.is_complete:
                self._delete(top, self._target / marker.NAME, 0)
        finally:
            top.close()
        if self._result.is_complete and not keep_root:
            self._delete_root()
        return self._result

    def _empty_all(self, top: Folder) -> None:
        """Empty the tree; again while very deep parts were moved up to be reachable."""
        while True:
            self._hoisted = 0
            self._result.failures.clear()
            self._result.failure_count = 0
            self._mounts = mounts_within(self._target)  # their paths change with what was moved up
            self._empty(top, self._target, [top])
            if not self._hoisted or self._result.is_cut_short:
                return

    def _empty(self, folder: Folder, path: Path, above: list[Folder]) -> None:
        try:
            entries = folder.entries()
        except OSError as error:
            self._trouble(path, error)
            return
        for entry in entries:
            if self._must_stop():
                return
            inner = path / entry.name
            if entry.is_directory:
                self._remove_directory(folder, inner, above)
            elif not (len(above) == 1 and entry.name == marker.NAME):
                self._delete(folder, inner, entry.used_bytes)

    def _remove_directory(self, folder: Folder, path: Path, above: list[Folder]) -> None:
        top = above[0]
        failures_before = self._result.failure_count
        if path in self._mounts:
            self._meets_mount(path)
            return
        try:
            if len(above) >= _DEEPEST:
                folder.hoist(path.name, top, f"deep-{ulid()}")
                self._hoisted += 1
                return
            inner = folder.open(path.name)
        except OSError as error:
            self._trouble(path, error)
            return
        try:
            if inner.device != top.device:
                self._meets_mount(path)
                return
            self._empty(inner, path, [*above, inner])
        finally:
            inner.close()
        if self._result.failure_count > failures_before or self._result.is_cut_short:
            return  # what is inside is named already; "not empty" would say it twice
        try:
            folder.rmdir(path.name)
            self._result.deleted += 1
        except OSError as error:
            self._trouble(path, error)
            return
        failpoint("purge.during")

    def _meets_mount(self, path: Path) -> None:
        self._result.failed(path, Obstacle(ErrorKind.TRANSIENT, Reason.MOUNT_POINT, f"mount point: {path}", str(path)))

    def _delete(self, folder: Folder, path: Path, frees_bytes: int) -> None:
        try:
            folder.unlink(path.name)
        except OSError as error:
            self._trouble(path, error)
            return
        self._result.deleted += 1
        self._result.freed_bytes += frees_bytes

    def _delete_root(self) -> None:
        try:
            remove_root(self._target)
            self._result.deleted += 1
        except OSError as error:
            self._trouble(self._target, error)

    def _trouble(self, path: Path, error: OSError) -> None:
        obstacle = classify_at(error, path)
        if obstacle.kind is ErrorKind.GONE:
            return
        if path in self._mounts:
            obstacle = replace(obstacle, reason=Reason.MOUNT_POINT)
        self._result.failed(path, obstacle)

    def _must_stop(self) -> bool:
        if self._bounds.stop.is_set() or time.monotonic() >= self._ends_at:
            self._result.is_cut_short = True
        return self._result.is_cut_short
