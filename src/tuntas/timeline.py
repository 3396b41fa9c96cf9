"""What became of one message: asked, begun, sent, acknowledged, and who was told of it when. Both doors show it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tuntas.events.about import token_of
from tuntas.foundation.clock import from_milliseconds
from tuntas.services import Services
from tuntas.sessions.errors import NothingKnown
from tuntas.webhooks.ports import DeliveryFilter, DeliveryNote, LoggedEvent

MOST_EVENTS = 500
MOST_DELIVERIES = 2000


@dataclass(frozen=True, slots=True)
class TimelineStep:
    """One thing that happened. ``name``: asked, begun, sent, or an event's; ``told``: its deliveries, oldest first."""

    at: datetime
    name: str
    event_id: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)
    told: Sequence[DeliveryNote] = ()


async def timeline_of(services: Services, session: str, message_id: str) -> list[TimelineStep]:
    """Return what is known of a message of a session, oldest first; ``message_id`` may be its token alone.

    Raises:
        UnknownSession: there is no such session.
        NothingKnown: nothing was ever known of it, or it is not kept any more.
    """
    record = services.sessions.get(session)
    token = token_of(message_id)
    note = await services.send_note(record.id, token)
    events = await services.event_log.about(record.id, token, limit=MOST_EVENTS)
    if note is None and not events:
        raise NothingKnown(message_id)
    told: dict[str, list[DeliveryNote]] = {event.event_id: [] for event in events}
    for delivery in reversed(await services.outbox.notes(DeliveryFilter(event_ids=list(told)), limit=MOST_DELIVERIES)):
        told[delivery.event_id].append(delivery)
    steps: list[TimelineStep] = []
    if note is not None:
        moments = (("asked", note.asked_at), ("begun", note.begun_at), ("sent", note.sent_at))
        steps += [TimelineStep(at, name) for name, at in moments if at is not None]
    steps += [_step_of(event, told[event.event_id]) for event in events]
    # Stable: what has one time keeps its order.
    return sorted(steps, key=lambda step: step.at)


def _step_of(event: LoggedEvent, told: Sequence[DeliveryNote]) -> TimelineStep:
    envelope = json.loads(event.body)
    at = from_milliseconds(envelope["timestamp"])
    return TimelineStep(at, event.event, event.event_id, envelope["payload"], told)
