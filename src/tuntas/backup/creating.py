"""Makes an archive: first the database as of one instant, then each profile as of a later one.

In this order a profile knows all that the database has told, and perhaps more: what is more is told when the restored
session catches up. The other way round, what was told would be missing in the page. While a profile is copied its
browser stands still for some milliseconds; everything else goes on.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tuntas import __version__
from tuntas.backup.entries import END, MANIFEST, Tell, document_entry, entry
from tuntas.backup.errors import BackupFailed, BackupUnderWay
from tuntas.backup.manifest import BACKUP, SESSION, DatabaseCopy, KeptProfile, Manifest, SessionEntry, end_document
from tuntas.backup.places import RESERVE_BYTES, SUFFIX, BackupPlace
from tuntas.backup.profile_files import LONGEST_PAUSE_SECONDS, Extent, NotCopied, ProfileCopier, files_of
from tuntas.backup.sealing import sealed
from tuntas.foundation.failpoints import failpoint
from tuntas.processes.pausing import PauseGuard

DATABASE = "database"
PROFILES = "profiles"
STAGING_NAME = ".backup"

_PIECE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class BackupOrder:
    """What to make and where. ``secret`` is what only opens it again, None: not encrypted. ``name``: None: by time."""

    place: BackupPlace
    name: str | None
    extent: Extent
    secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class DataSource:
    """A data folder. ``copy_database`` puts a copy into a file; ``database_bytes`` says how large that may get."""

    data_dir: Path
    profiles_dir: Path
    copy_database: Callable[[Path], DatabaseCopy]
    database_bytes: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Made:
    """An archive that is whole and at its place."""

    path: str
    name: str
    size_bytes: int
    created_at: datetime
    is_encrypted: bool
    extent: Extent
    kept: tuple[KeptProfile, ...]

    @property
    def missing(self) -> tuple[KeptProfile, ...]:
        """Profiles that should be in it and are not."""
        return tuple(one for one in self.kept if one.missing is not None)

    @property
    def longest_pause_ms(self) -> float:
        """The longest time for which a browser stood still."""
        return max((one.pause_ms for one in self.kept if one.pause_ms is not None), default=0.0)


def make_backup(order: BackupOrder, source: DataSource, tell: Tell) -> Made:
    """Make a backup of a data folder, with a server running on it or without. Blocking.

    Raises:
        BackupFailed, PlaceUnusable: nothing is at its place.
    """
    _require_secret(order)
    with _staging(source.data_dir) as staging, PauseGuard(LONGEST_PAUSE_SECONDS) as guard:
        with _told():
            database_bytes = source.database_bytes()
            profiles = _profiles_bytes(source.profiles_dir, order.extent)
            _require_room_here(source.data_dir, database_bytes + max(profiles, default=0))
            order.place.require_room(database_bytes + sum(profiles))
            tell("The database is copied")
            copied = source.copy_database(staging / DATABASE)
        now = datetime.now(UTC)
        manifest = Manifest(__version__, now, order.extent, copied.sessions, copied.engine, copied.revision)
        copier = ProfileCopier(staging, guard, order.extent)
        kept: list[KeptProfile] = []

        def content() -> Iterator[bytes]:
            yield from document_entry(MANIFEST, manifest.document())
            yield from _file_entry(DATABASE, staging / DATABASE)
            (staging / DATABASE).unlink()
            for number, session in enumerate(copied.sessions, start=1):
                tell(f"Session {session.name} ({number} of {len(copied.sessions)})")
                yield from _profile(copier, source.profiles_dir, session, kept)
                failpoint("backup.profile")
            yield from document_entry(END, end_document(kept))

        return _write(order, BACKUP, now, content(), kept)


def make_session_archive(
    order: BackupOrder, source: DataSource, session: SessionEntry, about: Mapping[str, Any], now: datetime
) -> Made:
    """Make an archive of one session that is stopped. Blocking.

    Raises:
        BackupFailed, PlaceUnusable: nothing is at its place.
    """
    _require_secret(order)
    with _staging(source.data_dir) as staging, PauseGuard(LONGEST_PAUSE_SECONDS) as guard:
        manifest = Manifest(__version__, now, order.extent, (session,), session=about)
        copier = ProfileCopier(staging, guard, order.extent)
        kept: list[KeptProfile] = []

        def content() -> Iterator[bytes]:
            yield from document_entry(MANIFEST, manifest.document())
            yield from _profile(copier, source.profiles_dir, session, kept)
            if not kept[0].files:
                message = f"Session {session.name} has no profile that could be taken along ({kept[0].missing})."
                raise BackupFailed(message)
            yield from document_entry(END, end_document(kept))

        return _write(order, SESSION, now, content(), kept)


def archive_name(now: datetime) -> str:
    """Return a name by which archives are in the order of their making."""
    return f"tuntas-backup-{now.strftime('%Y%m%dT%H%M%S')}.{now.microsecond // 1000:03}Z{SUFFIX}"


def _write(order: BackupOrder, kind: str, now: datetime, content: Iterator[bytes], kept: list[KeptProfile]) -> Made:
    name = order.name or archive_name(now)
    pieces = sealed(kind, __version__, now.isoformat(), order.secret, _told_of(content))
    size = order.place.write(name, pieces)
    shown = order.place.shown(name)
    return Made(shown, name, size, now, order.secret is not None, order.extent, tuple(kept))


def _profile(copier: ProfileCopier, root: Path, session: SessionEntry, kept: list[KeptProfile]) -> Iterator[bytes]:
    try:
        with _told():
            copy = copier.copy(root / session.folder)
    except NotCopied as error:
        kept.append(KeptProfile(session.name, session.folder, missing=str(error)))
        return
    if copy is None:
        kept.append(KeptProfile(session.name, session.folder))  # never started, or deleted since
        return
    pause_ms = None if copy.pause_seconds is None else round(copy.pause_seconds * 1000, 2)
    kept.append(KeptProfile(session.name, session.folder, len(copy.files), copy.size_bytes, pause_ms))
    for one in copy.files:
        yield from entry(f"{PROFILES}/{session.folder}/{one.name}", one.size_bytes, one.parts())
    if copy.files:
        shutil.rmtree(copy.files[0].path.parent)


def _file_entry(path: str, file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        yield from entry(path, file.stat().st_size, iter(lambda: opened.read(_PIECE_BYTES), b""))


def _profiles_bytes(root: Path, extent: Extent) -> list[int]:
    """Return how much of each profile would be copied; an estimate, for browsers and removals are at work."""
    found = []
    for profile in root.iterdir() if root.is_dir() else ():
        if not profile.name.startswith("."):
            with suppress(FileNotFoundError, NotADirectoryError):
                found.append(sum(size for _, size, _ in files_of(profile, extent)))
    return found


def _require_room_here(data_dir: Path, size_bytes: int) -> None:
    """Refuse what would fill the data folder's volume, on which the sessions live. It holds one copy at a time."""
    free = shutil.disk_usage(data_dir).free
    if size_bytes + RESERVE_BYTES > free:
        message = (
            f"{data_dir} has {free / 1e6:.0f} MB free; the copy of the database and of one profile needs "
            f"{size_bytes / 1e6:.0f} MB and {RESERVE_BYTES / 1e6:.0f} MB to spare. Free some space."
        )
        raise BackupFailed(message)


