"""A connection to the database, its migrations, and one way to run a transaction without blocking the event loop.

One thread, so one transaction at a time: SQLite has one writer anyway, and a queue is fairer than its lock. With
PostgreSQL it keeps the log of events in order: were two written at once, the one with the higher number could be
committed first, and who follows the log would pass over the other. A transaction that has begun is finished even when
its caller is cancelled, so a state change is never half written.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, create_engine, event, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from tuntas.foundation.extras import how_to_install
from tuntas.foundation.user_error import UserError
from tuntas.sessions.errors import DiskFull

Result = TypeVar("Result")

# Which driver is meant is not for users to know.
_PSYCOPG = "postgresql+psycopg://"
_POSTGRESQL = ("postgresql://", "postgres://")
_MIGRATIONS = Path(__file__).parent / "migrations"
# No room for the file, or for the index of its log. PostgreSQL: disk_full.
_FULL_SQLITE = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
_FULL_POSTGRESQL = "53100"
_REVISION = text("SELECT version_num FROM alembic_version")


class DatabaseUnusable(UserError):
    """The database cannot be opened or is not ours to change; the message says what to do."""


def driver_missing(error: ModuleNotFoundError) -> DatabaseUnusable:
    """Return what to raise where the package is missing that speaks with a database of this kind."""
    return DatabaseUnusable(f"The database's driver is not installed ({error.name}): {how_to_install('postgresql')}")


class Database:
    """The server's database. Close it when done."""

    def __init__(self, url: str | Path) -> None:
        """Prepare a connection to ``url`` or an SQLite file; nothing is opened before ``migrate``.

        Raises:
            DatabaseUnusable: the URL is not one, or its driver is not installed.
        """
        try:
            address = engine_url(url)
            self._engine = create_engine(address, pool_pre_ping=address.get_backend_name() != "sqlite")
        except ModuleNotFoundError as error:
            raise driver_missing(error) from error
        except (ArgumentError, SQLAlchemyError, ImportError) as error:
            message = f"Database URL cannot be used: {error}. Mend TUNTAS_DATABASE_URL."
            raise DatabaseUnusable(message) from error
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="tuntas-database")

    async def migrate(self, revision: str = "head") -> None:
        """Bring the tables to this version's form, or to an earlier ``revision`` on the way there.

        Raises:
            DatabaseUnusable: it cannot be opened, or a newer Tuntas has written it.
        """
        await asyncio.get_running_loop().run_in_executor(self._executor, self._migrate, revision)

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """Run ``work`` in one transaction in the database's thread; it is committed when this returns.

        Raises:
            DiskFull: there is no room for what it writes; nothing was written.
        """
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._transaction, work)

    async def check(self, *, timeout_seconds: float) -> None:
        """See that the database answers.

        Raises:
            DatabaseUnusable: it does not, or not in time.
        """
        try:
            async with asyncio.timeout(timeout_seconds):
                await self.run(lambda connection: connection.execute(select(1)).one())
        except TimeoutError:
            message = f"The database did not answer within {timeout_seconds:g} s."
            raise DatabaseUnusable(message) from None
        except DiskFull as error:
            raise DatabaseUnusable(str(error)) from error
        except SQLAlchemyError as error:
            message = f"The database does not answer: {str(error).splitlines()[0]}"
            raise DatabaseUnusable(message) from error

    def close(self) -> None:
        """Finish what runs and let go of the database."""
        self._executor.shutdown(wait=True)
        self._engine.dispose()

    def _transaction(self, work: Callable[[Connection], Result]) -> Result:
        try:
            with self._engine.begin() as connection:
                return work(connection)
        except DBAPIError as error:
            if _is_of_full_disk(error.orig):
                message = "The disk of the database is full. Free some space, then ask again."
                raise DiskFull(message) from error
            raise

    def _is_newest(self) -> bool:
        """Return whether there is nothing to migrate. What goes wrong in this look is told by Alembic's own."""
        try:
            with self._engine.begin() as connection:
                if not inspect(connection).has_table("alembic_version"):
                    return False
                return connection.execute(_REVISION).scalars().all() == [newest_migration()]
        except SQLAlchemyError:
            return False

    def _migrate(self, revision: str) -> None:
        if revision == "head" and self._is_newest():
            return
        # Here and not above: Alembic costs a quarter of a second, which every start and small command would pay too.
        from alembic import command
        from alembic.config import Config
        from alembic.migration import MigrationContext
        from alembic.script import ScriptDirectory
        from alembic.util import CommandError

        config = Config()
        # Alembic reads it as an INI file's text, in which % begins a reference.
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        newest = ScriptDirectory.from_config(config)
        try:
            with self._engine.begin() as connection:
                current = MigrationContext.configure(connection).get_current_revision()
                if current is not None:
                    newest.get_revision(current)
                config.attributes["connection"] = connection
                command.upgrade(config, revision)
        except CommandError as error:
            message = f"The database was written by another version of Tuntas ({error}). Install that version or newer."
            raise DatabaseUnusable(message) from error
        except SQLAlchemyError as error:
            message = f"The database cannot be opened: {str(error).splitlines()[0]}"
            raise DatabaseUnusable(message) from error


def _is_of_full_disk(error: BaseException | None) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code in _FULL_SQLITE or getattr(error, "sqlstate", None) == _FULL_POSTGRESQL


def newest_migration() -> str:
    """Return the revision of the newest migration, by its file's name: what Alembic says, without loading it."""
    return max(one.name for one in (_MIGRATIONS / "versions").glob("[0-9]*_*.py")).partition("_")[0]


def engine_url(url: str | Path) -> URL:
    """Return the address of ``url``, with the driver that we have for it, or of an SQLite file.

    A path becomes no text on the way: ``?``, ``#`` and ``%`` in it would be read as parts of a URL.
    """
    if isinstance(url, Path):
        return URL.create("sqlite", database=str(url))
    for scheme in _POSTGRESQL:
        if url.startswith(scheme):
            return make_url(_PSYCOPG + url.removeprefix(scheme))
    return make_url(url)


def sqlite_file(url: str | Path) -> Path | None:
    """Return the file of an SQLite database, None if it is in none."""
    address = engine_url(url)
    if address.get_backend_name() != "sqlite" or not address.database or address.database == ":memory:":
        return None
    return Path(address.database)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Python's driver would begin transactions by itself, and commit before each CREATE TABLE: a kill in the middle of
    # a migration then left half of it for good. Nothing by itself, and ``_begin_sqlite`` for every transaction.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL: what was answered as done is still done after a power cut, not only after a kill.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
