"""API keys, as fingerprints; the key itself is shown once and never stored.

All of them are in memory too, since every request asks; a change is in the database before it counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from tuntas.foundation.clock import Clock
from tuntas.foundation.identifiers import fingerprint, secret_token, ulid
from tuntas.sessions.access import Caller, Key, Scope
from tuntas.storage.database import Database
from tuntas.storage.tables import keys

# Every request uses a key: its last use is written down once in a while only.
_NOTED_EVERY = timedelta(minutes=1)


class KeyStore:
    """The keys that clients may use. ``load`` comes first."""

    def __init__(self, database: Database, clock: Clock, on_revoked: Callable[[], None] = lambda: None) -> None:
        """Keep keys in ``database``; ``on_revoked`` is called when one has become worthless."""
        self._database = database
        self._clock = clock
        self._on_revoked = on_revoked
        self._keys: dict[str, Key] = {}
        self._trusted: dict[str, Caller] = {}

    async def load(self) -> None:
        """Read all keys."""
        rows = await self._database.run(lambda c: c.execute(select(keys).order_by(keys.c.created_at)).all())
        self._keys = {row.fingerprint: _from_row(row) for row in rows}

    def trust(self, secret: str, name: str) -> None:
        """Accept a key that is not stored, for everything: the configured one, the terminal's."""
        self._trusted[fingerprint(secret)] = Caller(name, frozenset({Scope.ADMIN}))

    async def first_key(self) -> str | None:
        """Make the first key, good for everything, and return its secret; None if there is any key already."""
        if self._keys:
            return None
        return (await self.create(Caller("first", frozenset({Scope.ADMIN}))))[1]

    async def create(self, caller: Caller) -> tuple[Key, str]:
        """Make a key and return it with its secret, which nobody can show again."""
        secret = secret_token()
        key = Key(ulid(), caller, self._clock.now())
        row = {
            "id": key.id,
            "name": caller.name,
            "fingerprint": fingerprint(secret),
            "scopes": sorted(caller.scopes),
            "sessions": None if caller.sessions is None else sorted(caller.sessions),
            "created_at": key.created_at,
        }
        await self._database.run(lambda connection: connection.execute(insert(keys).values(**row)))
        self._keys[fingerprint(secret)] = key
        return key, secret

    async def identify(self, secret: str) -> Caller | None:
        """Return who has this key, None if nobody has, and note its use."""
        return await self.recognise(fingerprint(secret))

    async def recognise(self, mark: str) -> Caller | None:
        """Return whose key has this fingerprint, None if there is none, and note its use."""
        if mark in self._trusted:
            return self._trusted[mark]
        key = self._keys.get(mark)
        if key is None:
            return None
        now = self._clock.now()
        if key.last_used_at is None or now - key.last_used_at >= _NOTED_EVERY:
            self._keys[mark] = replace(key, last_used_at=now)
            await self._database.run(lambda connection: _note(connection, key.id, now))
        return key.caller

    def marks(self) -> list[str]:
        """Return the fingerprints of all keys that are good now."""
        return [*self._trusted, *self._keys]

    def all(self) -> list[Key]:
        """Return all stored keys, oldest first."""
        return sorted(self._keys.values(), key=lambda key: (key.created_at, key.id))

    async def revoke(self, key_id: str) -> bool:
        """Make a key worthless at once; False if there is none of this id."""
        mark = next((mark for mark, key in self._keys.items() if key.id == key_id), None)
        if mark is None:
            return False
        await self._database.run(lambda connection: connection.execute(delete(keys).where(keys.c.id == key_id)))
        self._keys.pop(mark, None)
        self._on_revoked()
        return True


def _note(connection: Connection, key_id: str, at: datetime) -> None:
    connection.execute(update(keys).where(keys.c.id == key_id).values(last_used_at=at))


def _from_row(row: Row[Any]) -> Key:
    sessions = None if row.sessions is None else frozenset(row.sessions)
    caller = Caller(row.name, frozenset(Scope(one) for one in row.scopes), sessions)
    return Key(row.id, caller, row.created_at, row.last_used_at)
