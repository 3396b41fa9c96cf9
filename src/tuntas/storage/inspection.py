"""A look into a database that may be in use, or broken, or absent: nothing is migrated, made or written.

SQLite is opened read-only. Without a write-ahead log beside it nobody works on it, and it is opened as immutable:
otherwise SQLite would make the log's files anew just for reading.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, create_engine, func, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from tuntas.profiles import RemovalState
from tuntas.storage.database import DatabaseUnusable, engine_url
from tuntas.storage.tables import history, removals, sessions

# How many of SQLite's virtual machine steps run between two looks at the clock.
_STEPS = 100_000


class NoDatabase(Exception):
    """There is no database yet; the first start makes it."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """What a look needs of a session. ``is_linked``: it has an account, so its profile has keys."""

    name: str
    profile_folder: str
    state: str
    is_linked: bool


@dataclass(frozen=True, slots=True)
class UnfinishedRemoval:
    """What a look needs of a removal that is not purged. ``holders``: each as "name (pid n)"."""

    session: str
    path: Path
    is_stuck: bool
    reason: str | None
    message: str | None
    holders: tuple[str, ...]


class Inspection:
    """One open look. Each method blocks, and raises DatabaseUnusable when the database cannot answer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tables = set(inspect(connection).get_table_names())

    def revision(self) -> str | None:
        """Return the migration that the database is at, None if it is at none."""
        from alembic.migration import MigrationContext

        return MigrationContext.configure(self._connection).get_current_revision()

    def is_half_made(self) -> bool:
        """Return whether there are tables and no revision: the first migration was cut off, or it is not ours."""
        return bool(self._tables - {"alembic_version"}) and self.revision() is None

    def is_empty(self) -> bool:
        """Return whether there is no table at all."""
        return not self._tables

    def sessions(self) -> list[SessionRow]:
        """Return all sessions."""
        if sessions.name not in self._tables:
            return []
        columns = sessions.c
        query = select(columns.name, columns.profile_folder, columns.state, columns.me).order_by(columns.name)
        rows = self._connection.execute(query)
        return [SessionRow(row.name, row.profile_folder, row.state, row.me is not None) for row in rows]

    def open_removals(self) -> list[UnfinishedRemoval]:
        """Return the removals that are not purged, oldest first."""
        if removals.name not in self._tables:
            return []
        columns = removals.c
        query = (
            select(columns.session, columns.path, columns.state, columns.reason, columns.message, columns.holders)
            .where(columns.state != RemovalState.PURGED.value)
            .order_by(columns.created_at)
        )
        return [
            UnfinishedRemoval(
                session=row.session,
                path=Path(row.path),
                is_stuck=row.state == RemovalState.STUCK.value,
                reason=row.reason,
                message=row.message,
                holders=tuple(f"{one['name']} (pid {one['pid']})" for one in row.holders),
            )
            for row in self._connection.execute(query)
        ]

    def newest_history(self) -> datetime | None:
        """Return the time of the newest line in any session's story."""
        if history.name not in self._tables:
            return None
        newest: datetime | None = self._connection.execute(select(func.max(history.c.at))).scalar_one()
        return newest

    def damage(self, *, limit_seconds: float) -> str | None:
        """Return SQLite's first complaint about the file, None if it has none or the database is no SQLite.

        Raises TimeoutError when the file is too large for the limit.
        """
        if self._connection.dialect.name != "sqlite":
            return None
        ends_at = time.monotonic() + limit_seconds
        raw = self._connection.connection.driver_connection
        assert raw is not None
        raw.set_progress_handler(lambda: time.monotonic() > ends_at, _STEPS)
        try:
            said = self._connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        except SQLAlchemyError:
            if time.monotonic() > ends_at:
                message = f"the check was not done after {limit_seconds:g} s"
                raise TimeoutError(message) from None
            raise
        finally:
            raw.set_progress_handler(None, 0)
        return None if said == "ok" else str(said)


def newest_revision() -> tuple[str, set[str]]:
    """Return the newest migration of this Tuntas, and all that it knows."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    return scripts.get_current_head() or "", {one.revision for one in scripts.walk_revisions()}


@contextmanager
def inspect_database(url: str | Path) -> Iterator[Inspection]:
    """Open the database for looking.

    Raises:
        NoDatabase: an SQLite file is not there.
        DatabaseUnusable: it cannot be opened or read; the message says why.
    """
    try:
        engine = create_engine(_read_only(url), poolclass=NullPool)
        try:
            with engine.connect() as connection:
                yield Inspection(connection)
        finally:
            engine.dispose()
    except (ArgumentError, NoSuchModuleError, ImportError, SQLAlchemyError) as error:
        reason = getattr(error, "orig", None) or error
        message = f"The database cannot be read: {reason}"
        raise DatabaseUnusable(message) from error


def _read_only(url: str | Path) -> URL:
    parsed = engine_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return parsed
    path = Path(parsed.database)
    if not path.exists():
        raise NoDatabase(str(path))
    is_idle = not path.with_name(f"{path.name}-wal").exists()
    mode = "immutable=1" if is_idle else "mode=ro"
    return make_url(f"sqlite:///file:{quote(str(path.absolute()))}?{mode}&uri=true")
