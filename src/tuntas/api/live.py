"""Events as they happen: server-sent events at ``/api/events``, a web socket at ``/ws`` as WAHA has it, QR codes.

Each follower reads the log at its own pace, so a slow one costs nothing and misses nothing; one that was away asks for
what came after the last event that it saw. QR codes are secrets of a minute: they are in no log. A stream ends with the
key that opened it and with the sessions that it is about: see ``Watch``.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Query, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.datastructures import State

from tuntas.api.context import ApiContext, ContextHere
from tuntas.api.errors import Responses, problems
from tuntas.api.json_requests import json_router
from tuntas.api.parameters import SessionHere
from tuntas.api.security import identify_follower, require
from tuntas.events import KNOWN_EVENTS, EventName
from tuntas.foundation.tasks import end, spawn
from tuntas.sessions.access import Caller, Scope
from tuntas.sessions.errors import NotYours
from tuntas.sessions.model import SESSION_NAME_PATTERN
from tuntas.webhooks.ports import LoggedEvent

ticket_router = json_router(prefix="/api", tags=["events"])
events_router = json_router(prefix="/api", tags=["events"])
qr_router = json_router(prefix="/api", tags=["pairing"])
socket_router = json_router()

BATCH = 100
HEARTBEAT_SECONDS = 15.0
STREAM = "text/event-stream"
# Where a stream begins that has told nothing yet. Followers give it back; they need not understand it.
_PLACE = "place_"
# Sessions that are followed and are not there: a follower waits for them, and is told that it does.
_NOT_THERE = "X-Tuntas-Sessions-Not-There"
_MOST_NAMED = 20
_STREAMED: Responses = {
    200: {"description": "Server-sent events.", "content": {STREAM: {"schema": {"type": "string"}}}}
}

Sessions = Annotated[str, Query(description="A session's name, several with commas, or * for all.", examples=["*"])]
Names = Annotated[
    list[str] | None, Query(description="Names of events, repeated or with commas; * for all.", examples=[["message"]])
]


def _said_in_query(
    _key: Annotated[
        str | None,
        Query(alias="x-api-key", description="Your key, where no header can be sent. It gets into logs on its way."),
    ] = None,
    _ticket: Annotated[
        str | None, Query(alias="ticket", description="In place of a key: see POST /api/events/ticket.")
    ] = None,
) -> None:
    """Declare for the document what the door has read; see ``identify_follower``."""


IN_QUERY = [Depends(_said_in_query)]


class Ticket(BaseModel):
    """What opens one stream, once."""

    ticket: str = Field(
        description="For `?ticket=` of a stream.", examples=["Jx3mN0cVbq2yHq4nS1u8wZ7tKfLrP5aEoDgTiXsYhMk"]
    )
    expiresAt: datetime = Field(description="Until when it opens one.")  # noqa: N815 - like its neighbours


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a follower wants; None means all."""

    sessions: frozenset[str] | None
    names: frozenset[str] | None


class Watch:
    """Whether a stream may go on: as long as its key is good for the same as when it began, and a session is there.

    ``names``: the sessions that it is about, None for all. One that is not there yet may still come.
    """

    def __init__(self, context: ApiContext, state: State, names: frozenset[str] | None) -> None:
        """Watch over a stream that the key in ``state`` has opened."""
        self._context = context
        self._mark: str = state.mark
        self._caller: Caller = state.caller
        self._names = names
        self._had_session = False

    def key_is_lost(self) -> bool:
        """Whether the key is revoked, or good for something else now."""
        return self._context.keys.holder(self._mark) != self._caller

    def reason_to_end(self) -> str | None:
        """Return why there is nothing more to be expected; None where there is."""
        if self.key_is_lost():
            return "The key was revoked or changed."
        if self._names is None:
            return None
        if any(map(self._context.sessions.exists, self._names)):
            self._had_session = True
            return None
        return "The session was deleted." if self._had_session else None


