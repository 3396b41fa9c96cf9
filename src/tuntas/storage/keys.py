"""API keys, as fingerprints; the key itself is shown once and never stored."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from tuntas.foundation.clock import Clock
from tuntas.foundation.identifiers import fingerprint, secret_token, ulid
from tuntas.storage.database import Database
from tuntas.storage.tables import keys


class KeyStore:
    """The keys that clients may use."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Keep keys in ``database``."""
        self._database = database
        self._clock = clock

    async def first_key(self) -> str | None:
        """Make the first key and return it, or None if there is one already."""
        key = secret_token()

        def work(connection: Connection) -> bool:
            if connection.execute(select(keys.c.id).limit(1)).first() is not None:
                return False
            row = {"id": ulid(), "name": "first", "fingerprint": fingerprint(key), "created_at": self._clock.now()}
            connection.execute(insert(keys).values(**row))
            return True

        return key if await self._database.run(work) else None

    async def fingerprints(self) -> frozenset[str]:
        """Return the fingerprints of all keys."""
        rows = await self._database.run(
            lambda connection: connection.execute(select(keys.c.fingerprint)).scalars().all()
        )
        return frozenset(rows)
