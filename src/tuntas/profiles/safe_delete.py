"""Delete one folder that a person has named: for scripts, with no server, no journal, no event loop.

The same order as everywhere: guards, rename away, delete, name what stays. The folder needs no marker of ours, so the
guards are all that stands between a typing error and somebody's files. Nothing is hidden from the person: what cannot
be deleted lies beside the old place under a name that says what it is.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

from tuntas.foundation.identifiers import ulid
from tuntas.processes.holder import Holder
from tuntas.processes.holders import HolderScanTimedOut, holders_of
from tuntas.processes.mounts import is_mount_point
from tuntas.profiles import sentences, steps
from tuntas.profiles.folders import loosen
from tuntas.profiles.guards import is_real_directory, located, refuse_dangerous
from tuntas.profiles.immutable import classify_at
from tuntas.profiles.model import Reason
from tuntas.profiles.os_errors import ErrorKind, Obstacle
from tuntas.profiles.purge import purge
from tuntas.profiles.trash import quarantine

log = structlog.get_logger(__name__)

_WORD = ".being-deleted-"


@dataclass(frozen=True, slots=True)
class DeletionResult:
    """What came of a deletion; true exactly when nothing is left.

    ``remaining`` names what is left and where it lies now, ``message`` says why and what to do.
    """

    removed: bool
    path: Path
    attempts: int
    holders: tuple[Holder, ...] = ()
    remaining: tuple[Path, ...] = ()
    message: str | None = None

    def __bool__(self) -> bool:
        return self.removed


def safe_delete_directory(path: str | os.PathLike[str], *, max_retries: int = 3, delay: float = 2.0) -> DeletionResult:
    """Delete a folder and all in it, however big and whoever looks at it; blocking, ``delay`` is in seconds.

    The folder is renamed out of the way first, so a process that still writes to it cannot fill it again. Links are
    deleted, never followed. A missing folder is success; what an earlier call had to leave is finished too. Never
    raises for files in use: see the result. Raises RefusedPath for what must not be deleted (a root, a home, the
    working directory, their parents, a link, a file), ValueError for ``max_retries`` below 1.
    """
    if max_retries < 1:
        message = f"max_retries counts from 1, got {max_retries}"
        raise ValueError(message)
    target = located(path)
    if os.path.lexists(target):
        refuse_dangerous(target)
    return _Deletion(target).run(max_retries, delay)


class _Deletion:
    def __init__(self, target: Path) -> None:
        self._target = target
        # whatsapp-web.js calls the folder of session X "session-X"
        self._session = target.name.removeprefix("session-") or target.name
        self._aside = re.compile(re.escape(target.name + _WORD) + r"[0-9a-z]{26}")
        self._emptied_mount = False

    def run(self, total: int, delay_seconds: float) -> DeletionResult:
        for attempt in itertools.count(1):
            obstacle = self._try()
            if obstacle is None:
                kept = f"{self._target} is a mount point: emptied, and kept." if self._emptied_mount else None
                return DeletionResult(True, self._target, attempt, message=kept)
            holders = self._holders()
            self._say(sentences.cleanup_attempt(attempt, total, self._session), obstacle, holders)
            if attempt >= total or obstacle.kind is ErrorKind.STRUCTURAL:
                return self._given_up(attempt, obstacle, holders)
            time.sleep(delay_seconds)
        raise AssertionError("unreachable")

    def _given_up(self, attempt: int, obstacle: Obstacle, holders: tuple[Holder, ...]) -> DeletionResult:
        command = f"tuntas cleanup --dir {self._target.parent} --session {self._session}"
        message = sentences.left_behind(self._session, obstacle.reason, holders, command, obstacle.path)
        self._say(sentences.files_may_remain(self._session), obstacle, holders)
        return DeletionResult(False, self._target, attempt, holders, tuple(self._remains()), message)

    def _try(self) -> Obstacle | None:
        """Do all there is to do once; return what stands in the way, ``None`` when nothing is left."""
        obstacle = self._take_aside() if os.path.lexists(self._target) and not self._emptied_mount else None
        for place in self._set_aside():
            obstacle = steps.chief(purge(place)) or obstacle
        if obstacle is None and os.path.lexists(self._target) and not self._emptied_mount:
            detail = f"{self._target} came back: a process still writes there"
            return Obstacle(ErrorKind.TRANSIENT, Reason.IN_USE, detail, str(self._target))
        return obstacle

    def _take_aside(self) -> Obstacle | None:
        aside = self._target.with_name(f"{self._target.name}{_WORD}{ulid()}")
        try:
            try:
                quarantine(self._target, aside)
            except PermissionError:
                if not loosen(self._target):
                    raise
                quarantine(self._target, aside)
        except OSError as error:
            obstacle = classify_at(error, self._target)
            is_mount = error.errno == errno.EBUSY and is_mount_point(self._target)
            if is_mount or obstacle.kind is ErrorKind.IN_PLACE:
                result = purge(self._target, keep_root=is_mount)
                self._emptied_mount = is_mount and result.is_complete
                return steps.chief(result)
            return None if obstacle.kind is ErrorKind.GONE else obstacle
        return None

    def _set_aside(self) -> list[Path]:
        """Return what this call or an earlier one has renamed out of the way."""
        try:
            beside = sorted(self._target.parent.iterdir())
        except FileNotFoundError:
            return []
        return [path for path in beside if self._aside.fullmatch(path.name) and is_real_directory(path)]

    def _remains(self) -> list[Path]:
        at_place = [self._target] if os.path.lexists(self._target) and not self._emptied_mount else []
        return at_place + self._set_aside()

    def _holders(self) -> tuple[Holder, ...]:
        found: dict[int, Holder] = {}
        try:
            for place in [self._target, *self._set_aside()]:
                found.update({holder.pid: holder for holder in holders_of(place)})
        except HolderScanTimedOut as slow:
            found.update({holder.pid: holder for holder in slow.found})
        return tuple(found.values())

    def _say(self, sentence: str, obstacle: Obstacle, holders: tuple[Holder, ...]) -> None:
        log.warning(
            sentence,
            session=self._session,
            path=str(self._target),
            reason=obstacle.reason.value,
            error=obstacle.detail,
            holders=[f"{one.name} ({one.pid})" for one in holders],
        )
