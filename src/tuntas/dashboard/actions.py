"""What can be done with a session: start, stop, restart, log out, delete. Answers come when they are true.

Logging out and deleting have a page of their own, which says what will be lost before it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import HTMLResponse, Response

from tuntas.dashboard.fragments import Fragment, follow
from tuntas.dashboard.page_request import BY, PageRequest
from tuntas.dashboard.progress import steps
from tuntas.dashboard.session import STORY_LINES, gone, name_in, path_of
from tuntas.dashboard.words import N_
from tuntas.sessions.errors import TryLater, UnknownSession


async def start(request: PageRequest) -> Response:
    """Start a session."""
    name = name_in(request)
    await request.context.sessions.start(name, asked_by=BY)
    return request.done(request.say(N_("%(name)s is starting."), name=name), path_of(name))


async def stop(request: PageRequest) -> Response:
    """Stop a session."""
    name = name_in(request)
    await request.context.sessions.stop(name, asked_by=BY)
    return request.done(
        request.say(N_("%(name)s is stopped. None of its processes is left."), name=name), path_of(name)
    )


async def restart(request: PageRequest) -> Response:
    """Close a session's browser and open another."""
    name = name_in(request)
    await request.context.sessions.restart(name, asked_by=BY)
    return request.done(request.say(N_("%(name)s has a new browser and is starting."), name=name), path_of(name))


async def ask_log_out(request: PageRequest) -> Response:
    """Say what a logout means."""
    return await _ask(request, "log_out.html")


async def ask_delete(request: PageRequest) -> Response:
    """Say what a deletion means."""
    return await _ask(request, "delete.html")


async def _ask(request: PageRequest, template: str) -> Response:
    record = request.context.sessions.get(name_in(request))
    return request.page(template, session=record, ending=await _ending(request, record.name))


async def log_out(request: PageRequest) -> Response:
    """Unlink the device and remove its keys; then back to the session's page."""
    name = name_in(request)
    await request.context.sessions.log_out(name, asked_by=BY)
    return request.leave_for(path_of(name))


async def delete(request: PageRequest) -> Response:
    """Delete a session; say that nothing is left, or what is and who holds it."""
    name = name_in(request)
    try:
        await request.context.sessions.remove(name, asked_by=BY)
    except UnknownSession:
        # Asked for again, or from another window. Of the session only a removal may be left that had no success yet.
        await request.context.finish_removal(name)
    except TryLater:
        ending = await _ending(request, name)
        return HTMLResponse(ending.html()) if request.is_part else request.leave_for(f"{path_of(name)}/delete")
    request.context.on_deleted()
    return HTMLResponse(gone(request, "ending", name).html()) if request.is_part else request.leave_for("/")


async def live(request: PageRequest) -> Response:
    """Stream how far a logout or a deletion has come."""
    name = name_in(request)

    async def look() -> Sequence[Fragment]:
        return [await _ending(request, name)]

    return follow(request, look)


async def _ending(request: PageRequest, name: str) -> Fragment:
    """Return the steps of the end that is under way, an empty place before it, and its result after it."""
    try:
        record = request.context.sessions.get(name)
        way = steps(
            record,
            request.context.sessions.doing(name),
            await request.context.sessions.history(name, limit=STORY_LINES),
        )
    except UnknownSession:
        return gone(request, "ending", name)
    return Fragment("ending", tuple(way), lambda: request.html("ending.html", steps=way))
