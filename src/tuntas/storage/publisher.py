"""Puts events into the log and into the outbox, in the transaction of the change that caused them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection, insert, select

from tuntas.events import Audience, Event, Subscription
from tuntas.events.about import message_told_of
from tuntas.foundation.clock import from_milliseconds
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
        on_receivers: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``on_lane`` is called with each lane of the outbox that got something, ``on_news`` after every commit.

        Without them nobody is told: the next server delivers what is in the outbox. ``everywhere``: receivers of all
        sessions' events. ``on_receivers`` is called with the id of a session whose receivers are others now, or gone.
        """
        self._on_lane = on_lane
        self._on_news = on_news
        self._everywhere = tuple(everywhere)
        self.on_receivers = on_receivers

    def write(self, connection: Connection, audience: Audience, events: Sequence[Event]) -> set[str]:
        """Add events to the log, and a delivery for each receiver that wants it; return the lanes for ``announce``."""
        rows: list[dict[str, object]] = []
        for event in events:
            if event.subject is not None and _is_known(connection, audience.session_id, event):
                continue
            created = from_milliseconds(event.timestamp)
            logged = {
                "event_id": event.id,
                "session_id": audience.session_id,
                "session": audience.session,
                "event": event.name.value,
                "subject": event.subject,
                "body": _body_of(event),
                "created_at": created,
                "message_token": message_told_of(event.name.value, event.payload),
            }
            connection.execute(insert(event_log).values(**logged))
            wanted = [one for one in (*audience.subscriptions, *self._everywhere) if one.wants(event.name)]
            rows.extend(
                {
                    "lane": f"{audience.session_id}:{one.id}",
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


def _body_of(event: Event) -> str:
    """Return the document that receivers get. What is no text (half a character) must not stop what has happened."""
    body = json.dumps(event.envelope(), ensure_ascii=False, separators=(",", ":"))
    return body.encode("utf-8", "replace").decode()


def _is_known(connection: Connection, session_id: str, event: Event) -> bool:
    same = select(event_log.c.sequence).where(
        event_log.c.session_id == session_id,
        event_log.c.event == event.name.value,
        event_log.c.subject == event.subject,
    )
    return connection.execute(same).first() is not None
