"""What an archive says of its content: in front what it is, behind what became of each profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from tuntas.backup.entries import check_path
from tuntas.backup.errors import ArchiveRefused
from tuntas.backup.profile_files import Extent

BACKUP = "backup"
SESSION = "session"


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """A session whose profile may be in the archive."""

    name: str
    folder: str


@dataclass(frozen=True, slots=True)
class DatabaseCopy:
    """The database as of one instant. ``engine``: "sqlite" or "postgresql"."""

    engine: str
    revision: str
    sessions: tuple[SessionEntry, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive is. ``database`` is None, and ``session`` is there, where it is one session alone."""

    tuntas: str
    created_at: datetime
    extent: Extent
    sessions: tuple[SessionEntry, ...]
    engine: str | None = None
    revision: str | None = None
    session: Mapping[str, Any] | None = field(default=None, repr=False)

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self) | {"created_at": self.created_at.isoformat(), "extent": self.extent.value}


def manifest_from(found: Mapping[str, Any]) -> Manifest:
    """Read a manifest. Raises ArchiveRefused."""
    try:
        sessions = tuple(SessionEntry(str(one["name"]), str(one["folder"])) for one in found["sessions"])
        session = found["session"]
        if session is not None and not isinstance(session, dict):
            raise TypeError
        manifest = Manifest(
            tuntas=str(found["tuntas"]),
            created_at=datetime.fromisoformat(found["created_at"]),
            extent=Extent(found["extent"]),
            sessions=sessions,
            engine=None if found["engine"] is None else str(found["engine"]),
            revision=None if found["revision"] is None else str(found["revision"]),
            session=session,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        message = "its manifest cannot be read"
        raise ArchiveRefused(message) from None
    for one in manifest.sessions:
        check_path(one.folder)
        if "/" in one.folder:
            message = f"it has a path in it that could lead elsewhere: {one.folder!r}"
            raise ArchiveRefused(message)
    return manifest


@dataclass(frozen=True, slots=True)
class KeptProfile:
    """What became of one profile. ``files`` is 0 where there was none; ``missing`` says why a copy is not there."""

    session: str
    folder: str
    files: int = 0
    size_bytes: int = 0
    pause_ms: float | None = None
    missing: str | None = None


def end_document(kept: Iterable[KeptProfile]) -> dict[str, Any]:
    """Return what stands at an archive's end."""
    return {"profiles": [asdict(one) for one in kept]}


def kept_from(found: Mapping[str, Any]) -> tuple[KeptProfile, ...]:
    """Read what stands at an archive's end. Raises ArchiveRefused."""
    try:
        return tuple(
            KeptProfile(
                session=str(one["session"]),
                folder=str(one["folder"]),
                files=int(one["files"]),
                size_bytes=int(one["size_bytes"]),
                pause_ms=None if one["pause_ms"] is None else float(one["pause_ms"]),
                missing=None if one["missing"] is None else str(one["missing"]),
            )
            for one in found["profiles"]
        )
    except (KeyError, TypeError, ValueError):
        message = "its end cannot be read"
        raise ArchiveRefused(message) from None
