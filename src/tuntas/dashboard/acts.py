"""What can be done with a session: start, stop, restart, log out, delete. Answers come when they are true.

Logging out and deleting have a page of their own, which says what will be lost before it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import HTMLResponse, Response

from tuntas.dashboard.pieces import Piece, follow
from tuntas.dashboard.progress import steps
from tuntas.dashboard.session import STORY_LINES, gone, name_in, path_of
from tuntas.dashboard.visit import BY, Visit
from tuntas.dashboard.words import N_
from tuntas.sessions.errors import TryLater, UnknownSession


async def start(visit: Visit) -> Response:
    """Start a session."""
    name = name_in(visit)
    await visit.desk.sessions.start(name, asked_by=BY)
    return visit.done(visit.say(N_("%(name)s is starting."), name=name), path_of(name))


async def stop(visit: Visit) -> Response:
    """Stop a session."""
    name = name_in(visit)
    await visit.desk.sessions.stop(name, asked_by=BY)
    return visit.done(visit.say(N_("%(name)s is stopped. None of its processes is left."), name=name), path_of(name))


async def restart(visit: Visit) -> Response:
    """Close a session's browser and open another."""
    name = name_in(visit)
    await visit.desk.sessions.restart(name, asked_by=BY)
    return visit.done(visit.say(N_("%(name)s has a new browser and is starting."), name=name), path_of(name))


async def ask_log_out(visit: Visit) -> Response:
    """Say what a logout means."""
    return await _ask(visit, "log_out.html")


async def ask_delete(visit: Visit) -> Response:
    """Say what a deletion means."""
    return await _ask(visit, "delete.html")


async def _ask(visit: Visit, template: str) -> Response:
    record = visit.desk.sessions.get(name_in(visit))
    return visit.page(template, session=record, ending=await _ending(visit, record.name))


async def log_out(visit: Visit) -> Response:
    """Unlink the device and remove its keys; then back to the session's page."""
    name = name_in(visit)
    await visit.desk.sessions.log_out(name, asked_by=BY)
    return visit.leave_for(path_of(name))


async def delete(visit: Visit) -> Response:
    """Delete a session; say that nothing is left, or what is and who holds it."""
    name = name_in(visit)
    try:
        await visit.desk.sessions.remove(name, asked_by=BY)
    except UnknownSession:
        pass  # asked for again, or from another window: what was wanted is true
    except TryLater:
        ending = await _ending(visit, name)
        return HTMLResponse(ending.html()) if visit.is_part else visit.leave_for(f"{path_of(name)}/delete")
    visit.desk.on_deleted()
    return HTMLResponse(gone(visit, "ending", name).html()) if visit.is_part else visit.leave_for("/")


async def live(visit: Visit) -> Response:
    """Stream how far a logout or a deletion has come."""
    name = name_in(visit)

    async def look() -> Sequence[Piece]:
        return [await _ending(visit, name)]

    return follow(visit, look)


async def _ending(visit: Visit, name: str) -> Piece:
    """Return the steps of the end that is under way, an empty place before it, and its result after it."""
    try:
        record = visit.desk.sessions.get(name)
        way = steps(record, visit.desk.sessions.doing(name), await visit.desk.sessions.history(name, limit=STORY_LINES))
    except UnknownSession:
        return gone(visit, "ending", name)
    return Piece("ending", tuple(way), lambda: visit.html("ending.html", steps=way))