def _require_secret(order: BackupOrder) -> None:
    if order.place.is_elsewhere and order.secret is None:
        message = (
            f"A backup holds the keys of accounts, and {order.place.shown()} is not on this machine: set "
            "TUNTAS_BACKUP_KEY or TUNTAS_BACKUP_KEY_FILE, so that it is encrypted."
        )
        raise BackupFailed(message)


@contextmanager
def _staging(data_dir: Path) -> Iterator[Path]:
    """Lend an empty folder beside the profiles; one backup at a time. What a killed one left goes first."""
    if not data_dir.is_dir():
        message = f"There is no data folder {data_dir}. Name it by --data-dir."
        raise BackupFailed(message)
    staging = data_dir / STAGING_NAME
    lock = FileLock(data_dir / "backup.lock", timeout=0, mode=0o600, thread_local=False)
    with _told():
        try:
            lock.acquire()
        except Timeout:
            message = f"Another backup of {data_dir} is being made. Wait for its end."
            raise BackupUnderWay(message) from None
        try:
            if staging.exists():
                shutil.rmtree(staging)
            staging.mkdir(mode=0o700)
            try:
                yield staging
            finally:
                shutil.rmtree(staging)
        finally:
            lock.release()


def _told_of(content: Iterator[bytes]) -> Iterator[bytes]:
    # Here, not at the place: what cannot be read is another matter than what cannot be written.
    with _told():
        yield from content


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = (
            f"The backup was not made: {error.filename or ''}: {error.strerror or error}. Mend that and try again."
        )
        raise BackupFailed(message) from error
