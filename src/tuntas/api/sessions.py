"""``/api/sessions``: create, look, start, stop, restart, log out, delete."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse

from tuntas.api.context import Gateway, GatewayHere
from tuntas.api.errors import Responses, problems
from tuntas.api.removals import removal_out
from tuntas.api.schemas import (
    Change,
    CreateSession,
    Deleted,
    Me,
    NamedSession,
    Session,
    Terminate,
    UpdateSession,
)
from tuntas.profiles import SESSION_BUSY
from tuntas.sessions.errors import TryLater, UnknownSession
from tuntas.sessions.machine import Status
from tuntas.sessions.model import SESSION_NAME_PATTERN

router = APIRouter(prefix="/api/sessions", tags=["sessions"])
Name = Annotated[str, Path(pattern=SESSION_NAME_PATTERN, description="The session's name.", examples=["shop"])]
BY = "api"
_DELETED: Responses = {
    200: {"model": Deleted, "description": "Nothing is left: no process, no profile folder."},
    202: {"model": Deleted, "description": "Something foreign holds files; it goes on by itself."},
}
_TERMINATED: Responses = {
    200: {"model": list[Deleted], "description": "Nothing is left of any of them."},
    202: {"model": list[Deleted], "description": "Something foreign holds files of some; it goes on by itself."},
}


@router.post("", status_code=201, responses=problems(422), summary="Create a session")
async def create(gateway: GatewayHere, body: CreateSession) -> Session:
    """Create a session and, unless `start` is false, start it. A name is made if there is none."""
    record = await gateway.sessions.create(body.name, body.config.domain(), start=body.start, asked_by=BY)
    return Session.of(record)


@router.get("", responses=problems(422), summary="List sessions")
async def listing(
    gateway: GatewayHere,
    all: Annotated[bool, Query(description="Also those that are stopped.")] = False,  # noqa: A002 - WAHA's name
) -> list[Session]:
    """List the sessions, by name."""
    return [Session.of(one) for one in gateway.sessions.all() if all or one.status is not Status.STOPPED]


# The older routes come first: "start" would otherwise be taken for a session's name where only one segment follows.
@router.post("/start", deprecated=True, responses=problems(409, 422), summary="Start (older form)")
async def start_by_body(gateway: GatewayHere, body: NamedSession) -> Session:
    """Start a session, creating it if there is none. Use `POST /api/sessions/{session}/start`."""
    try:
        return Session.of(await gateway.sessions.start(body.name, asked_by=BY))
    except UnknownSession:
        config = CreateSession(name=body.name).config.domain()
        return Session.of(await gateway.sessions.create(body.name, config, start=True, asked_by=BY))


@router.post("/stop", deprecated=True, responses=problems(404, 409, 422, 503), summary="Stop (older form)")
async def stop_by_body(gateway: GatewayHere, body: NamedSession) -> Session:
    """Stop a session, with `logout` also unlink it. Use `POST /api/sessions/{session}/stop`."""
    record = await gateway.sessions.stop(body.name, asked_by=BY)
    if body.logout:
        record = await gateway.sessions.log_out(body.name, asked_by=BY)
    return Session.of(record)


@router.post("/logout", deprecated=True, responses=problems(404, 409, 422, 503), summary="Log out (older form)")
async def log_out_by_body(gateway: GatewayHere, body: NamedSession) -> Session:
    """Unlink a session. Use `POST /api/sessions/{session}/logout`."""
    return Session.of(await gateway.sessions.log_out(body.name, asked_by=BY))


@router.post("/terminate", responses=_TERMINATED | problems(422, 503), summary="Delete many sessions")
async def terminate(gateway: GatewayHere, body: Terminate) -> JSONResponse:
    """Delete all sessions, or those that no account is linked to. They go in parallel, each as by its own DELETE."""
    chosen = [one.name for one in gateway.sessions.all() if body.which == "all" or one.me is None]
    try:
        async with asyncio.TaskGroup() as group:
            deletions = [group.create_task(_deleted(gateway, name), name=f"deletion of {name}") for name in chosen]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors
    answers = [one.result() for one in deletions]
    status = 200 if all(is_gone for _, is_gone in answers) else 202
    return JSONResponse([deleted.model_dump(mode="json") for deleted, _ in answers], status_code=status)


@router.get("/{session}", responses=problems(404, 422), summary="Look at a session")
async def show(gateway: GatewayHere, session: Name) -> Session:
    """Return one session."""
    return Session.of(gateway.sessions.get(session))


@router.put("/{session}", responses=problems(404, 409, 422, 503), summary="Configure a session")
async def configure(gateway: GatewayHere, session: Name, body: UpdateSession) -> Session:
    """Replace the session's configuration; a running session is restarted with it."""
    return Session.of(await gateway.sessions.configure(session, body.config.domain(), asked_by=BY))


