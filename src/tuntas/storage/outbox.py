"""The outbox: events that were committed with the state that caused them, on their way to receivers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from tuntas.events import Event
from tuntas.sessions.model import SessionRecord
from tuntas.storage.database import Database
from tuntas.storage.subscriptions import subscription_from_json, subscription_to_json
from tuntas.storage.tables import deliveries
from tuntas.webhooks.ports import Delivery

WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"


def enqueue(connection: Connection, record: SessionRecord, events: Sequence[Event]) -> set[str]:
    """Add a delivery for each event and each receiver that wants it; return the lanes that got something."""
    rows: list[dict[str, object]] = []
    for event in events:
        wanted = [one for one in record.config.subscriptions if one.wants(event.name)]
        body = json.dumps(event.envelope(), ensure_ascii=False, separators=(",", ":")) if wanted else ""
        created = datetime.fromtimestamp(event.timestamp / 1000, UTC)
        rows.extend(
            {
                "lane": f"{record.id}:{hashlib.sha256(one.url.encode()).hexdigest()[:16]}",
                "session": record.name,
                "event_id": event.id,
                "event": event.name.value,
                "body": body,
                "subscription": subscription_to_json(one),
                "state": WAITING,
                "attempts": 0,
                "created_at": created,
                "next_attempt_at": created,
            }
            for one in wanted
        )
    if rows:
        connection.execute(insert(deliveries), rows)
    return {str(row["lane"]) for row in rows}


class SqlOutbox:
    """Implements ``tuntas.webhooks.ports.Outbox``."""

    def __init__(self, database: Database) -> None:
        """Read from and write to ``database``."""
        self._database = database

    async def lanes(self) -> list[str]:
        """Return the lanes that have something waiting."""
        query = select(deliveries.c.lane).where(deliveries.c.state == WAITING).distinct()
        return list(await self._database.run(lambda connection: connection.execute(query).scalars().all()))

    async def waiting(self, lane: str, *, limit: int) -> list[Delivery]:
        """Return the oldest waiting deliveries of a lane, in order."""
        query = (
            select(deliveries)
            .where(deliveries.c.state == WAITING, deliveries.c.lane == lane)
            .order_by(deliveries.c.sequence)
            .limit(limit)
        )
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return [
            Delivery(
                id=row.sequence,
                lane=row.lane,
                session=row.session,
                event_id=row.event_id,
                body=row.body,
                subscription=subscription_from_json(row.subscription),
                attempts=row.attempts,
                next_attempt_at=row.next_attempt_at,
            )
            for row in rows
        ]

    async def delivered(self, delivery: Delivery) -> None:
        """Note that the receiver took it."""
        await self._note(delivery, state=DELIVERED, finished_at=datetime.now(UTC), error=None)

    async def postponed(self, delivery: Delivery, *, next_attempt_at: datetime, error: str) -> None:
        """Note a failed attempt and when the next is due."""
        await self._note(delivery, next_attempt_at=next_attempt_at, error=error)

    async def given_up(self, delivery: Delivery, *, error: str) -> None:
        """Note that the attempts are used up; it stays visible as dead."""
        await self._note(delivery, state=DEAD, finished_at=datetime.now(UTC), error=error)

    async def counts(self) -> dict[str, int]:
        """Return how many deliveries are in each state."""
        query = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return {WAITING: 0, DELIVERED: 0, DEAD: 0} | {row[0]: row[1] for row in rows}

    async def prune(self, before: datetime) -> None:
        """Forget deliveries that ended before that time."""
        statement = delete(deliveries).where(deliveries.c.finished_at < before)
        await self._database.run(lambda connection: connection.execute(statement))

    async def _note(self, delivery: Delivery, **values: object) -> None:
        statement = (
            update(deliveries)
            .where(deliveries.c.sequence == delivery.id)
            .values(attempts=deliveries.c.attempts + 1, **values)
        )
        await self._database.run(lambda connection: connection.execute(statement))
