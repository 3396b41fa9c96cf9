"""Reads an archive to its end, whatever is done with its content: everything is checked on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tuntas.backup.creating import DATABASE, PROFILES
from tuntas.backup.entries import END, MANIFEST, Entry, entries
from tuntas.backup.errors import ArchiveRefused
from tuntas.backup.manifest import BACKUP, SESSION, KeptProfile, Manifest, kept_from, manifest_from
from tuntas.backup.places import BackupPlace, StoredArchive
from tuntas.backup.profile_files import NOT_COPIED
from tuntas.backup.sealing import ArchiveHead, opened, read_head


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive at its place."""

    place: BackupPlace
    name: str

    @property
    def shown(self) -> str:
        """What people call it."""
        return self.place.shown(self.name)


@dataclass(frozen=True, slots=True)
class Listed:
    """An archive as anybody sees it; ``head`` is None, and ``problem`` says why, where it is none that can be used."""

    stored: StoredArchive
    head: ArchiveHead | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Contents:
    """What was read, all of it. ``size_bytes``: of the profiles' files and the database."""

    head: ArchiveHead
    manifest: Manifest
    kept: tuple[KeptProfile, ...]
    files: int
    size_bytes: int

    @property
    def missing(self) -> tuple[KeptProfile, ...]:
        """Profiles that should have been in it and are not."""
        return tuple(one for one in self.kept if one.missing is not None)


class ArchiveReading:
    """One walk through an archive: ``manifest`` first, then ``files``, then ``contents`` is known."""

    def __init__(self, head: ArchiveHead, walk: Iterator[Entry]) -> None:
        self.head = head
        self._walk = walk
        first = next(walk)
        if first.path != MANIFEST:
            message = "its manifest is not in front"
            raise ArchiveRefused(message)
        self.manifest = manifest_from(first.document())
        if head.kind not in (BACKUP, SESSION) or (head.kind == BACKUP) != (self.manifest.engine is not None):
            message = f"it is a {head.kind!r}, which this version does not know"
            raise ArchiveRefused(message)
        self._folders = {one.folder for one in self.manifest.sessions}
        self._counts = dict.fromkeys(self._folders, (0, 0))
        self._kept: tuple[KeptProfile, ...] | None = None
        self._database_bytes: int | None = None

    def files(self) -> Iterator[Entry]:
        """Yield the database and the profiles' files; each path is of a profile that the manifest names."""
        for one in self._walk:
            if one.path == END:
                self._kept = kept_from(one.document())
                continue
            if one.path == DATABASE and self.head.kind == BACKUP:
                self._database_bytes = one.size_bytes
            else:
                self._count(one)
            yield one

    def contents(self) -> Contents:
        """Return what was read. Raises ArchiveRefused: something that it names is not in it."""
        kept = self._kept or ()
        if {one.folder: (one.files, one.size_bytes) for one in kept} != self._counts:
            message = "what it says of its profiles is not what is in it"
            raise ArchiveRefused(message)
        if self.head.kind == BACKUP and self._database_bytes is None:
            message = "it has no database in it"
            raise ArchiveRefused(message)
        files, sizes = zip(*self._counts.values(), strict=True) if self._counts else ((), ())
        size_bytes = sum(sizes) + (self._database_bytes or 0)
        return Contents(self.head, self.manifest, kept, sum(files), size_bytes)

    def _count(self, one: Entry) -> None:
        top, _, rest = one.path.partition("/")
        folder, _, name = rest.partition("/")
        if top != PROFILES or folder not in self._folders or not name or name in NOT_COPIED:
            message = f"it has {one.path!r} in it, which is none of its profiles' files"
            raise ArchiveRefused(message)
        files, size = self._counts[folder]
        self._counts[folder] = files + 1, size + one.size_bytes


@contextmanager
def reading(archive: Archive, secret: str | None) -> Iterator[ArchiveReading]:
    """Open an archive. The walk itself may refuse it, too.

    Raises:
        ArchiveRefused: with the archive's name. PlaceUnusable.
    """
    with archive.place.open(archive.name) as source:
        try:
            head, raw = read_head(source)
            yield ArchiveReading(head, entries(opened(source, head, raw, secret)))
        except ArchiveRefused as error:
            message = f"{archive.shown} was refused: {error}."
            raise ArchiveRefused(message) from None


def verify(archive: Archive, secret: str | None) -> Contents:
    """Read everything and return what is in it. Blocking.

    Raises:
        ArchiveRefused, PlaceUnusable.
    """
    with reading(archive, secret) as walk:
        for one in walk.files():
            for _ in one.parts:
                pass
        return walk.contents()


def listed(place: BackupPlace) -> list[Listed]:
    """Return the archives of a place with what their heads say, the newest last. Raises PlaceUnusable."""
    found = []
    for stored in place.stored():
        try:
            with place.open(stored.name) as source:
                found.append(Listed(stored, read_head(source)[0], None))
        except ArchiveRefused as error:
            found.append(Listed(stored, None, str(error)))
    return found
