"""Sends. With a key: the message's id before it goes out, and the answer after; without one: when it went out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update

from tuntas.events import AckLevel, Message
from tuntas.foundation.clock import Clock
from tuntas.sessions.ports import SendEntry, SendNote
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

    async def finish(self, session_id: str, key: str, message: Message, begun_at: datetime) -> None:
        """Write down what went out, and when its turn had come."""
        values = {"answer": asdict(message), "begun_at": begun_at, "sent_at": self._clock.now()}
        statement = update(sends).where(_at(session_id, key)).values(values)
        await self._database.run(lambda connection: connection.execute(statement))

    async def note(self, session_id: str, token: str, fingerprint: str, note: SendNote) -> None:
        """Write down that a message without a key went out: its own token stands in the key's place."""
        row = {
            "session_id": session_id,
            "key": token,
            "fingerprint": fingerprint,
            "token": token,
            "created_at": note.asked_at,
            "begun_at": note.begun_at,
            "sent_at": note.sent_at,
        }

        def work(connection: Connection) -> None:
            # Sent before with the token that its caller has chosen: that was when it went out.
            if connection.execute(select(sends.c.key).where(_at(session_id, token))).first() is None:
                connection.execute(insert(sends).values(**row))

        await self._database.run(work)

    async def noted(self, session_id: str, token: str) -> SendNote | None:
        """Return what is known of the sending of a message; None if it was not sent from here, or long ago."""
        query = (
            select(sends.c.created_at, sends.c.begun_at, sends.c.sent_at)
            .where(sends.c.session_id == session_id, sends.c.token == token)
            .order_by(sends.c.created_at)
            .limit(1)
        )
        row = await self._database.run(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else SendNote(*row)

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
    answered = document["reply_to"]
    # Until its words were kept too, an answer's id stood alone.
    reply_to = {"id": answered} if isinstance(answered, str) else answered
    return Message(**document | {"ack": AckLevel(document["ack"]), "reply_to": reply_to})
