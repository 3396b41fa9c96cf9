"""What has happened with a session: its newest events, and their deliveries to receivers with replay."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from tuntas.dashboard import words
from tuntas.dashboard.phone_numbers import shown
from tuntas.dashboard.pieces import Piece
from tuntas.dashboard.visit import Visit
from tuntas.dashboard.words import N_
from tuntas.sessions.model import SessionRecord
from tuntas.webhooks.ports import DeliveryFilter, LoggedEvent

EVENTS_SHOWN = 20
DELIVERIES_SHOWN = 20
LONGEST_ID = len(str(2**63))  # digits; a database takes no bigger number
_LONGEST_TEXT = 90


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as a line. ``word`` is a message of the catalogue, ``text`` somebody's own words."""

    at: datetime
    name: str
    who: str
    word: str | None
    text: str = field(repr=False)


async def events(visit: Visit, record: SessionRecord) -> Piece:
    """Return the session's newest events."""
    found = await visit.desk.event_log.recent(record.name, None, limit=EVENTS_SHOWN)
    lines = [line for line in map(happening_of, found) if line is not None and line.at >= record.created_at]
    value = tuple(one.event_id for one in found)
    return Piece("events", value, lambda: visit.html("events.html", events=lines))


async def deliveries(visit: Visit, record: SessionRecord) -> Piece:
    """Return the session's newest deliveries; for those who may have them made again."""
    wanted = DeliveryFilter(session=record.name, since=record.created_at)
    found = await visit.desk.outbox.notes(wanted, limit=DELIVERIES_SHOWN)
    has_receivers = bool(record.config.subscriptions)
    return Piece(
        "deliveries",
        (tuple(found), has_receivers),
        lambda: visit.html("deliveries.html", deliveries=found, has_receivers=has_receivers),
    )


async def replay(visit: Visit) -> Response:
    """Have one delivery made again."""
    asked = str(visit.request.path_params["id"])
    is_number = asked.isascii() and asked.isdecimal() and len(asked) < LONGEST_ID
    wanted = DeliveryFilter(id=int(asked)) if is_number else None
    if wanted is None or not (found := await visit.desk.outbox.notes(wanted, limit=1)):
        raise HTTPException(404)
    await visit.desk.replay(wanted)
    visit.desk.news.ring()
    back = f"/dashboard/sessions/{found[0].session}"
    return visit.done(visit.say(N_("It is delivered once more, with the same event id.")), back)


def happening_of(event: LoggedEvent) -> Happening | None:
    """Return an event as a line for people; None for one that only says again what another says."""
    envelope: dict[str, Any] = json.loads(event.body)
    payload = envelope["payload"]
    if event.event == "message.any" and not payload["fromMe"]:
        return None  # it is told as "message" too
    at = datetime.fromtimestamp(int(envelope["timestamp"]) / 1000, UTC)
    chat = payload.get("to") if payload.get("fromMe") else payload.get("from")
    word: str | None = None
    text = ""
    if event.event == "session.status":
        word = words.STATUSES.get(str(payload["status"]))
    elif event.event == "message.ack":
        word = words.ACKS.get(str(payload["ackName"]))
    elif event.event.startswith("message"):
        text = str(payload.get("body") or "")
    if len(text) > _LONGEST_TEXT:
        text = f"{text[:_LONGEST_TEXT]}…"
    return Happening(at, event.event, shown(str(chat)) if chat else "", word, text)
