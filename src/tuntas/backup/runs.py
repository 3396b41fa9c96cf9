"""Backups that a running server makes of itself when it is asked to: one at a time, and how far the last one is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import structlog

from tuntas.backup.creating import Made
from tuntas.backup.entries import Tell
from tuntas.backup.errors import BackupFailed, BackupUnderWay
from tuntas.backup.places import BackupPlace
from tuntas.backup.profile_files import Extent
from tuntas.backup.reading import Listed
from tuntas.foundation.clock import Clock
from tuntas.foundation.tasks import blocking, spawn
from tuntas.foundation.user_error import UserError

log = structlog.get_logger(__name__)


class RunState(StrEnum):
    """How far a backup has come."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class BackupRun:
    """One backup. ``step``: what is being done; ``error``: why there is none, for people."""

    state: RunState
    extent: Extent
    started_at: datetime
    step: str = ""
    finished_at: datetime | None = None
    made: Made | None = None
    error: str | None = None


class Work(Protocol):
    """What is done in a thread."""

    def __call__(self, target: None, extent: Extent, tell: Tell, /) -> Made:
        """Make a backup at the settings' target. Raises UserError."""
        ...


class BackupRuns:
    """The backups of one server, at the place that its settings name."""

    def __init__(
        self,
        target: str,
        create: Work,
        listing: Callable[[None], tuple[BackupPlace, Sequence[Listed]]],
        clock: Clock,
    ) -> None:
        """Make none yet. Both functions block."""
        self._target = target
        self._create = create
        self._listing = listing
        self._clock = clock
        self._is_stopping = threading.Event()
        self.last: BackupRun | None = None
        """The one that runs, or the one before; None since the start."""

    def start(self, extent: Extent) -> BackupRun:
        """Begin a backup and return at once.

        Raises:
            BackupUnderWay: one runs. BackupFailed: it is not said where to.
        """
        self._require_target()
        if self.last is not None and self.last.state is RunState.RUNNING:
            message = f"A backup is being made since {self.last.started_at:%H:%M:%S}. Wait for its end."
            raise BackupUnderWay(message)
        self.last = BackupRun(RunState.RUNNING, extent, self._clock.now())
        self._task = spawn(self._run(extent), name="backup")
        return self.last

    async def all(self) -> tuple[BackupPlace, Sequence[Listed]]:
        """Return the backups that are there, the newest last. Raises BackupFailed, PlaceUnusable."""
        self._require_target()
        return await blocking(self._listing, None)

    async def close(self) -> None:
        """Let the one that runs end before its next profile, and wait for that."""
        self._is_stopping.set()
        if self.last is not None:
            await self._task

    def _require_target(self) -> None:
        if not self._target:
            message = "This server has no place for backups: set TUNTAS_BACKUP_TARGET and start it again."
            raise BackupFailed(message)

    async def _run(self, extent: Extent) -> None:
        error: str | None = "This is a defect of Tuntas; the log has the details."
        made = None
        try:
            made = await blocking(self._create, None, extent, self._tell)
            error = None
            log.info("backup_made", path=made.path, bytes=made.size_bytes, missing=len(made.missing))
        except UserError as failure:
            error = str(failure)
            log.warning("backup_failed", reason=error)
        finally:
            state = RunState.DONE if made is not None else RunState.FAILED
            self._change(state=state, step="", made=made, error=error, finished_at=self._clock.now())

    def _tell(self, step: str) -> None:
        if self._is_stopping.is_set():
            message = "The server stopped before the backup was made."
            raise BackupFailed(message)
        self._change(step=step)

    def _change(self, **changes: object) -> None:
        assert self.last is not None
        self.last = replace(self.last, **changes)  # type: ignore[arg-type]
