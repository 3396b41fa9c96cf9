"""A connection to the database, its migrations, and one way to run a transaction without blocking the event loop.

One thread, so one transaction at a time: SQLite has one writer anyway, and a queue is fairer than its lock. With
PostgreSQL it keeps the log of events in order: were two written at once, the one with the higher number could be
committed first, and who follows the log would pass over the other. A transaction that has begun is finished even when
its caller is cancelled, so a state change is never half written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine, event, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from tuntas.foundation.advice import Advice

Result = TypeVar("Result")

# Which driver is meant is not for users to know.
_PSYCOPG = "postgresql+psycopg://"
_POSTGRESQL = ("postgresql://", "postgres://")


class DatabaseUnusable(Advice):
    """The database cannot be opened or is not ours to change; the message says what to do."""


class Database:
    """The server's database. Close it when done."""

    def __init__(self, url: str) -> None:
        """Prepare a connection to ``url``; nothing is opened before ``migrate``.

        Raises:
            DatabaseUnusable: the URL is not one, or its driver is not installed.
        """
        try:
            self._engine = create_engine(engine_url(url), pool_pre_ping=not url.startswith("sqlite"))
        except ModuleNotFoundError as error:
            message = f"The database's driver is not installed ({error.name}): pip install 'tuntas[postgresql]'"
            raise DatabaseUnusable(message) from error
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
        """Run ``work`` in one transaction in the database's thread; it is committed when this returns."""
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
        except SQLAlchemyError as error:
            message = f"The database does not answer: {str(error).splitlines()[0]}"
            raise DatabaseUnusable(message) from error

    def close(self) -> None:
        """Finish what runs and let go of the database."""
        self._executor.shutdown(wait=True)
        self._engine.dispose()

    def _transaction(self, work: Callable[[Connection], Result]) -> Result:
        with self._engine.begin() as connection:
            return work(connection)

    def _migrate(self, revision: str) -> None:
        # Here and not above: Alembic costs a quarter of a second, which every small command would pay too.
        from alembic import command
        from alembic.config import Config
        from alembic.migration import MigrationContext
        from alembic.script import ScriptDirectory
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
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


def engine_url(url: str) -> str:
    """Return ``url`` with the driver that we have for it."""
    for scheme in _POSTGRESQL:
        if url.startswith(scheme):
            return _PSYCOPG + url.removeprefix(scheme)
    return url


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
