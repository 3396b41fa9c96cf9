"""The outbox: events that were committed with the state that caused them, on their way to receivers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from tuntas.events import Subscription
from tuntas.storage.database import Database
from tuntas.storage.publisher import DEAD, DELIVERED, WAITING
from tuntas.storage.receivers import deliveries_of, receiver_of
from tuntas.storage.tables import deliveries
from tuntas.storage.tables import events as event_log
from tuntas.webhooks.ports import (
    Delivered,
    Delivery,
    DeliveryFilter,
    DeliveryNote,
    GivenUp,
    LaneEnded,
    LaneHead,
    Outcome,
    Postponed,
)

_WITH_EVENT: Select[Any] = select(
    *(column for column in deliveries.c if column is not deliveries.c.subscription),
    # As text: a row that somebody has damaged must not hide the rows beside it.
    cast(deliveries.c.subscription, Text).label("subscription"),
    event_log.c.session,
    event_log.c.event,
    event_log.c.body,
    event_log.c.created_at,
).join(event_log, event_log.c.event_id == deliveries.c.event_id)

# What has ended meanwhile (its session was deleted during the attempt) is left as it is.
_STILL_WAITING = (deliveries.c.sequence == bindparam("which")) & (deliveries.c.state == WAITING)
_POSTPONE = (
    update(deliveries)
    .where(_STILL_WAITING)
    .values(attempts=deliveries.c.attempts + 1, next_attempt_at=bindparam("due"), error=bindparam("said"))
)
_GIVE_UP = (
    update(deliveries)
    .where(_STILL_WAITING)
    .values(attempts=deliveries.c.attempts + bindparam("made"), state=DEAD, error=bindparam("said"))
)
_END_LANE = (
    update(deliveries)
    .where(deliveries.c.lane == bindparam("which"), deliveries.c.state == WAITING)
    .values(state=DEAD, error=bindparam("said"))
)


class SqlOutbox:
    """Implements ``tuntas.webhooks.ports.Outbox``."""

    def __init__(self, database: Database, everywhere: Sequence[Subscription] = ()) -> None:
        """Read from and write to ``database``; ``everywhere`` are the receivers of all sessions' events."""
        self._database = database
        self._everywhere = tuple(everywhere)

    async def lanes(self) -> list[str]:
        """Return the lanes that have something waiting."""
        query = select(deliveries.c.lane).where(deliveries.c.state == WAITING).distinct()
        return list(await self._database.run(lambda connection: connection.execute(query).scalars().all()))

    async def heads(self) -> list[LaneHead]:
        """Return the oldest waiting delivery of each lane that has one."""
        oldest = (
            select(func.min(deliveries.c.sequence)).where(deliveries.c.state == WAITING).group_by(deliveries.c.lane)
        )
        query = _WITH_EVENT.where(deliveries.c.sequence.in_(oldest)).order_by(deliveries.c.sequence)
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return [
            LaneHead(row.lane, row.session, _url_of(row), row.created_at, row.next_attempt_at, row.attempts, row.error)
            for row in rows
        ]

    async def waiting(self, lane: str, *, limit: int) -> list[Delivery]:
        """Return the oldest waiting deliveries of a lane, in order."""
        query = (
            _WITH_EVENT.where(deliveries.c.state == WAITING, deliveries.c.lane == lane)
            .order_by(deliveries.c.sequence)
            .limit(limit)
        )

        def work(connection: Connection) -> list[Delivery]:
            rows = connection.execute(query).all()
            return deliveries_of(rows, receiver_of(connection, lane), self._everywhere) if rows else []

        return await self._database.run(work)

    async def note(self, outcomes: Sequence[Outcome]) -> None:
        """Write down what came of attempts; what has ended meanwhile stays ended."""
        now = datetime.now(UTC)
        done = [one.delivery.id for one in outcomes if isinstance(one, Delivered)]
        postponed = [
            {"which": one.delivery.id, "due": one.next_attempt_at, "said": one.error}
            for one in outcomes
            if isinstance(one, Postponed)
        ]
        given_up = [
            {"which": one.delivery.id, "made": int(one.was_tried), "said": one.error}
            for one in outcomes
            if isinstance(one, GivenUp)
        ]
        ended = [{"which": one.lane, "said": one.reason} for one in outcomes if isinstance(one, LaneEnded)]

        def work(connection: Connection) -> None:
            if done:
                connection.execute(
                    update(deliveries)
                    .where(deliveries.c.sequence.in_(done))
                    .values(attempts=deliveries.c.attempts + 1, state=DELIVERED, finished_at=now, error=None)
                )
            if postponed:
                connection.execute(_POSTPONE, postponed)
            if given_up:
                connection.execute(_GIVE_UP.values(finished_at=now), given_up)
            if ended:
                connection.execute(_END_LANE.values(finished_at=now), ended)

        await self._database.run(work)

    async def delivered(self, delivered: Sequence[Delivery]) -> None:
        """Note that the receiver took them."""
        await self.note([Delivered(one) for one in delivered])

    async def counts(self, sessions: frozenset[str] | None = None) -> dict[str, int]:
        """Return how many deliveries are in each state; of these sessions only, where some are named."""
        query = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
        if sessions is not None:
            query = query.join(event_log, deliveries.c.event_id == event_log.c.event_id)
            query = query.where(event_log.c.session.in_(sessions))
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

    async def is_told(self, session_id: str, subject: str, since: datetime) -> bool:
        """Say whether an event about ``subject`` waits to be delivered, or was for the last time after ``since``."""
        query = (
            select(deliveries.c.sequence)
            .join(event_log, event_log.c.event_id == deliveries.c.event_id)
            .where(
                event_log.c.session_id == session_id,
                event_log.c.subject == subject,
                or_(deliveries.c.state == WAITING, deliveries.c.finished_at >= since),
            )
            .limit(1)
        )
        return await self._database.run(lambda connection: connection.execute(query).first()) is not None

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
        """Forget deliveries that ended before that time, and those whose event is not there any more."""
        has_event = exists().where(event_log.c.event_id == deliveries.c.event_id)
        statement = delete(deliveries).where(or_(deliveries.c.finished_at < before, ~has_event))
        await self._database.run(lambda connection: connection.execute(statement))


def _meant(wanted: DeliveryFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.id is not None:
        conditions.append(deliveries.c.sequence == wanted.id)
    if wanted.before_id is not None:
        conditions.append(deliveries.c.sequence < wanted.before_id)
    if wanted.event_ids is not None:
        conditions.append(deliveries.c.event_id.in_(wanted.event_ids))
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
        url=_url_of(row),
        state=row.state,
        attempts=row.attempts,
        error=row.error,
        created_at=row.created_at,
        next_attempt_at=row.next_attempt_at if row.state == WAITING else None,
        finished_at=row.finished_at,
    )


def _url_of(row: Row[Any]) -> str:
    try:
        return str(json.loads(row.subscription)["url"])
    except (ValueError, TypeError, KeyError):
        return "?"
