"""Deliveries of all sessions: what was given up and why, what waits, and delivering many again in one act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from tuntas.dashboard import words
from tuntas.dashboard.fragments import Fragment, follow
from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.search import session_of
from tuntas.dashboard.words import N_
from tuntas.webhooks.ports import DeliveryFilter

SHOWN = 100
DEAD = "dead"


@dataclass(frozen=True, slots=True)
class DeliverySelection:
    """Which deliveries are looked at; an empty ``state`` or ``session`` means all."""

    state: str = DEAD
    session: str = ""

    @property
    def query(self) -> str:
        """The same as a part of an address."""
        return f"?{urlencode({'state': self.state, 'session': self.session})}"

    def as_filter(self, state: str | None = None) -> DeliveryFilter:
        """Return it as the outbox takes it."""
        return DeliveryFilter(session=self.session or None, state=state or self.state or None)


async def show(request: PageRequest) -> Response:
    """Show the deliveries that the address asks for; first of all those that were given up."""
    asked = _asked(request)
    return request.page("all_deliveries.html", asked=asked, found=await _found(request, asked), states=words.DELIVERIES)


async def live(request: PageRequest) -> Response:
    """Stream what changes."""
    asked = _asked(request)

    async def look() -> Sequence[Fragment]:
        return [await _found(request, asked)]

    return follow(request, look)


async def replay(request: PageRequest) -> Response:
    """Have all deliveries that were given up made again, of one session or of all."""
    asked = _asked(request)
    lanes = await request.context.replay(asked.as_filter(DEAD))
    request.context.news.ring()
    said = (
        request.say(N_("What was given up is delivered again, in its old order and with the same event ids."))
        if lanes
        else request.say(N_("Nothing was given up."))
    )
    return request.done(said, f"/dashboard/deliveries{asked.query}")


def _asked(request: PageRequest) -> DeliverySelection:
    query = request.http.query_params
    state = query.get("state", DEAD)
    return DeliverySelection(state if state in words.DELIVERIES or not state else DEAD, session_of(query))


async def _found(request: PageRequest, asked: DeliverySelection) -> Fragment:
    outbox = request.context.outbox
    notes = await outbox.notes(asked.as_filter(), limit=SHOWN)
    counts = await outbox.counts(frozenset({asked.session}) if asked.session else None)
    dead = counts.get(DEAD, 0)
    return Fragment(
        "found",
        (tuple(notes), dead),
        lambda: request.html("deliveries_found.html", deliveries=notes, dead=dead, asked=asked, most=SHOWN),
    )
