"""Acting on many sessions at once: those that the overview shows, chosen by name on a page of their own.

Deleting has a page more, which says what will be lost. Each session answers for itself: one that cannot does not stop
the others, and is named with its reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.responses import Response

from tuntas.dashboard import words
from tuntas.dashboard.listing import Listing
from tuntas.dashboard.page_request import BY, PageRequest
from tuntas.dashboard.words import N_
from tuntas.sessions.errors import SessionError
from tuntas.sessions.model import SessionRecord

AT_ONCE = 8
START, STOP, RESTART, DELETE = "start", "stop", "restart", "delete"
_NOTHING = N_("Choose at least one session.")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A session that did not do it, and why; the reason is a message of the catalogue."""

    name: str
    why: str


async def show(request: PageRequest) -> Response:
    """Show what can be done with the sessions that the address asks for."""
    return _page(request, Listing.of(request.http.query_params))


async def act(request: PageRequest) -> Response:
    """Do what the form says with each session that it names; a deletion is asked for once more."""
    listing, kind, names = Listing.of(request.http.query_params), request.form["act"], request.form.all("session")
    chosen = [one for one in request.context.sessions.all() if one.name in set(names)]
    if not chosen:
        return _page(request, listing, status=422, error=_NOTHING)
    if kind == DELETE and not request.form["confirmed"]:
        return request.page("bulk_delete.html", sessions=chosen, listing=listing)
    acts = _acts(request)
    if kind not in acts:
        raise HTTPException(422)
    refusals = await _each(chosen, acts[kind])
    if kind == DELETE:
        request.context.on_deleted()
    return _page(request, listing, done=len(chosen) - len(refusals), refusals=refusals)


def _acts(request: PageRequest) -> dict[str, Callable[[str], Awaitable[object]]]:
    sessions = request.context.sessions
    return {
        START: lambda name: sessions.start(name, asked_by=BY),
        STOP: lambda name: sessions.stop(name, asked_by=BY),
        RESTART: lambda name: sessions.restart(name, asked_by=BY),
        DELETE: lambda name: sessions.remove(name, asked_by=BY),
    }


async def _each(chosen: Sequence[SessionRecord], act: Callable[[str], Awaitable[object]]) -> list[Refusal]:
    """Do it with all, a few at a time; return those that did not."""
    places = asyncio.Semaphore(AT_ONCE)
    refusals: list[Refusal] = []

    async def one(name: str) -> None:
        async with places:
            try:
                await act(name)
            except SessionError as error:
                refusals.append(Refusal(name, words.ERRORS[type(error)][1]))

    async with asyncio.TaskGroup() as group:
        for record in chosen:
            group.create_task(one(record.name), name=f"act on session {record.name}")
    return sorted(refusals, key=lambda refusal: refusal.name)


def _page(
    request: PageRequest,
    listing: Listing,
    *,
    status: int = 200,
    error: str | None = None,
    done: int | None = None,
    refusals: Sequence[Refusal] = (),
) -> Response:
    sessions = [one for one in request.context.sessions.all() if listing.fits(one)]
    return request.page(
        "bulk.html", status=status, listing=listing, sessions=sessions, error=error, done=done, refusals=refusals
    )
