"""Puts events into the log and into the outbox, in the transaction of the change that caused them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from tuntas.events import Audience, Event, Subscription
from tuntas.storage.subscriptions import subscription_to_json
from tuntas.storage.tables import deliveries
from tuntas.storage.tables import events as event_log

WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"


class Publisher:
    """Knows who gets events beside a session's own receivers, and whom to tell once they are committed."""

    def __init__(
        self,
        on_lane: Callable[[str], None] = lambda _: None,
        on_news: Callable[[], None] = lambda: None,
        everywhere: Sequence[Subscription] = (),
    ) -> None:
        """``on_lane`` is called with each lane of the outbox that got something, ``on_news`` after every commit.

        Without them nobody is told: the next server delivers what is in the outbox. ``everywhere``: receivers of all
        sessions' events.
        """
        self._on_lane = on_lane
        self._on_news = on_news
        self._everywhere = tuple(everywhere)

    def write(self, connection: Connection, audience: Audience, events: Sequence[Event]) -> set[str]:
        """Add events to the log, and a delivery for each receiver that wants it; return the lanes for ``announce``."""
        rows: list[dict[str, object]] = []
        for event in events:
            if event.subject is not None and _is_known(connection, audience.session_id, event):
                continue
            created = datetime.fromtimestamp(event.timestamp / 1000, UTC)
            logged = {
                "event_id": event.id,
                "session_id": audience.session_id,
                "session": audience.session,
                "event": event.name.value,
                "subject": event.subject,
                "body": json.dumps(event.envelope(), ensure_ascii=False, separators=(",", ":")),
                "created_at": created,
            }
            connection.execute(insert(event_log).values(**logged))
            wanted = [one for one in (*audience.subscriptions, *self._everywhere) if one.wants(event.name)]
            rows.extend(
                {
                    "lane": f"{audience.session_id}:{hashlib.sha256(one.url.encode()).hexdigest()[:16]}",
                    "event_id": event.id,
                    "subscription": subscription_to_json(one),
                    "state": WAITING,
                    "attempts": 0,
                    "next_attempt_at": created,
                }
                for one in wanted
            )
        if rows:
            connection.execute(insert(deliveries), rows)
        return {str(row["lane"]) for row in rows}

    def announce(self, lanes: Iterable[str]) -> None:
        """Say that what was written is committed."""
        for lane in lanes:
            self._on_lane(lane)
        self._on_news()


def _is_known(connection: Connection, session_id: str, event: Event) -> bool:
    same = select(event_log.c.sequence).where(
        event_log.c.session_id == session_id,
        event_log.c.event == event.name.value,
        event_log.c.subject == event.subject,
    )
    return connection.execute(same).first() is not None
