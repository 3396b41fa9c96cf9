"""``/api/sessions``: create, look, start, stop, restart, log out, delete."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Query
from fastapi.responses import JSONResponse

from tuntas.api.context import ApiContext, ContextHere
from tuntas.api.errors import Responses, problems
from tuntas.api.json_requests import json_router
from tuntas.api.parameters import SessionHere
from tuntas.api.removals import removal_out
from tuntas.api.schemas import Deleted
from tuntas.api.session_answers import CapabilitiesOut, Change, MeOut, Session, WhatsAppWebOut
from tuntas.api.session_config import session_config
from tuntas.api.session_inputs import CreateSession, NamedSession, Terminate, UpdateSession
from tuntas.profiles import SESSION_BUSY
from tuntas.sessions.errors import TryLater, UnknownSession
from tuntas.sessions.machine import Status
from tuntas.sessions.model import SessionRecord

router = json_router(prefix="/api/sessions", tags=["sessions"])
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
async def create(context: ContextHere, body: CreateSession) -> Session:
    """Create a session and, unless `start` is false, start it. A name is made if there is none."""
    config = session_config(body.config, {}, context.quotas)
    return Session.of(await context.sessions.create(body.name, config, start=body.start, asked_by=BY))


@router.get("", responses=problems(422), summary="List sessions")
async def listing(
    context: ContextHere,
    all: Annotated[bool, Query(description="Also those that are stopped.")] = False,  # noqa: A002 - WAHA's name
) -> list[Session]:
    """List the sessions, by name."""
    return [_shown(context, one) for one in context.sessions.all() if all or one.status is not Status.STOPPED]


# The older routes come first: "start" would otherwise be taken for a session's name where only one segment follows.
@router.post("/start", deprecated=True, responses=problems(409, 422), summary="Start (older form)")
async def start_by_body(context: ContextHere, body: NamedSession) -> Session:
    """Start a session, creating it if there is none. Use `POST /api/sessions/{session}/start`."""
    try:
        return Session.of(await context.sessions.start(body.name, asked_by=BY))
    except UnknownSession:
        config = CreateSession(name=body.name).config.domain()
        return Session.of(await context.sessions.create(body.name, config, start=True, asked_by=BY))


@router.post("/stop", deprecated=True, responses=problems(404, 409, 422, 503), summary="Stop (older form)")
async def stop_by_body(context: ContextHere, body: NamedSession) -> Session:
    """Stop a session, with `logout` also unlink it. Use `POST /api/sessions/{session}/stop`."""
    record = await context.sessions.stop(body.name, asked_by=BY)
    if body.logout:
        record = await context.sessions.log_out(body.name, asked_by=BY)
    return Session.of(record)


@router.post("/logout", deprecated=True, responses=problems(404, 409, 422, 503), summary="Log out (older form)")
async def log_out_by_body(context: ContextHere, body: NamedSession) -> Session:
    """Unlink a session. Use `POST /api/sessions/{session}/logout`."""
    return Session.of(await context.sessions.log_out(body.name, asked_by=BY))


@router.post("/terminate", responses=_TERMINATED | problems(422, 503), summary="Delete many sessions")
async def terminate(context: ContextHere, body: Terminate) -> JSONResponse:
    """Delete all sessions, or those that no account is linked to. They go in parallel, each as by its own DELETE."""
    chosen = [one.name for one in context.sessions.all() if body.which == "all" or one.me is None]
    try:
        async with asyncio.TaskGroup() as group:
            deletions = [group.create_task(_deleted(context, name), name=f"deletion of {name}") for name in chosen]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors
    answers = [one.result() for one in deletions]
    status = 200 if all(is_gone for _, is_gone in answers) else 202
    return JSONResponse([deleted.model_dump(mode="json") for deleted, _ in answers], status_code=status)


@router.get("/{session}", responses=problems(404, 422), summary="Look at a session")
async def show(context: ContextHere, session: SessionHere) -> Session:
    """Return one session."""
    return _shown(context, context.sessions.get(session))


@router.put("/{session}", responses=problems(404, 409, 422, 503), summary="Configure a session")
async def configure(context: ContextHere, session: SessionHere, body: UpdateSession) -> Session:
    """Replace the session's configuration; a running session is restarted with it.

    `***`, as which secrets are shown, keeps what is stored. What waits for a webhook follows it to its new address.
    """
    config = session_config(body.config, context.sessions.get(session).config.document, context.quotas)
    return Session.of(await context.sessions.configure(session, config, asked_by=BY))


@router.delete(
    "/{session}",
    responses=_DELETED | problems(422, 503),
    summary="Delete a session",
)
async def delete(context: ContextHere, session: SessionHere) -> JSONResponse:
    """Log out, end the browser, remove the profile, forget the session. Asking again is fine.

    The name is free for a new session at once, also after a 202.
    """
    deleted, is_gone = await _deleted(context, session)
    return JSONResponse(deleted.model_dump(mode="json"), status_code=200 if is_gone else 202)


@router.post("/{session}/start", status_code=201, responses=problems(404, 409, 422, 503), summary="Start a session")
async def start(context: ContextHere, session: SessionHere) -> Session:
    """Start a session; one that runs already is left as it is."""
    return Session.of(await context.sessions.start(session, asked_by=BY))


@router.post("/{session}/stop", status_code=201, responses=problems(404, 409, 422, 503), summary="Stop a session")
async def stop(context: ContextHere, session: SessionHere) -> Session:
    """End the session's browser and keep its keys; answers when no process is left."""
    return Session.of(await context.sessions.stop(session, asked_by=BY))


