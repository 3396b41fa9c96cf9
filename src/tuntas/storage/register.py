"""The cluster's register in PostgreSQL: one table, one lock, so that revisions and commits have one order.

It has a connection of its own: a lease must not wait for what sessions write. One primary decides; where it is away for
longer than a lease, every browser is ended, and a failover to a replica that was behind can take a claim back, which is
then found by the fence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import BigInteger, Column, Connection, LargeBinary, MetaData, String, Table, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from tuntas.cluster.ports import ClusterUnusable, Outdated, Unreachable
from tuntas.cluster.records import RegisterEntry
from tuntas.sessions.errors import DiskFull
from tuntas.storage.database import Database, DatabaseUnusable, sqlite_file

Result = TypeVar("Result")

# Any number that nobody else locks.
_LOCK = 0x74756E746173

# A table of its own: a server that stands alone has none.
_metadata = MetaData()
register = Table(
    "cluster_register",
    _metadata,
    Column("key", String(128), primary_key=True),
    Column("revision", BigInteger, nullable=False, unique=True),
    Column("value", LargeBinary),
)


class SqlRegister:
    """Implements ``tuntas.cluster.ports.Register``."""

    def __init__(self, url: str) -> None:
        """Prepare for the database at ``url``; nothing is opened yet.

        Raises:
            ClusterUnusable: it is in a file, which other machines cannot share.
        """
        if sqlite_file(url) is not None:
            message = "Several nodes need one PostgreSQL: set TUNTAS_DATABASE_URL=postgresql://…"
            raise ClusterUnusable(message)
        self._url = url
        self._database: Database | None = None

    async def open(self) -> None:
        """Connect, and make the table if there is none. Raises ClusterUnusable."""
        try:
            self._database = Database(self._url)
            await self._database.run(_create)
        except (DatabaseUnusable, DiskFull, SQLAlchemyError) as error:
            await self.close()
            message = f"The register's database cannot be used: {str(error).splitlines()[0]}"
            raise ClusterUnusable(message) from error

    async def write(self, key: str, value: bytes | None, expected: int) -> int:
        """Set a key under the lock, if it has the revision that is expected."""

        def work(connection: Connection) -> int | None:
            _lock(connection)
            found = connection.execute(select(register.c.revision).where(register.c.key == key)).scalar()
            if (found or 0) != expected:
                return None
            newest = connection.execute(select(func.coalesce(func.max(register.c.revision), 0))).scalar_one()
            put = insert(register).values(key=key, revision=newest + 1, value=value)
            changed = {"revision": put.excluded.revision, "value": put.excluded.value}
            connection.execute(put.on_conflict_do_update(index_elements=["key"], set_=changed))
            return int(newest) + 1

        revision = await self._run(work)
        if revision is None:
            raise Outdated(key)
        return revision

    async def read(self, key: str) -> RegisterEntry:
        """Return what stands under a key."""
        query = select(register).where(register.c.key == key)
        row = await self._run(lambda connection: connection.execute(query).first())
        return RegisterEntry(key, 0, None) if row is None else RegisterEntry(key, row.revision, row.value)

    async def follow(
        self,
        on_all: Callable[[Sequence[RegisterEntry]], None],
        on_entry: Callable[[RegisterEntry], None],
        pause_seconds: float,
    ) -> None:
        """Ask for what is newer, again and again."""
        entries = await self._since(0)
        on_all(entries)
        while True:
            seen = entries[-1].revision if entries else 0
            while not (entries := await self._since(seen)):  # noqa: ASYNC110 - a database tells nothing by itself
                await asyncio.sleep(pause_seconds)
            for entry in entries:
                on_entry(entry)

    async def _since(self, revision: int) -> list[RegisterEntry]:
        query = select(register).where(register.c.revision > revision).order_by(register.c.revision)
        rows = await self._run(lambda connection: connection.execute(query).all())
        return [RegisterEntry(row.key, row.revision, row.value) for row in rows]

    async def _run(self, work: Callable[[Connection], Result]) -> Result:
        assert self._database is not None
        try:
            return await self._database.run(work)
        except (DiskFull, SQLAlchemyError) as error:
            raise Unreachable(str(error).splitlines()[0]) from error

    async def close(self) -> None:
        """Let go of the database."""
        database, self._database = self._database, None
        if database is not None:
            await asyncio.to_thread(database.close)


def _create(connection: Connection) -> None:
    _lock(connection)
    _metadata.create_all(connection)


def _lock(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
