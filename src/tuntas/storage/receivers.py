"""Where a lane's deliveries go now: the session's configuration as it stands, not as it was when an event was written.

So a corrected address, header or key counts for what waits already, and what waits for a webhook that is gone can end.
A delivery keeps a copy of its webhook for the events that come after its session's end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Text, and_, cast, exists, func, select, update

from tuntas.events import Subscription
from tuntas.events.subscription import EVERYWHERE
from tuntas.storage.publisher import DEAD, WAITING
from tuntas.storage.subscriptions import subscription_from_json
from tuntas.storage.tables import deliveries, history, sessions
from tuntas.webhooks.ports import Delivery

REMOVED = "The webhook was removed from the session's configuration."
NOT_SET = "TUNTAS_WEBHOOK_URL is not set any more."
UNREADABLE = "The delivery's row cannot be read."
SESSION_DELETED = "The session was deleted."


@dataclass(frozen=True, slots=True)
class Receiver:
    """What is known of a lane's session. ``subscriptions`` None: its configuration is not there or not readable."""

    id: str
    subscriptions: tuple[Subscription, ...] | None
    is_deleted: bool


def receiver_of(connection: Connection, lane: str) -> Receiver:
    """Return what is known of a lane's session."""
    session_id, _, webhook_id = lane.partition(":")
    # As text: what cannot be read must be ours to judge.
    row = connection.execute(select(cast(sessions.c.config, Text)).where(sessions.c.id == session_id)).one_or_none()
    if row is None:
        # A session that was never there has no story; one that was deleted has the line of its end.
        has_ended = select(exists().where(history.c.session_id == session_id, history.c.after == "removed"))
        return Receiver(webhook_id, None, bool(connection.execute(has_ended).scalar()))
    try:
        found = tuple(subscription_from_json(one) for one in json.loads(row[0])["subscriptions"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return Receiver(webhook_id, None, is_deleted=False)
    return Receiver(webhook_id, found, is_deleted=False)


def deliveries_of(rows: Iterable[Row[Any]], receiver: Receiver, everywhere: Sequence[Subscription]) -> list[Delivery]:
    """Return a lane's waiting rows, each with the webhook that it goes to now."""
    found = []
    for row in rows:
        subscription, hopeless = _resolved(row.subscription, receiver, everywhere)
        found.append(
            Delivery(
                id=row.sequence,
                lane=row.lane,
                session=row.session,
                event_id=row.event_id,
                body=row.body,
                subscription=subscription,
                attempts=row.attempts,
                created_at=row.created_at,
                next_attempt_at=row.next_attempt_at,
                hopeless=hopeless,
                is_last=receiver.is_deleted,
            )
        )
    return found


def _resolved(copy: str, receiver: Receiver, everywhere: Sequence[Subscription]) -> tuple[Subscription, str | None]:
    try:
        copied = subscription_from_json(json.loads(copy))
    except (ValueError, TypeError, KeyError, AttributeError):
        copied = None
    candidates = (*(receiver.subscriptions or ()), *everywhere)
    if (same := next((one for one in candidates if one.id == receiver.id), None)) is not None:
        return same, None
    if copied is None:
        return Subscription("?", ()), UNREADABLE
    if (same := next((one for one in everywhere if one.url == copied.url), None)) is not None:
        return same, None  # written by an earlier version, whose lanes were named for addresses only
    if receiver.id == EVERYWHERE:
        return copied, NOT_SET
    return copied, None if receiver.subscriptions is None else REMOVED


def begin_anew(connection: Connection, session_id: str, now: datetime) -> None:
    """Have all that waits for a session's receivers tried at once: they are others now."""
    statement = update(deliveries).where(_waits_for(session_id)).values(next_attempt_at=now)
    connection.execute(statement)


def end_failing(connection: Connection, session_id: str, now: datetime) -> None:
    """End what waits in those lanes of a deleted session whose receivers have failed; others get what there is."""
    failing = select(deliveries.c.lane).where(_waits_for(session_id), deliveries.c.attempts > 0)
    said = func.coalesce(deliveries.c.error + ". ", "") + SESSION_DELETED
    statement = update(deliveries).where(deliveries.c.state == WAITING, deliveries.c.lane.in_(failing))
    connection.execute(statement.values(state=DEAD, finished_at=now, error=said))


def _waits_for(session_id: str) -> ColumnElement[bool]:
    return and_(deliveries.c.state == WAITING, deliveries.c.lane.startswith(f"{session_id}:"))
