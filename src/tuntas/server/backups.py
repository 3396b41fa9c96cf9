"""Backups, put together: the archive of ``backup`` with the database of ``storage`` in it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tuntas.backup.creating import BackupOrder, DataSource, Made, make_backup
from tuntas.backup.entries import Tell
from tuntas.backup.errors import BackupFailed, RestoreRefused
from tuntas.backup.manifest import DatabaseCopy, Manifest, SessionEntry
from tuntas.backup.places import BackupPlace, newest_in, place_for_reading, place_for_writing
from tuntas.backup.profile_files import Extent
from tuntas.backup.reading import Archive, Contents, Listed, listed, verify
from tuntas.backup.restoring import Destination, require_empty, restore
from tuntas.config import Settings
from tuntas.server.data_folder import DataFolder
from tuntas.storage import DatabaseUnusable, copies


def create(settings: Settings, target: str | None, extent: Extent, tell: Tell) -> Made:
    """Make a backup of the data folder, at ``target`` or where the settings say. Blocking.

    Raises:
        BackupFailed, PlaceUnusable, DatabaseUnusable: nothing is at its place.
    """
    place, name = place_for_writing(_named(settings, target))
    return make_backup(BackupOrder(place, name, extent, secret_of(settings)), source_of(settings), tell)


def listing(settings: Settings, target: str | None) -> tuple[BackupPlace, Sequence[Listed]]:
    """Return the archives at ``target``, the newest last. Raises PlaceUnusable."""
    place, name = place_for_reading(_named(settings, target))
    return place, [one for one in listed(place) if name in (None, one.stored.name)]


def check(settings: Settings, target: str | None) -> tuple[Archive, Contents]:
    """Read an archive to its end; the newest of a place. Blocking. Raises ArchiveRefused, PlaceUnusable."""
    archive = archive_at(_named(settings, target))
    return archive, verify(archive, secret_of(settings))


def bring_back(settings: Settings, target: str, tell: Tell) -> tuple[Archive, Contents]:
    """Restore an archive, the newest of a place, into the data folder, which is empty. Blocking.

    Raises:
        ArchiveRefused, PlaceUnusable, RestoreRefused, DataFolderBusy, DataFolderUnusable: nothing was changed.
    """
    archive = archive_at(target)
    folder = DataFolder(settings.data_dir)
    if folder.running_server() is None and settings.data_dir.exists():
        require_empty(settings.data_dir)  # before it is taken, which closes to others what is in it
    folder.acquire(restoring=True)
    try:
        destination = Destination(
            settings.data_dir,
            settings.profiles_dir,
            partial(_require_fitting, settings.database),
            partial(_take_database, settings.database),
        )
        return archive, restore(archive, secret_of(settings), destination, tell)
    finally:
        folder.release()


def archive_at(target: str) -> Archive:
    """Return the archive that ``target`` names, the newest one of a place. Raises PlaceUnusable."""
    place, name = place_for_reading(target)
    return Archive(place, name or newest_in(place))


def source_of(settings: Settings) -> DataSource:
    """Return what a backup is made from."""
    return DataSource(
        settings.data_dir,
        settings.profiles_dir,
        partial(_copy_database, settings.database),
        partial(copies.size_bytes, settings.database),
    )


def secret_of(settings: Settings) -> str | None:
    """Return what backups are encrypted with."""
    return None if settings.backup_key is None else settings.backup_key.get_secret_value()


def _named(settings: Settings, target: str | None) -> str:
    if found := target or settings.backup_target:
        return found
    message = "Say where backups are: a folder, a file or s3://bucket/folder, here or by TUNTAS_BACKUP_TARGET."
    raise BackupFailed(message)


def _copy_database(database: str | Path, target: Path) -> DatabaseCopy:
    copied = copies.copy_database(database, target)
    sessions = tuple(SessionEntry(name, folder) for name, folder in copied.sessions)
    return DatabaseCopy(copied.engine, copied.revision, sessions)


def _require_fitting(database: str | Path, manifest: Manifest) -> None:
    try:
        copies.require_fitting(database, manifest.engine or "", manifest.revision or "")
    except DatabaseUnusable as error:
        raise RestoreRefused(str(error)) from error


def _take_database(database: str | Path, copied: Path) -> None:
    copies.take_database(copied, database)
