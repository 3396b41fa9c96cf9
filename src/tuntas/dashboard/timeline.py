"""What became of one message, on a page: why it did, or did not, arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.responses import Response

from tuntas.dashboard import words
from tuntas.dashboard.activity import text_of, who_of, word_of
from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.words import N_
from tuntas.foundation.masking import masked_address
from tuntas.sessions.access import Scope
from tuntas.timeline import TimelineStep, timeline_of
from tuntas.webhooks.ports import DeliveryNote

LONGEST_ID = 300

OWN_STEPS = {
    "asked": N_("Sending was asked for"),
    "begun": N_("Its turn came"),
    "sent": N_("WhatsApp Web has taken it"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A step as people read it. ``name`` and ``word`` are messages of the catalogue, ``text`` somebody's own words.

    ``after``: how long after the first step it was, in seconds.
    """

    at: datetime
    after: float
    name: str
    word: str | None
    who: str
    text: str = field(repr=False)
    told: Sequence[tuple[str, DeliveryNote]]


async def show(request: PageRequest) -> Response:
    """Show what is known of a message."""
    name, message_id = str(request.http.path_params["name"]), str(request.http.path_params["message"])
    if len(message_id) > LONGEST_ID:
        raise HTTPException(404)
    steps = await timeline_of(request.context, name, message_id)
    sees_all = request.may(Scope.ADMIN)
    lines = [_line_of(step, steps[0].at, sees_all=sees_all) for step in steps]
    return request.page("timeline.html", session_name=name, message_id=message_id, lines=lines)


def _line_of(step: TimelineStep, first: datetime, *, sees_all: bool) -> Line:
    after = (step.at - first).total_seconds()
    told = [(one.url if sees_all else masked_address(one.url), one) for one in step.told]
    if step.event_id is None:
        return Line(step.at, after, OWN_STEPS[step.name], None, "", "", told)
    return Line(
        step.at,
        after,
        words.event(step.name),
        word_of(step.name, step.payload),
        who_of(step.payload),
        text_of(step.name, step.payload),
        told,
    )
