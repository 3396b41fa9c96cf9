"""The outbox: events that were committed with the state that caused them, on their way to receivers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, select, update

from tuntas.storage.database import Database
from tuntas.storage.publisher import DEAD, DELIVERED, WAITING
from tuntas.storage.subscriptions import subscription_from_json
from tuntas.storage.tables import deliveries
from tuntas.storage.tables import events as event_log
from tuntas.webhooks.ports import Delivery, DeliveryFilter, DeliveryNote

_WITH_EVENT = select(deliveries, event_log.c.session, event_log.c.event, event_log.c.body, event_log.c.created_at).join(
    event_log, event_log.c.event_id == deliveries.c.event_id
)


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
            _WITH_EVENT.where(deliveries.c.state == WAITING, deliveries.c.lane == lane)
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

    async def delivered(self, delivered: Sequence[Delivery]) -> None:
        """Note that the receiver took them."""
        statement = (
            update(deliveries)
            .where(deliveries.c.sequence.in_([one.id for one in delivered]))
            .values(attempts=deliveries.c.attempts + 1, state=DELIVERED, finished_at=datetime.now(UTC), error=None)
        )
        await self._database.run(lambda connection: connection.execute(statement))

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

    async def oldest_waiting(self) -> datetime | None:
        """Return when the event was written that has waited longest for its delivery; None if none waits."""
        query = (
            select(event_log.c.created_at)
            .join(deliveries, deliveries.c.event_id == event_log.c.event_id)
            .where(deliveries.c.state == WAITING)
            .order_by(deliveries.c.sequence)
            .limit(1)
        )
        return await self._database.run(lambda connection: connection.execute(query).scalar_one_or_none())

    async def notes(self, wanted: DeliveryFilter, *, limit: int) -> list[DeliveryNote]:
        """Return what is known of the newest deliveries that are meant, newest first."""
        query = _WITH_EVENT.where(*_meant(wanted)).order_by(deliveries.c.sequence.desc()).limit(limit)
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return [_note_of(row) for row in rows]

    async def replay(self, wanted: DeliveryFilter, now: datetime) -> set[str]:
        """Have the ended deliveries that are meant made again, each in its old place; return their lanes."""
        chosen = (
            select(deliveries.c.sequence)
            .join(event_log, event_log.c.event_id == deliveries.c.event_id)
            .where(deliveries.c.state != WAITING, *_meant(wanted))
        )
        statement = (
            update(deliveries)
            .where(deliveries.c.sequence.in_(chosen))
            .values(state=WAITING, attempts=0, error=None, finished_at=None, next_attempt_at=now)
            .returning(deliveries.c.lane)
        )
        lanes = await self._database.run(lambda connection: connection.execute(statement).scalars().all())
        return set(lanes)

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


def _meant(wanted: DeliveryFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.id is not None:
        conditions.append(deliveries.c.sequence == wanted.id)
    if wanted.before_id is not None:
        conditions.append(deliveries.c.sequence < wanted.before_id)
    if wanted.event_id is not None:
        conditions.append(deliveries.c.event_id == wanted.event_id)
    if wanted.session is not None:
        conditions.append(event_log.c.session == wanted.session)
    if wanted.state is not None:
        conditions.append(deliveries.c.state == wanted.state)
    if wanted.since is not None:
        conditions.append(event_log.c.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(event_log.c.created_at <= wanted.until)
    return [and_(*conditions)] if conditions else []


def _note_of(row: Row[Any]) -> DeliveryNote:
    return DeliveryNote(
        id=row.sequence,
        event_id=row.event_id,
        event=row.event,
        session=row.session,
        url=row.subscription["url"],
        state=row.state,
        attempts=row.attempts,
        error=row.error,
        created_at=row.created_at,
        next_attempt_at=row.next_attempt_at if row.state == WAITING else None,
        finished_at=row.finished_at,
    )
