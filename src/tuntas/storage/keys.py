"""API keys, as fingerprints; the key itself is shown once and never stored.

All of them are in memory too, since every request asks; a change is in the database before it counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from tuntas.foundation.clock import Clock
from tuntas.foundation.identifiers import fingerprint, hash_of_key, secret_token, ulid
from tuntas.sessions.access import Caller, Key, Scope
from tuntas.sessions.errors import QuotaReached
from tuntas.storage.database import Database
from tuntas.storage.tables import keys

# Every request uses a key: its last use is written down once in a while only.
_NOTED_EVERY = timedelta(minutes=1)


class KeyStore:
    """The keys that clients may use. ``load`` comes first."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        on_revoked: Callable[[], None] = lambda: None,
        *,
        most: int | None = None,
    ) -> None:
        """Keep ``most`` keys in ``database``; ``on_revoked`` is called when one is good for less, or for nothing."""
        self._most = most
        self._database = database
        self._clock = clock
        self._on_revoked = on_revoked
        self._keys: dict[str, Key] = {}
        self._trusted: dict[str, Caller] = {}
        self._trusted_hashes: dict[str, Caller] = {}

    async def load(self) -> None:
        """Read all keys."""
        rows = await self._database.run(lambda c: c.execute(select(keys).order_by(keys.c.created_at)).all())
        self._keys = {row.fingerprint: _from_row(row) for row in rows}

    def trust(self, secret: str, name: str) -> None:
        """Accept a key that is not stored, for everything: the configured one, the terminal's."""
        self._trusted[fingerprint(secret)] = Caller(name, frozenset({Scope.ADMIN}))

    def trust_hash(self, sha512: str, name: str) -> None:
        """Accept the key whose SHA-512 in hex this is, for everything. It is known by its fingerprint once it came."""
        self._trusted_hashes[sha512.lower()] = Caller(name, frozenset({Scope.ADMIN}))

    async def first_key(self) -> str | None:
        """Make the first key, good for everything, and return its secret; None if there is any key already."""
        if self._keys:
            return None
        return (await self.create(Caller("first", frozenset({Scope.ADMIN}))))[1]

    async def create(self, caller: Caller) -> tuple[Key, str]:
        """Make a key and return it with its secret, which nobody can show again.

        Raises:
            QuotaReached: there are as many keys as there may be.
        """
        secret = secret_token()
        key = Key(ulid(), caller, self._clock.now())
        row = {
            **_values(caller),
            "id": key.id,
            "fingerprint": fingerprint(secret),
            "created_at": key.created_at,
        }

        def work(connection: Connection) -> None:
            count = connection.execute(select(func.count()).select_from(keys)).scalar_one()
            if self._most is not None and count >= self._most:
                what = "keys"
                raise QuotaReached(what, count, self._most, "TUNTAS_MAX_KEYS")
            connection.execute(insert(keys).values(**row))

        await self._database.run(work)
        self._keys[fingerprint(secret)] = key
        return key, secret

    async def identify(self, secret: str) -> Caller | None:
        """Return who has this key, None if nobody has, and note its use."""
        if self._trusted_hashes and (caller := self._trusted_hashes.get(hash_of_key(secret))) is not None:
            self._trusted[fingerprint(secret)] = caller
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

    def holder(self, mark: str) -> Caller | None:
        """Return whose key has this fingerprint, None if there is none any more; it is no use of the key."""
        if mark in self._trusted:
            return self._trusted[mark]
        key = self._keys.get(mark)
        return None if key is None else key.caller

    def mark_of(self, key_id: str) -> str | None:
        """Return the fingerprint of a stored key, None if there is none of this id."""
        return next((mark for mark, key in self._keys.items() if key.id == key_id), None)

    def marks(self) -> list[str]:
        """Return the fingerprints of all keys that are good now."""
        return [*self._trusted, *self._keys]

    def all(self) -> list[Key]:
        """Return all stored keys, oldest first."""
        return sorted(self._keys.values(), key=lambda key: (key.created_at, key.id))

    async def change(self, key_id: str, changed: Callable[[Caller], Caller]) -> Key | None:
        """Have a key be good at once for what ``changed`` makes of it; return it, None if there is none of this id."""
        mark = self.mark_of(key_id)
        if mark is None:
            return None
        caller = changed(self._keys[mark].caller)
        statement = update(keys).where(keys.c.id == key_id).values(**_values(caller))
        await self._database.run(lambda connection: connection.execute(statement))
        if mark not in self._keys:  # it was revoked meanwhile
            return None
        self._keys[mark] = replace(self._keys[mark], caller=caller)
        self._on_revoked()
        return self._keys[mark]

    async def revoke(self, key_id: str) -> bool:
        """Make a key worthless at once; False if there is none of this id."""
        mark = self.mark_of(key_id)
        if mark is None:
            return False
        await self._database.run(lambda connection: connection.execute(delete(keys).where(keys.c.id == key_id)))
        self._keys.pop(mark, None)
        self._on_revoked()
        return True


def _values(caller: Caller) -> dict[str, Any]:
    sessions = None if caller.sessions is None else sorted(caller.sessions)
    return {"name": caller.name, "scopes": sorted(caller.scopes), "sessions": sessions}


def _note(connection: Connection, key_id: str, at: datetime) -> None:
    connection.execute(update(keys).where(keys.c.id == key_id).values(last_used_at=at))


def _from_row(row: Row[Any]) -> Key:
    sessions = None if row.sessions is None else frozenset(row.sessions)
    caller = Caller(row.name, frozenset(Scope(one) for one in row.scopes), sessions)
    return Key(row.id, caller, row.created_at, row.last_used_at)
