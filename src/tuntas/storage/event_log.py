"""All events that were published, for those who follow them live and may have missed some."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, exists, func, select

from tuntas.storage.database import Database
from tuntas.storage.tables import deliveries
from tuntas.storage.tables import events as event_log
from tuntas.webhooks.ports import LoggedEvent


class SqlEventLog:
    """Implements ``tuntas.webhooks.ports.EventLog``."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database

    async def newest(self) -> int:
        """Return the place of the newest event; 0 if there is none."""
        query = select(func.max(event_log.c.sequence))
        return await self._database.run(lambda connection: connection.execute(query).scalar()) or 0

    async def place_of(self, event_id: str) -> int | None:
        """Return the place of an event, None if it is not known, or not any more."""
        query = select(event_log.c.sequence).where(event_log.c.event_id == event_id)
        return await self._database.run(lambda connection: connection.execute(query).scalar())

    async def after(
        self, place: int, sessions: Collection[str] | None, names: Collection[str] | None, *, limit: int
    ) -> list[LoggedEvent]:
        """Return the events behind ``place``, oldest first, of these sessions and names; None means all."""
        query = select(event_log).where(event_log.c.sequence > place).order_by(event_log.c.sequence).limit(limit)
        if sessions is not None:
            query = query.where(event_log.c.session.in_(sessions))
        if names is not None:
            query = query.where(event_log.c.event.in_(names))
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return [_event_of(row) for row in rows]

    async def recent(self, session: str, names: Collection[str] | None, *, limit: int) -> list[LoggedEvent]:
        """Return the newest events of a session, newest first; names None means all."""
        query = select(event_log).where(event_log.c.session == session)
        if names is not None:
            query = query.where(event_log.c.event.in_(names))
        newest = query.order_by(event_log.c.sequence.desc()).limit(limit)
        rows = await self._database.run(lambda connection: connection.execute(newest).all())
        return [_event_of(row) for row in rows]

    async def about(self, session_id: str, message_token: str, *, limit: int) -> list[LoggedEvent]:
        """Return the events about one message of a session, oldest first."""
        query = (
            select(event_log)
            .where(event_log.c.session_id == session_id, event_log.c.message_token == message_token)
            .order_by(event_log.c.sequence)
            .limit(limit)
        )
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return [_event_of(row) for row in rows]

    async def prune(self, before: datetime) -> None:
        """Forget events from before that time that are on their way to nobody."""
        is_needed = exists().where(deliveries.c.event_id == event_log.c.event_id)
        statement = delete(event_log).where(event_log.c.created_at < before, ~is_needed)
        await self._database.run(lambda connection: connection.execute(statement))


def _event_of(row: Row[Any]) -> LoggedEvent:
    return LoggedEvent(row.sequence, row.event_id, row.session, row.event, row.body)