@ticket_router.post("/events/ticket", status_code=201, responses=problems(), summary="A ticket for a stream")
async def ticket(context: ContextHere, request: Request, response: Response) -> Ticket:
    """Give out a ticket: it opens one stream, once, in place of your key, which a browser cannot send in a header.

    It is good for what your key is good for, as `?ticket=` of `GET /api/events`, `GET /api/{session}/auth/qr/live` and
    the web socket `/ws`. It must be used within `TUNTAS_TICKET_SECONDS`; the stream ends with your key. To connect
    again ask for another, and say in `lastEventId` what you saw last.
    """
    expires_at = context.now() + timedelta(seconds=context.tickets.seconds)
    response.headers["Cache-Control"] = "no-store"
    return Ticket(ticket=context.tickets.issue(request.state.mark), expiresAt=expires_at)


@events_router.get(
    "/events",
    response_class=StreamingResponse,
    dependencies=IN_QUERY,
    responses=_STREAMED | problems(422),
    summary="Follow events",
)
async def events(
    context: ContextHere,
    request: Request,
    session: Sessions = "*",
    events: Names = None,
    last_event_id: Annotated[
        str | None, Header(description="The last event that you saw: all after it comes first.", examples=["evt_01kd"])
    ] = None,
    last_seen: Annotated[
        str | None, Query(alias="lastEventId", description="The last event that you saw, where no header can be sent.")
    ] = None,
) -> StreamingResponse:
    """Stream events as they are committed, as server-sent events: `id` is the event's, `data` what a webhook gets.

    A browser's `EventSource` sends `Last-Event-ID` by itself when it connects again, and so misses nothing. The
    answer's header `Last-Event-ID` says where the stream begins: send it if the connection breaks before an event came.
    The key may be in the query; better is a ticket there. A session that is not there is waited for, and named in the
    answer's header `X-Tuntas-Sessions-Not-There`.
    """
    wanted = _wanted(context, session, events)
    watch = Watch(context, request.state, _named(session))
    place = await _place(context, last_event_id or last_seen)

    async def stream() -> AsyncIterator[str]:
        yield ": hello\n\n"
        async for event in _follow(context, watch, wanted, place):
            yield (
                ": still here\n\n"
                if event is None
                else f"id: {event.event_id}\nevent: {event.event}\ndata: {event.body}\n\n"
            )

    headers = {"Cache-Control": "no-store", "Last-Event-ID": f"{_PLACE}{place}"} | _not_there(context, session)
    return StreamingResponse(stream(), media_type=STREAM, headers=headers)


@qr_router.get(
    "/{session}/auth/qr/live",
    response_class=StreamingResponse,
    dependencies=IN_QUERY,
    responses=_STREAMED | problems(404, 422),
    summary="Follow the QR",
)
async def qr_live(context: ContextHere, request: Request, session: SessionHere) -> StreamingResponse:
    """Stream a session's status and its QR, as server-sent events `status` and `qr`, each time one of them changes."""
    context.sessions.wake(session, asked_by="api")
    watch = Watch(context, request.state, frozenset({session}))

    async def stream() -> AsyncIterator[str]:
        shown: tuple[str, str | None] | None = None
        while not context.news.is_silent:
            changed = context.news.next()
            if watch.reason_to_end() is not None:
                return
            now = context.sessions.linking(session)
            if now != shown:
                shown, (status, value) = now, now
                yield f"event: status\ndata: {json.dumps({'status': status})}\n\n"
                if value is not None:
                    yield f"event: qr\ndata: {json.dumps({'value': value})}\n\n"
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await changed.wait()
            except TimeoutError:
                yield ": still here\n\n"

    return StreamingResponse(stream(), media_type=STREAM, headers={"Cache-Control": "no-store"})


