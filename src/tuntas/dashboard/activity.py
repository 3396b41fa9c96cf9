"""What has happened with a session: its newest events, and their deliveries to receivers with replay."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from tuntas.dashboard import words
from tuntas.dashboard.fragments import Fragment
from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.phone_numbers import shown
from tuntas.dashboard.words import N_
from tuntas.events.about import message_told_of
from tuntas.foundation.clock import from_milliseconds
from tuntas.sessions.model import SessionRecord
from tuntas.webhooks.ports import DeliveryFilter, LoggedEvent

EVENTS_SHOWN = 20
DELIVERIES_SHOWN = 20
LONGEST_ID = len(str(2**63))  # digits; a database takes no bigger number
_LONGEST_TEXT = 90


@dataclass(frozen=True, slots=True)
class Activity:
    """An event as a line. ``word`` is a message of the catalogue, ``text`` somebody's own words.

    ``message``: the token of the message that it is about.
    """

    at: datetime
    name: str
    who: str
    word: str | None
    text: str = field(repr=False)
    message: str | None = None


async def events(request: PageRequest, record: SessionRecord) -> Fragment:
    """Return the session's newest events."""
    found = await request.context.event_log.recent(record.name, None, limit=EVENTS_SHOWN)
    lines = [line for line in map(activity_of, found) if line is not None and line.at >= record.created_at]
    value = tuple(one.event_id for one in found)
    return Fragment("events", value, lambda: request.html("events.html", events=lines, session=record))


async def deliveries(request: PageRequest, record: SessionRecord) -> Fragment:
    """Return the session's newest deliveries; for those who may have them made again."""
    wanted = DeliveryFilter(session=record.name, since=record.created_at)
    found = await request.context.outbox.notes(wanted, limit=DELIVERIES_SHOWN)
    has_receivers = bool(record.config.subscriptions)
    return Fragment(
        "deliveries",
        (tuple(found), has_receivers),
        lambda: request.html("deliveries.html", session=record, deliveries=found, has_receivers=has_receivers),
    )


async def replay(request: PageRequest) -> Response:
    """Have one delivery made again."""
    asked = str(request.http.path_params["id"])
    is_number = asked.isascii() and asked.isdecimal() and len(asked) < LONGEST_ID
    wanted = DeliveryFilter(id=int(asked)) if is_number else None
    if wanted is None or not (found := await request.context.outbox.notes(wanted, limit=1)):
        raise HTTPException(404)
    await request.context.replay(wanted)
    request.context.news.ring()
    back = f"/dashboard/sessions/{found[0].session}"
    return request.done(request.say(N_("It is delivered once more, with the same event id.")), back)


def activity_of(event: LoggedEvent) -> Activity | None:
    """Return an event as a line for people; None for one that only says again what another says."""
    envelope: dict[str, Any] = json.loads(event.body)
    payload = envelope["payload"]
    if event.event == "message.any" and not payload["fromMe"]:
        return None  # it is told as "message" too
    return Activity(
        from_milliseconds(envelope["timestamp"]),
        event.event,
        who_of(payload),
        word_of(event.event, payload),
        text_of(event.event, payload),
        message_told_of(event.event, payload),
    )


def who_of(payload: Mapping[str, Any]) -> str:
    """Return whom an event is about, as people write a number."""
    chat = payload.get("to") if payload.get("fromMe") else payload.get("from")
    return shown(str(chat)) if chat else ""


def word_of(event: str, payload: Mapping[str, Any]) -> str | None:
    """Return what an event says, where that is a word of ours."""
    if event == "session.status":
        return words.STATUSES.get(str(payload["status"]))
    if event == "message.ack":
        return words.ACKS.get(str(payload["ackName"]))
    return None


def text_of(event: str, payload: Mapping[str, Any]) -> str:
    """Return the beginning of what somebody has written."""
    if not event.startswith("message") or event == "message.ack":
        return ""
    text = str(payload.get("body") or "")
    return f"{text[:_LONGEST_TEXT]}…" if len(text) > _LONGEST_TEXT else text