@router.post("/{session}/restart", status_code=201, responses=problems(404, 409, 422, 503), summary="Restart a session")
async def restart(context: ContextHere, session: SessionHere) -> Session:
    """End the session's browser and start another on the same profile."""
    return Session.of(await context.sessions.restart(session, asked_by=BY))


@router.post(
    "/{session}/retire", status_code=201, responses=problems(404, 409, 422, 503), summary="Stop a session for good"
)
async def retire(context: ContextHere, session: SessionHere) -> Session:
    """Stop a session that goes elsewhere; it keeps its profile and never starts here again (409 `session_moved`).

    The first half of `tuntas export`, which then writes the file that starts it at its new place.
    """
    return Session.of(await context.sessions.retire(session, asked_by=BY))


@router.post("/{session}/logout", status_code=201, responses=problems(404, 409, 422, 503), summary="Log out")
async def log_out(context: ContextHere, session: SessionHere) -> Session:
    """Unlink the device at WhatsApp and remove its keys; the configuration stays. A session that ran shows a new QR."""
    return Session.of(await context.sessions.log_out(session, asked_by=BY))


@router.get("/{session}/me", responses=problems(404, 422), summary="The linked account")
async def me(context: ContextHere, session: SessionHere) -> MeOut | None:
    """Return the account that the session is linked to, or null."""
    return Session.of(context.sessions.get(session)).me


@router.get("/{session}/history", responses=problems(404, 422), summary="The session's story")
async def history(
    context: ContextHere, session: SessionHere, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[Change]:
    """Return every state change with its reason and who asked for it, oldest first."""
    return [Change.of(one) for one in await context.sessions.history(session, limit=limit)]


def _shown(context: ApiContext, record: SessionRecord) -> Session:
    """Write a session with what is not stored: when it tries again, and what its page is."""
    shown = Session.of(record)
    shown.nextTryAt = context.sessions.next_try_at(record.name)
    facts = context.sessions.facts(record.name)
    shown.whatsappWeb = WhatsAppWebOut(version=facts.version, waJs=facts.wa_js) if facts.version else None
    shown.capabilities = CapabilitiesOut.of(facts)
    return shown


async def _deleted(context: ApiContext, session: str) -> tuple[Deleted, bool]:
    """Delete a session; return what to say, and whether nothing is left of it."""
    try:
        removal = (await context.sessions.remove(session, asked_by=BY)).removal
    except UnknownSession:
        # Of the session only a removal may be left, which had no success yet or was cut short by the server's death.
        removal = await context.finish_removal(session)
    except TryLater as error:
        return Deleted(name=session, message=f"{SESSION_BUSY} {error}"), False
    context.files.look_again()
    shown = None if removal is None else removal_out(removal)
    if removal is not None and removal.is_held:
        return Deleted(name=session, message=SESSION_BUSY, removal=shown), False
    return Deleted(name=session, message=f"Session {session} is deleted.", removal=shown), True
