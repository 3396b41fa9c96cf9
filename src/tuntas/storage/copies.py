"""The database's copy for a backup and the way back: by SQLite's online backup, by PostgreSQL's own tools.

A copy that is restored must not act on what the old server had: its browsers' pids and its removals' paths may mean
something else, or the living original, where it is restored. ``settle`` takes them out.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, create_engine, delete, null, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from tuntas.profiles import RemovalState
from tuntas.storage.database import DatabaseUnusable, driver_missing, engine_url, sqlite_file
from tuntas.storage.inspection import NoDatabase, inspect_database, newest_revision
from tuntas.storage.tables import removals, sessions

SQLITE = "sqlite"
POSTGRESQL = "postgresql"

_CHECK_SECONDS = 3600.0
_TOOL_SECONDS = 3600.0
_REVISION = text("SELECT version_num FROM alembic_version")
_SESSIONS = select(sessions.c.name, sessions.c.profile_folder).order_by(sessions.c.created_at)


@dataclass(frozen=True, slots=True)
class CopiedDatabase:
    """A copy: what made it, its migration, and each session with the name of its profile's folder."""

    engine: str
    revision: str
    sessions: tuple[tuple[str, str], ...]


def copy_database(database: str | Path, target: Path) -> CopiedDatabase:
    """Copy the database into the file ``target``, whoever works on it. Blocking; writers go on meanwhile.

    Raises:
        DatabaseUnusable: there is none, it cannot be copied, or PostgreSQL's tool is missing.
    """
    try:
        if (file := sqlite_file(database)) is not None:
            return _copy_sqlite(file, target)
        return _copy_postgresql(engine_url(database), target)
    except (sqlite3.Error, SQLAlchemyError) as error:
        message = f"The database cannot be copied: {_reason(error)}. See `tuntas doctor`."
        raise DatabaseUnusable(message) from error


def size_bytes(database: str | Path) -> int:
    """Return how large a copy may get; for PostgreSQL what the server says. Raises DatabaseUnusable."""
    if (file := sqlite_file(database)) is not None:
        parts = (file, file.with_name(f"{file.name}-wal"))
        return sum(part.stat().st_size for part in parts if part.exists())
    try:
        with _connected(engine_url(database)) as connection:
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    except SQLAlchemyError as error:
        message = f"The database does not answer: {_reason(error)}. Mend TUNTAS_DATABASE_URL."
        raise DatabaseUnusable(message) from error


def require_fitting(database: str | Path, engine: str, revision: str) -> None:
    """Refuse a copy that cannot become the database at ``database``, which must be empty.

    Raises:
        DatabaseUnusable: it is of another kind or a newer version, or there is something already.
    """
    here = SQLITE if sqlite_file(database) is not None else POSTGRESQL
    if engine != here:
        advice = "set TUNTAS_DATABASE_URL to an empty database" if engine == POSTGRESQL else "unset TUNTAS_DATABASE_URL"
        message = f"The backup is of {engine}, and the database here is {here}: {advice}. Nothing was changed."
        raise DatabaseUnusable(message)
    if revision not in newest_revision()[1]:
        message = (
            f"A newer Tuntas made the backup (its database is at {revision}). Install that version or a newer one."
        )
        raise DatabaseUnusable(message)
    if here == POSTGRESQL:
        _tool("pg_restore")
    try:
        with inspect_database(database) as found:
            is_empty = here == SQLITE or found.is_empty()
    except NoDatabase:
        return
    if not is_empty or here == SQLITE:
        message = "The database that TUNTAS_DATABASE_URL names is not empty: name one that is. Nothing was changed."
        raise DatabaseUnusable(message)


def take_database(copied: Path, database: str | Path) -> None:
    """Make a copy the database, without what was true of the old server alone. Blocking.

    Raises:
        DatabaseUnusable: it is damaged, or was not taken.
    """
    try:
        if (file := sqlite_file(database)) is not None:
            _require_sound(copied)
            with _connected(URL.create(SQLITE, database=str(copied))) as connection:
                settle(connection)
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.move(copied, file)
            return
        url = engine_url(database)
        arguments = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
        _run(["pg_restore", *arguments, f"--dbname={_address(url)}", str(copied)], url)
        with _connected(url) as connection:
            settle(connection)
    except (SQLAlchemyError, sqlite3.Error) as error:
        message = f"The database was not restored: {_reason(error)}."
        raise DatabaseUnusable(message) from error


def settle(connection: Connection) -> None:
    """Forget the browsers and the open removals of the server whose database this was."""
    connection.execute(update(sessions).values(browser=null()))
    connection.execute(delete(removals).where(removals.c.state != RemovalState.PURGED.value))
    connection.commit()


def _copy_sqlite(file: Path, target: Path) -> CopiedDatabase:
    if not file.is_file():
        message = f"There is no database {file}. Name the data folder by --data-dir."
        raise DatabaseUnusable(message)
    # Not read-only: beside a database that nobody has open, SQLite makes the files that a reader needs, too.
    with (
        closing(sqlite3.connect(f"file:{quote(str(file))}?mode=rw", uri=True, timeout=30)) as original,
        closing(sqlite3.connect(target)) as copy,
    ):
        original.backup(copy)  # in one go: as of one instant; writers are not held up
        copy.execute("PRAGMA journal_mode=DELETE")
    with _connected(URL.create(SQLITE, database=str(target))) as connection:
        return _described(connection, SQLITE)


def _copy_postgresql(url: URL, target: Path) -> CopiedDatabase:
    _tool("pg_dump")
    with _connected(url) as connection:
        # The tool and we look at the same instant.
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = str(connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one())
        arguments = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
        _run(["pg_dump", *arguments, f"--file={target}", f"--dbname={_address(url)}"], url)
        return _described(connection, POSTGRESQL)


def _described(connection: Connection, engine: str) -> CopiedDatabase:
    revision = str(connection.execute(_REVISION).scalar_one())
    rows = connection.execute(_SESSIONS).all()
    return CopiedDatabase(engine, revision, tuple((row.name, row.profile_folder) for row in rows))


def _connected(url: URL) -> Connection:
    try:
        return create_engine(url, poolclass=NullPool).connect()
    except ModuleNotFoundError as error:
        raise driver_missing(error) from error


def _require_sound(file: Path) -> None:
    with inspect_database(file) as found:
        damage = found.damage(limit_seconds=_CHECK_SECONDS)
    if damage is not None:
        message = f"The database in the backup is damaged ({damage}). Use an earlier backup."
        raise DatabaseUnusable(message)


def _address(url: URL) -> str:
    """Return the address as PostgreSQL's tools read it, without the password: others can see a command's arguments."""
    return url.set(drivername=POSTGRESQL, password=None).render_as_string(hide_password=False)


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        message = f"{name} is not on the PATH. Install PostgreSQL's client (Debian: apt-get install postgresql-client)."
        raise DatabaseUnusable(message)
    return found


def _run(command: Sequence[str], url: URL) -> None:
    password = {} if url.password is None else {"PGPASSWORD": str(url.password)}
    try:
        done = subprocess.run(
            [_tool(command[0]), *command[1:]],
            env=os.environ | password,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TOOL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        message = f"{command[0]} did not come to an end within {_TOOL_SECONDS:g} s."
        raise DatabaseUnusable(message) from None
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[0]
        message = f"{command[0]} failed: {said}"
        raise DatabaseUnusable(message)


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
