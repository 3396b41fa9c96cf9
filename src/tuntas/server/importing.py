"""Adopts profiles that whatsapp-web.js's LocalAuth made, so that nobody has to scan a QR again.

Only while no server runs (the data folder's lock is held throughout) and nobody uses the folder. All is judged before
anything is touched: one reason against one folder, and nothing of the whole import happens. A profile is never
merged, never written over, and without ``--copy`` never copied: it is one rename, on one volume.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from tuntas.config import Settings
from tuntas.foundation.clock import Clock, SystemClock
from tuntas.foundation.failpoints import failpoint
from tuntas.foundation.identifiers import ulid
from tuntas.foundation.tasks import blocking, blocking_to_its_end
from tuntas.profiles import ProfileStore
from tuntas.profiles.guards import folded
from tuntas.profiles.marker import NAME as MARKER_NAME
from tuntas.profiles.marker import write_marker
from tuntas.profiles.trash import sync_folder
from tuntas.server.adoptable import ImportRefused, Source, check_owner, check_source, check_unused, find_sources
from tuntas.server.data_folder import DataFolder
from tuntas.server.profile_age import check_age
from tuntas.server.profile_copy import check_space, copy_profile
from tuntas.sessions.machine import Desired, State, Status
from tuntas.sessions.model import SessionConfig, SessionRecord, StateChange
from tuntas.storage import Database, SqlRemovalJournal, SqlSessionStore

REASON = "imported"


@dataclass(frozen=True, slots=True)
class Order:
    """What to import. ``copy``: keep the source. ``start``: the sessions are to run at the next ``tuntas serve``."""

    directory: Path
    copy: bool = False
    start: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """A session that is there now, and the path its profile came from."""

    session: str
    source: Path
    profile: Path


async def import_sessions(order: Order, settings: Settings, clock: Clock | None = None) -> list[Imported]:
    """Import every session folder of ``order.directory``; return what was imported, by folder name.

    Raises:
        ImportRefused: something speaks against it; nothing was changed. The message says what to do.
        DataFolderBusy, DataFolderUnusable, DatabaseUnusable: likewise.
    """
    await blocking(check_owner, settings.data_dir)
    folder = DataFolder(settings.data_dir)
    folder.acquire()
    try:
        profiles = ProfileStore(settings.profiles_dir, clock=clock)
        sources = await blocking(_judged, order, profiles, settings.browser)
        database = Database(settings.database)
        try:
            await database.migrate()
            importer = _Importer(order, profiles, database, clock or SystemClock())
            return await importer.run(sources)
        finally:
            database.close()
    finally:
        folder.release()


def _judged(order: Order, profiles: ProfileStore, browser: Path | None) -> list[Source]:
    """Return the folders to import when neither they nor the disk speak against any of them. Changes nothing."""
    sources = find_sources(order.directory)
    for source in sources:
        check_source(source, profiles.root, copy=order.copy)
        check_unused(source.path)
    if order.copy:
        check_space(sources, profiles.root)
    else:
        check_age(sources, browser)
    return sources


class _Importer:
    def __init__(self, order: Order, profiles: ProfileStore, database: Database, clock: Clock) -> None:
        self._order = order
        self._profiles = profiles
        self._clock = clock
        self._store = SqlSessionStore(database)  # no server: nobody waits for deliveries
        self._journal = SqlRemovalJournal(database)

    async def run(self, sources: Sequence[Source]) -> list[Imported]:
        rows = {folded(record.name): record for record in await self._store.load()}
        open_paths = {one.path for one in await self._journal.unfinished() if not one.name_is_free}
        for source in sources:
            self._refuse_taken(source, rows.get(folded(source.session)), open_paths)
        await blocking(self._profiles.prepare)
        imported: list[Imported] = []
        for source in sources:
            try:
                imported.append(await self._adopt(source, rows.get(folded(source.session))))
            except ImportRefused as error:
                if not imported:
                    raise
                message = f"{error} Imported before that: {', '.join(one.session for one in imported)}."
                raise ImportRefused(message) from error
        return imported

    def _refuse_taken(self, source: Source, row: SessionRecord | None, open_paths: set[Path]) -> None:
        destination = self._profiles.path_of(source.path.name)
        if destination in open_paths:
            message = f"{destination} is still being removed. Run `tuntas cleanup`, then import again."
            raise ImportRefused(message)
        if row is not None and not _is_interrupted(row, source, destination):
            message = f"A session named {row.name} exists. Delete it, or rename {source.path} to session-OTHER."
            raise ImportRefused(message)
        if destination.exists() or destination.is_symlink():
            message = f"{destination} is there already. Move it away, or rename {source.path} to session-OTHER."
            raise ImportRefused(message)

    async def _adopt(self, source: Source, row: SessionRecord | None) -> Imported:
        # The row goes first. A death after it leaves the profile where it was and a stopped session without one, which
        # the same command completes (see _is_interrupted). The other way round it would leave a folder among the
        # profiles that no session knows: neither the old place nor a session.
        record = row or self._record(source)
        if row is None:
            await self._store.insert(record)
        failpoint("import.row")
        try:
            # To its end: a rename that is under way when somebody presses Ctrl-C must not outlive what we know.
            destination = await blocking_to_its_end(self._bring, source)
        except (ImportRefused, OSError, ValueError):
            await self._forget(record)
            raise
        now = self._clock.now()
        desired = Desired.RUNNING if self._order.start else Desired.STOPPED
        verb = "copied" if self._order.copy else "moved"
        change = StateChange(
            now, State.STOPPED, State.STOPPED, Status.STOPPED, REASON, f"{verb} from {source.path}", "import"
        )
        await self._store.save(replace(record, desired=desired, changed_at=now), change, [])
        return Imported(source.session, source.path, destination)

    def _record(self, source: Source) -> SessionRecord:
        now = self._clock.now()
        return SessionRecord(
            id=ulid(),
            name=source.session,
            config=SessionConfig(),
            desired=Desired.STOPPED,  # until the profile is there: a start before that would make a new, empty one
            state=State.STOPPED,
            status=Status.STOPPED,
            profile_folder=source.path.name,
            created_at=now,
            changed_at=now,
            reason=REASON,
        )

    async def _forget(self, record: SessionRecord) -> None:
        now = self._clock.now()
        change = StateChange(now, State.STOPPED, State.REMOVED, Status.STOPPED, "import_refused", None, "import")
        await self._store.delete(record, change, [])

    def _bring(self, source: Source) -> Path:
        if self._order.copy:
            return copy_profile(source, self._profiles, self._clock.now())
        return self._move(source)

    def _move(self, source: Source) -> Path:
        destination = self._profiles.path_of(source.path.name)
        marker = source.path / MARKER_NAME
        before = marker.read_bytes() if marker.is_file() else None
        try:
            # Marked before it is moved: it appears among the profiles complete, in one rename.
            write_marker(source.path, source.session, self._clock.now())
            failpoint("import.marked")
            source.path.rename(destination)
        except OSError as error:
            _unmark(marker, before)
            message = f"{source.path} could not be moved to {destination} ({error.strerror}): {_ADVICE_VOLUME}"
            raise ImportRefused(message) from error
        failpoint("import.renamed")
        try:
            # Somebody may have opened it between the look and the rename; open files follow it to its new place.
            check_unused(destination)
        except ImportRefused:
            destination.rename(source.path)
            _unmark(marker, before)
            raise
        sync_folder(source.path.parent)
        sync_folder(destination.parent)
        return self._profiles.adopt(destination.name, source.session)


_ADVICE_VOLUME = "move it to a folder on the data folder's own volume first, or use --copy."


def _is_interrupted(row: SessionRecord, source: Source, destination: Path) -> bool:
    """Whether ``row`` is what an import of just this folder left when it died between the row and the rename."""
    return (
        row.name == source.session
        and row.profile_folder == source.path.name
        and row.reason == REASON
        and row.state is State.STOPPED
        and row.desired is Desired.STOPPED
        and not destination.exists()
    )


def _unmark(marker: Path, before: bytes | None) -> None:
    with suppress(FileNotFoundError):
        if before is None:
            marker.unlink()
        else:
            marker.write_bytes(before)
