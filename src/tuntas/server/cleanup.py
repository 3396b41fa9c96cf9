"""Cleaning a data folder, put together: for the running server, and for a folder on which none runs."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tuntas.cleanup.cleaner import Cleaner
from tuntas.cleanup.leftovers import Plan, Report, Tell
from tuntas.cleanup.survey import CleanupCommand, Scene, survey
from tuntas.config import Settings
from tuntas.foundation.clock import SystemClock
from tuntas.foundation.tasks import blocking
from tuntas.profiles import ProfileStore, RemovalSettings, Remover
from tuntas.server.data_folder import DataFolder
from tuntas.sessions.service import SessionService
from tuntas.storage import Database, DatabaseUnusable, SqlRemovalJournal, SqlSessionStore
from tuntas.storage.database import sqlite_file
from tuntas.storage.inspection import inspect_database, newest_revision


class ServedCleanup:
    """Cleans the data folder of the server that this process is. One at a time: two would only wait for each other."""

    def __init__(self, sessions: SessionService, profiles: ProfileStore, remover: Remover) -> None:
        """Work beside the sessions; ``remover.run`` is running."""
        self._sessions = sessions
        self._profiles = profiles
        self._remover = remover
        self._turn = asyncio.Lock()
        self._cleaner = Cleaner(
            profiles,
            remover,
            SystemClock(),
            stop_session=self._stop,
            known_folders=lambda: {record.profile_folder for record in sessions.all()},
            is_swept_elsewhere=True,
        )

    async def __call__(self, wish: CleanupCommand, dry_run: bool) -> tuple[Plan, Report]:
        """Plan, and carry the plan out unless this is a dry run. Raises RefusedPath, OSError."""
        async with self._turn:
            scene = Scene(self._profiles, self._sessions.all(), self._remover.open_removals(), os.getpid())
            plan = await blocking(survey, scene, wish)
            return plan, plan.as_report() if dry_run else await self._cleaner.perform(plan)

    async def _stop(self, name: str) -> None:
        await self._sessions.stop(name, asked_by="cleanup")


@dataclass(frozen=True, slots=True)
class UnservedCleanup:
    """A cleanup of a data folder on which no server runs, from its plan on. The folder is ours until it is done."""

    plan: Plan
    _cleaner: Cleaner | None

    async def perform(self, tell: Tell) -> Report:
        """Carry the plan out; a dry run's plan is only reported."""
        return self.plan.as_report() if self._cleaner is None else await self._cleaner.perform(self.plan, tell)


@asynccontextmanager
async def unserved(settings: Settings, wish: CleanupCommand, *, dry_run: bool) -> AsyncIterator[UnservedCleanup]:
    """Take the data folder and plan its cleanup. A dry run takes no lock, makes no file and migrates no database.

    Raises DataFolderBusy, DataFolderUnusable, DatabaseUnusable, RefusedPath, OSError.
    """
    with ExitStack() as stack:
        if not dry_run:
            folder = DataFolder(settings.data_dir)
            folder.acquire()
            stack.callback(folder.release)
        original = sqlite_file(settings.database)
        is_file = original is not None
        copied = None if original is None or not dry_run else _copied(original, stack.enter_context)
        url = copied or settings.database
        database = Database(url)
        stack.callback(database.close)
        if dry_run and not is_file:
            await blocking(_require_newest, url)
        else:
            await database.migrate()
        profiles = ProfileStore(settings.profiles_dir)
        journal = SqlRemovalJournal(database)
        sessions = await SqlSessionStore(database).load()
        scene = Scene(profiles, sessions, await journal.unfinished(), None)
        plan = await blocking(survey, scene, wish)
        if dry_run:
            yield UnservedCleanup(plan, None)
            return
        clock = SystemClock()
        limits = RemovalSettings(settings.removal_attempts, settings.removal_delay_seconds)
        remover = Remover(profiles, journal, clock, limits)
        yield UnservedCleanup(plan, Cleaner(profiles, remover, clock))


def _require_newest(url: str | Path) -> None:
    with inspect_database(url) as database:
        found, (newest, _) = database.revision(), newest_revision()
    if found != newest:
        message = f"The database has revision {found}, not {newest}: start the server once, or leave --dry-run out."
        raise DatabaseUnusable(message)


def _copied(original: Path, enter: Callable[[tempfile.TemporaryDirectory[str]], str]) -> Path:
    """Return the path of a copy of the SQLite database, its unwritten changes included; an empty one without it.

    Opening the original would already write beside it, and a newer version's first look would change its tables.
    """
    copy = Path(enter(tempfile.TemporaryDirectory(prefix="tuntas-cleanup-"))) / "tuntas.db"
    for suffix in ("", "-wal"):
        if (part := original.with_name(original.name + suffix)).is_file():
            shutil.copyfile(part, copy.with_name(copy.name + suffix))
    return copy
