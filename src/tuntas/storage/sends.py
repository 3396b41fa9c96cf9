"""Sends that were asked with a key: the message's id before it goes out, and the answer after."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update

from tuntas.events import AckLevel, Message
from tuntas.foundation.clock import Clock
from tuntas.sessions.ports import SendEntry
from tuntas.storage.database import Database
from tuntas.storage.tables import sends


class SqlSendJournal:
    """Implements ``tuntas.sessions.ports.SendJournal``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Keep sends in ``database``."""
        self._database = database
        self._clock = clock

    async def begin(self, session_id: str, key: str, fingerprint: str, token: str) -> SendEntry:
        """Write down that a message is about to be sent, or return what was written under this key before."""
        row = {
            "session_id": session_id,
            "key": key,
            "fingerprint": fingerprint,
            "token": token,
            "created_at": self._clock.now(),
        }

        def work(connection: Connection) -> SendEntry:
            known = connection.execute(select(sends).where(_at(session_id, key))).one_or_none()
            if known is None:
                connection.execute(insert(sends).values(**row))
                return SendEntry(fingerprint, token, None, is_new=True)
            answer = None if known.answer is None else _message(known.answer)
            return SendEntry(known.fingerprint, known.token, answer, is_new=False)

        return await self._database.run(work)

    async def finish(self, session_id: str, key: str, message: Message) -> None:
        """Write down what went out."""
        statement = update(sends).where(_at(session_id, key)).values(answer=asdict(message))
        await self._database.run(lambda connection: connection.execute(statement))

    async def forget(self, session_id: str, key: str) -> None:
        """Write down that nothing went out: the key is free again."""
        statement = delete(sends).where(_at(session_id, key))
        await self._database.run(lambda connection: connection.execute(statement))

    async def prune(self, before: datetime) -> None:
        """Forget sends that were begun before that time."""
        statement = delete(sends).where(sends.c.created_at < before)
        await self._database.run(lambda connection: connection.execute(statement))


def _at(session_id: str, key: str) -> Any:
    return and_(sends.c.session_id == session_id, sends.c.key == key)


def _message(document: dict[str, Any]) -> Message:
    return Message(**document | {"ack": AckLevel(document["ack"])})
