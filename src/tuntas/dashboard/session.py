"""A session's page: what it is, what it does, what it did; in pieces that follow it live."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from tuntas.dashboard import happenings, linking
from tuntas.dashboard.messages import new_send_key
from tuntas.dashboard.pieces import Piece, follow
from tuntas.dashboard.progress import steps
from tuntas.dashboard.visit import Visit
from tuntas.profiles import Removal
from tuntas.sessions.access import Scope
from tuntas.sessions.errors import UnknownSession
from tuntas.sessions.machine import LIVE, State
from tuntas.sessions.model import SessionRecord, StateChange
from tuntas.sessions.reconcile import Act

STORY_LINES = 40
_ROUGHLY_BYTES = 1_000_000


def path_of(name: str) -> str:
    """Return the address of a session's page."""
    return f"/dashboard/sessions/{name}"


def name_in(visit: Visit) -> str:
    """Return the session's name in the request's path."""
    return str(visit.request.path_params["name"])


async def show(visit: Visit) -> Response:
    """Show a session."""
    name = name_in(visit)
    record = visit.desk.sessions.get(name)
    pieces = {piece.id: piece for piece in await _pieces(visit, record)}
    return visit.page("session.html", session=record, pieces=pieces, send_key=new_send_key())


async def live(visit: Visit) -> Response:
    """Stream what changes on the page; at last that the session is gone."""
    name = name_in(visit)
    visit.desk.sessions.get(name)

    async def look() -> Sequence[Piece]:
        try:
            return await _pieces(visit, visit.desk.sessions.get(name))
        except UnknownSession:
            return [gone(visit, "session", name)]

    return follow(visit, look)


def gone(visit: Visit, place: str, name: str) -> Piece:
    """Return what stands in the place of a session that is deleted: that nothing is left, or what is and why."""
    held = next((one for one in visit.desk.open_removals() if one.session == name and one.is_held), None)
    return Piece(
        place,
        ("gone", _value_of(held)),
        lambda: visit.html("gone.html", place=place, name=name, held=held),
    )


async def _pieces(visit: Visit, record: SessionRecord) -> list[Piece]:
    story = await visit.desk.sessions.history(record.name, limit=STORY_LINES)
    doing = visit.desk.sessions.doing(record.name)
    pieces = [
        state(visit, record, doing, story),
        _facts(visit, record),
        linking.piece(visit, record),
        _sending(visit, record),
        _story(visit, story),
        await happenings.events(visit, record),
    ]
    if visit.may(Scope.ADMIN):
        pieces.append(await happenings.deliveries(visit, record))
    return pieces


def state(visit: Visit, record: SessionRecord, doing: Act, story: Sequence[StateChange]) -> Piece:
    """Return the session's state, what can be done, and how far an end that is under way has come."""
    way = steps(record, doing, story)
    value = (record.state, record.desired, record.changed_at, record.me, tuple(way))
    detail = story[-1].detail if story else None
    return Piece(
        "state",
        value,
        lambda: visit.html(
            "state.html", session=record, steps=way, detail=detail, is_live=record.state in LIVE, State=State
        ),
    )


def _facts(visit: Visit, record: SessionRecord) -> Piece:
    usage = visit.desk.memory.latest().get(record.profile_folder)
    shown = None if usage is None else (usage.memory_bytes // _ROUGHLY_BYTES, usage.processes, usage.pid)
    value = (shown, record.browser, record.me, record.profile_folder, len(record.config.subscriptions))
    return Piece("facts", value, lambda: visit.html("facts.html", session=record, usage=usage))


def _sending(visit: Visit, record: SessionRecord) -> Piece:
    is_working = record.state is State.WORKING
    return Piece("sending", is_working, lambda: visit.html("sending.html", session=record, is_working=is_working))


def _story(visit: Visit, story: Sequence[StateChange]) -> Piece:
    newest_first = list(reversed(story))
    return Piece("story", tuple(newest_first), lambda: visit.html("story.html", story=newest_first))


def _value_of(removal: Removal | None) -> object:
    return None if removal is None else (removal.id, removal.state, removal.reason, removal.holders)