@socket_router.websocket("/ws")
async def web_socket(socket: WebSocket) -> None:
    """Send events as they are committed: ``?session=*&events=*``, the key in a header or the query, or a ticket."""
    context: ApiContext = socket.app.state.context
    query = socket.query_params
    try:
        caller = await identify_follower(context, socket.scope)
        require(caller, Scope.READ)
        seen = context if caller.sessions is None else context.as_seen_by(caller)
        session = query.get("session", "*")
        wanted = _wanted(seen, session, query.getlist("events"))
        place = await _place(context, query.get("lastEventId"))
    except (HTTPException, NotYours) as error:
        # Before the handshake is accepted a close is an HTTP 403 to the client, whatever the code.
        await socket.close(1008, str(error.detail if isinstance(error, HTTPException) else error)[:120])
        return
    watch = Watch(context, socket.state, _named(session))
    not_there = _not_there(seen, session)
    await socket.accept(headers=[(name.encode(), value.encode()) for name, value in not_there.items()])
    sending = spawn(_send_all(socket, context, watch, wanted, place), name="web socket")
    try:
        while (await socket.receive())["type"] != "websocket.disconnect":
            continue  # what a follower says is not for us; its end is
    finally:
        await end(sending)


async def _send_all(socket: WebSocket, context: ApiContext, watch: Watch, wanted: Wanted, place: int) -> None:
    try:
        async for event in _follow(context, watch, wanted, place):
            if event is not None:
                await socket.send_text(event.body)
        reason = watch.reason_to_end()
        if reason is None:
            await socket.close(1001, "The server stops.")
        else:
            await socket.close(1008 if watch.key_is_lost() else 1000, reason)
    except WebSocketDisconnect:
        return


async def _follow(context: ApiContext, watch: Watch, wanted: Wanted, place: int) -> AsyncIterator[LoggedEvent | None]:
    """Yield the events behind ``place`` as they come, until the server or the watch ends it; None while none comes."""
    loop = asyncio.get_running_loop()
    while not context.bell.is_silent:
        unread = context.bell.next()
        found = await context.event_log.after(place, wanted.sessions, wanted.names, limit=BATCH)
        for event in found:
            if watch.key_is_lost():
                return
            yield event
            place = event.place
        if found:
            continue
        quiet_until = loop.time() + HEARTBEAT_SECONDS
        while not unread.is_set():
            news = context.news.next()
            if watch.reason_to_end() is not None:
                return
            try:
                async with asyncio.timeout_at(quiet_until):
                    await news.wait()
            except TimeoutError:
                yield None
                quiet_until = loop.time() + HEARTBEAT_SECONDS


def _named(session: str) -> frozenset[str] | None:
    """Return the names of the sessions that a follower asks for, None for all."""
    sessions = frozenset(filter(None, session.split(",")))
    return None if "*" in sessions or not sessions else sessions


def _not_there(context: ApiContext, session: str) -> dict[str, str]:
    """Return the header that names those sessions of a follower's that there are not; ``session`` was judged before."""
    names = [name for name in sorted(_named(session) or ()) if not context.sessions.exists(name)]
    return {_NOT_THERE: ", ".join(names[:_MOST_NAMED])} if names else {}


def _wanted(context: ApiContext, session: str, events: Collection[str] | None) -> Wanted:
    """Read what a follower asks.

    Raises:
        HTTPException: 422 for an unknown event, and for what can be no session's name.
        NotYours: a session is somebody else's.
    """
    if impossible := [name for name in sorted(_named(session) or ()) if not re.fullmatch(SESSION_NAME_PATTERN, name)]:
        raise HTTPException(422, f"No session can be called {impossible[0][:64]!r}.")
    names = frozenset(name for one in events or ("*",) for name in one.split(",") if name) or frozenset({"*"})
    if unknown := names - KNOWN_EVENTS - {"*"}:
        known = {name.value for name in EventName}
        raise HTTPException(422, f"Unknown events: {', '.join(sorted(unknown))}. Known: {', '.join(sorted(known))}.")
    return Wanted(context.sessions.allowed(_named(session)), None if "*" in names else names)


async def _place(context: ApiContext, last_event_id: str | None) -> int:
    if last_event_id is None:
        return await context.event_log.newest()
    if re.fullmatch(rf"{_PLACE}\d{{1,18}}", last_event_id, re.ASCII):
        # Beyond the newest it is of another database; what follows could be missed for ever.
        began = int(last_event_id.removeprefix(_PLACE))
        place = began if began <= await context.event_log.newest() else None
    else:
        place = await context.event_log.place_of(last_event_id)
    if place is None:
        raise HTTPException(422, f"Event {last_event_id!r} is not known, or not any more.")
    return place
