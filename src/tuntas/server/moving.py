"""Moves one session to another server, as one file that starts once.

The source refuses first and for good, before the file is whole: at no time may two servers run one account's keys. The
file is spent when it was imported: it says so itself. What goes along is the part of its profile that a session cannot
do without, its configuration, and how far it has seen, so that what comes in between is told at the new place.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tuntas.api.app import route_words
from tuntas.backup.creating import PROFILES, BackupOrder, Made, make_session_archive
from tuntas.backup.entries import Tell
from tuntas.backup.errors import BackupFailed, PlaceUnusable
from tuntas.backup.manifest import SESSION, SessionEntry
from tuntas.backup.places import FolderPlace
from tuntas.backup.profile_files import Extent
from tuntas.backup.reading import Archive, Contents, reading, verify
from tuntas.backup.restoring import require_room, write_files
from tuntas.backup.sealing import mark_used
from tuntas.config import Settings
from tuntas.foundation.clock import SystemClock
from tuntas.foundation.failpoints import failpoint
from tuntas.foundation.identifiers import ulid
from tuntas.foundation.tasks import blocking, blocking_to_its_end
from tuntas.processes.browsers import browsers_on
from tuntas.profiles import ProfileStore
from tuntas.profiles.guards import folded
from tuntas.profiles.trash import quarantine, sync_folder
from tuntas.server.adoptable import ImportRefused, check_owner
from tuntas.server.backups import secret_of, source_of
from tuntas.server.data_folder import DataFolder
from tuntas.sessions.machine import Desired, State, Status
from tuntas.sessions.model import SESSION_NAME_PATTERN, SessionRecord, StateChange
from tuntas.sessions.names import refusal_of
from tuntas.storage import Database, SqlSessionStore, from_portable, portable

RETIRED = "export_requested"
IMPORTED = "imported"


def require_file(file: Path) -> FolderPlace:
    """Return the place of a file that can be written, before anything is stopped for it. Raises PlaceUnusable."""
    if os.path.lexists(file):
        message = f"{file} is there already, and no export is ever written over. Name another file."
        raise PlaceUnusable(message)
    place = FolderPlace(file.parent)
    place.require_room(0)
    return place


async def retire(name: str, settings: Settings) -> None:
    """Have a session refuse to start from now on, where no server runs.

    Raises:
        BackupFailed: there is none that could go anywhere. DataFolderBusy, DataFolderUnusable, DatabaseUnusable.
    """
    _require_data_folder(settings)
    folder = DataFolder(settings.data_dir)
    folder.acquire()
    try:
        async with _store(settings, migrated=True) as store:
            record = await _find(name, store)
            if record.me is None:
                message = f"Session {record.name} is not linked with an account: there is nothing to take along."
                raise BackupFailed(message)
            await blocking(_require_no_browser, settings.profiles_dir / record.profile_folder)
            if record.desired is not Desired.MOVED:
                now = SystemClock().now()
                moved = replace(record, desired=Desired.MOVED, state=State.STOPPED, status=Status.STOPPED, browser=None)
                await store.save(replace(moved, reason=RETIRED, changed_at=now), _line(record, RETIRED, "export"), [])
    finally:
        folder.release()


async def write_file(name: str, file: Path, settings: Settings, tell: Tell) -> Made:
    """Write the file of a session that was retired, whether a server runs or not.

    Raises:
        BackupFailed, PlaceUnusable: there is no file; the session refuses to start all the same, until it is deleted.
    """
    async with _store(settings, migrated=False) as store:
        record = await _find(name, store)
    if record.desired is not Desired.MOVED or record.state is not State.STOPPED:
        message = f"Session {record.name} runs again or was never stopped. Export it once more."
        raise BackupFailed(message)
    place = require_file(file)
    order = BackupOrder(place, file.name, Extent.MINIMAL, secret_of(settings))
    entry = SessionEntry(record.name, record.profile_folder)
    tell(f"Session {record.name}")
    now = SystemClock().now()
    source = source_of(settings)
    try:
        return await blocking_to_its_end(make_session_archive, order, source, entry, portable(record), now)
    except (BackupFailed, PlaceUnusable) as error:
        message = f"{error} Session {record.name} is stopped for good; export it again once that is mended."
        raise BackupFailed(message) from error


async def import_file(file: Path, settings: Settings, *, start: bool, tell: Tell) -> str:
    """Bring a session in from its file, where no server runs; return its name. The file is spent then.

    Raises:
        ArchiveRefused, ImportRefused, PlaceUnusable, DataFolderBusy, DataFolderUnusable, DatabaseUnusable: nothing was
            changed.
    """
    await blocking(check_owner, settings.data_dir)
    if not os.access(file, os.W_OK):
        message = f"{file} cannot be changed, and it has to say itself that it is spent. Copy it to where it can be."
        raise ImportRefused(message)
    archive, secret = Archive(FolderPlace(file.parent), file.name), secret_of(settings)
    tell("All of it is read first")
    contents = await blocking(verify, archive, secret)
    folder = DataFolder(settings.data_dir)
    folder.acquire()
    try:
        importer = _FileImport(archive, secret, contents, ProfileStore(settings.profiles_dir))
        record = importer.record()
        async with _store(settings, migrated=True) as store:
            return await importer.run(record, store, start=start, tell=tell)
    finally:
        folder.release()


@dataclass(frozen=True, slots=True)
class _FileImport:
    archive: Archive
    secret: str | None
    contents: Contents
    profiles: ProfileStore

    def record(self) -> SessionRecord:
        """Return the session that is in the file. Raises ImportRefused."""
        manifest = self.contents.manifest
        if self.contents.head.kind != SESSION or manifest.session is None or len(manifest.sessions) != 1:
            message = f"{self.archive.shown} is a backup of many sessions. Restore it: tuntas backup restore."
            raise ImportRefused(message)
        now = SystemClock().now()
        try:
            record = from_portable(manifest.session, self.profiles.folder_for(manifest.sessions[0].name), now)
        except (KeyError, TypeError, ValueError):
            message = f"{self.archive.shown} was refused: its session cannot be read."
            raise ImportRefused(message) from None
        is_name = re.fullmatch(SESSION_NAME_PATTERN, record.name) and refusal_of(record.name, route_words()) is None
        if record.name != manifest.sessions[0].name or not is_name:
            message = f"{self.archive.shown} was refused: no session may be called {record.name!r}."
            raise ImportRefused(message)
        return replace(record, reason=IMPORTED)

    async def run(self, record: SessionRecord, store: SqlSessionStore, *, start: bool, tell: Tell) -> str:
        there = next((one for one in await store.load() if _is_same(one, record)), None)
        if there is not None and self._is_done(there, record):
            await blocking(mark_used, Path(self.archive.shown))
            message = f"Session {there.name} was brought in from {self.archive.name} before. The file is spent now."
            raise ImportRefused(message)
        if there is not None and not self._may_take_place_of(there, record):
            message = f"A session named {there.name} exists. Delete it before you import {self.archive.name}."
            raise ImportRefused(message)
        await blocking(self.profiles.prepare)
        await blocking(require_room, self.profiles.root, self.contents)
        if there is None:
            await store.insert(record)
        else:
            record = replace(record, profile_folder=there.profile_folder, created_at=there.created_at)
        failpoint("import.row")
        try:
            await blocking_to_its_end(self._bring, record, tell)
        except BaseException:
            if there is None:
                await store.delete(record, _line(record, "import_refused", "import"), [])
            raise
        desired = Desired.RUNNING if start else Desired.STOPPED
        await store.save(replace(record, desired=desired), _line(record, IMPORTED, "import"), [])
        return record.name

    def _may_take_place_of(self, there: SessionRecord, record: SessionRecord) -> bool:
        """Whether it is the one that went away from here, or what a killed import of this file left."""
        is_same = (there.id, there.name) == (record.id, record.name)
        return is_same and (there.desired is Desired.MOVED or there.reason == IMPORTED)

    def _is_done(self, there: SessionRecord, record: SessionRecord) -> bool:
        """Whether an import of this file was killed when all was done but to say so in the file."""
        has_profile = self.profiles.path_of(there.profile_folder).exists()
        return (there.id, there.reason) == (record.id, IMPORTED) and has_profile

    def _bring(self, record: SessionRecord, tell: Tell) -> None:
        destination = self.profiles.path_of(record.profile_folder)
        try:
            with self.profiles.trash.nursery() as unborn:
                with reading(self.archive, self.secret) as walk:
                    write_files(walk, unborn, tell)
                    if walk.contents() != self.contents:
                        message = f"{self.archive.shown} is not what it was a moment ago. Nothing was imported."
                        raise ImportRefused(message)
                if os.path.lexists(destination):  # as it was when the session went away
                    quarantine(destination, self.profiles.trash.path / ulid())
                (unborn / PROFILES / self.contents.manifest.sessions[0].folder).rename(destination)
            sync_folder(self.profiles.root)
            failpoint("import.renamed")
            mark_used(Path(self.archive.shown))
        except OSError as error:
            message = f"{error.filename or destination} cannot be written: {error.strerror or error}. Mend that first."
            raise ImportRefused(message) from error


@asynccontextmanager
async def _store(settings: Settings, *, migrated: bool) -> AsyncIterator[SqlSessionStore]:
    database = Database(settings.database)
    try:
        if migrated:
            await database.migrate()
        yield SqlSessionStore(database)  # no server: nobody waits for deliveries
    finally:
        database.close()


async def _find(name: str, store: SqlSessionStore) -> SessionRecord:
    for record in await store.load():
        if record.name == name:
            return record
    message = f"There is no session {name!r}. `tuntas sessions list` shows all."
    raise BackupFailed(message)


def _is_same(there: SessionRecord, record: SessionRecord) -> bool:
    return there.id == record.id or folded(there.name) == folded(record.name)


def _line(record: SessionRecord, reason: str, asked_by: str) -> StateChange:
    now = SystemClock().now()
    return StateChange(now, record.state, State.STOPPED, Status.STOPPED, reason, None, asked_by)


def _require_no_browser(profile: Path) -> None:
    """Refuse while what a killed server left runs on: it would use the keys too. Raises BackupFailed."""
    for browser in browsers_on(lambda path: path == profile.resolve()):
        message = f"A browser that no server owns runs on {profile} (pid {browser.identity.pid}). Run: tuntas cleanup"
        raise BackupFailed(message)


def _require_data_folder(settings: Settings) -> None:
    if not settings.data_dir.is_dir():
        message = f"There is no data folder {settings.data_dir}. Name it by --data-dir."
        raise BackupFailed(message)