@router.delete(
    "/{session}",
    responses=_DELETED | problems(422, 503),
    summary="Delete a session",
)
async def delete(gateway: GatewayHere, session: Name) -> JSONResponse:
    """Log out, end the browser, remove the profile, forget the session. Asking again is fine.

    The name is free for a new session at once, also after a 202.
    """
    deleted, is_gone = await _deleted(gateway, session)
    return JSONResponse(deleted.model_dump(mode="json"), status_code=200 if is_gone else 202)


@router.post("/{session}/start", status_code=201, responses=problems(404, 409, 422, 503), summary="Start a session")
async def start(gateway: GatewayHere, session: Name) -> Session:
    """Start a session; one that runs already is left as it is."""
    return Session.of(await gateway.sessions.start(session, asked_by=BY))


@router.post("/{session}/stop", status_code=201, responses=problems(404, 409, 422, 503), summary="Stop a session")
async def stop(gateway: GatewayHere, session: Name) -> Session:
    """End the session's browser and keep its keys; answers when no process is left."""
    return Session.of(await gateway.sessions.stop(session, asked_by=BY))


@router.post("/{session}/restart", status_code=201, responses=problems(404, 409, 422, 503), summary="Restart a session")
async def restart(gateway: GatewayHere, session: Name) -> Session:
    """End the session's browser and start another on the same profile."""
    return Session.of(await gateway.sessions.restart(session, asked_by=BY))


@router.post("/{session}/logout", status_code=201, responses=problems(404, 409, 422, 503), summary="Log out")
async def log_out(gateway: GatewayHere, session: Name) -> Session:
    """Unlink the device at WhatsApp and remove its keys; the configuration stays. A session that ran shows a new QR."""
    return Session.of(await gateway.sessions.log_out(session, asked_by=BY))


@router.get("/{session}/me", responses=problems(404, 422), summary="The linked account")
async def me(gateway: GatewayHere, session: Name) -> Me | None:
    """Return the account that the session is linked to, or null."""
    return Session.of(gateway.sessions.get(session)).me


@router.get("/{session}/history", responses=problems(404, 422), summary="The session's story")
async def history(
    gateway: GatewayHere, session: Name, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[Change]:
    """Return every state change with its reason and who asked for it, oldest first."""
    return [Change.of(one) for one in await gateway.sessions.history(session, limit=limit)]


async def _deleted(gateway: Gateway, session: str) -> tuple[Deleted, bool]:
    """Delete a session; return what to say, and whether nothing is left of it."""
    try:
        removal = (await gateway.sessions.remove(session, asked_by=BY)).removal
    except UnknownSession:
        open_ones = [one for one in gateway.open_removals() if one.session == session]
        removal = next((one for one in open_ones if one.is_held), None)
    except TryLater as error:
        return Deleted(name=session, message=f"{SESSION_BUSY} {error}"), False
    gateway.files.look_again()
    shown = None if removal is None else removal_out(removal)
    if removal is not None and removal.is_held:
        return Deleted(name=session, message=SESSION_BUSY, removal=shown), False
    return Deleted(name=session, message=f"Session {session} is deleted.", removal=shown), True
