"""Events as they happen: server-sent events at ``/api/events``, a web socket at ``/ws`` as WAHA has it, QR codes.

Each follower reads the log at its own pace, so a slow one costs nothing and misses nothing; one that was away asks for
what came after the last event that it saw. QR codes are secrets of a minute: they are in no log.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Query, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

from tuntas.api.context import Gateway, GatewayHere
from tuntas.api.errors import Responses, problems
from tuntas.api.security import identify, require
from tuntas.api.sessions import Name
from tuntas.events import EventName
from tuntas.foundation.tasks import end, spawn
from tuntas.sessions.access import Scope
from tuntas.webhooks.ports import LoggedEvent

events_router = APIRouter(prefix="/api", tags=["events"])
qr_router = APIRouter(prefix="/api", tags=["pairing"])
socket_router = APIRouter()

BATCH = 100
HEARTBEAT_SECONDS = 15.0
STREAM = "text/event-stream"
_STREAMED: Responses = {
    200: {"description": "Server-sent events.", "content": {STREAM: {"schema": {"type": "string"}}}}
}

Sessions = Annotated[str, Query(description="A session's name, several with commas, or * for all.", examples=["*"])]
Names = Annotated[
    list[str] | None, Query(description="Names of events, repeated or with commas; * for all.", examples=[["message"]])
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a follower wants; None means all."""

    sessions: frozenset[str] | None
    names: frozenset[str] | None


@events_router.get(
    "/events", response_class=StreamingResponse, responses=_STREAMED | problems(422), summary="Follow events"
)
async def events(
    gateway: GatewayHere,
    session: Sessions = "*",
    events: Names = None,
    last_event_id: Annotated[
        str | None, Header(description="The last event that you saw: all after it comes first.", examples=["evt_01kd"])
    ] = None,
) -> StreamingResponse:
    """Stream events as they are committed, as server-sent events: `id` is the event's, `data` what a webhook gets.

    A browser's `EventSource` sends `Last-Event-ID` by itself when it connects again, and so misses nothing.
    """
    wanted = _wanted(gateway, session, events)
    place = await _place(gateway, last_event_id)

    async def stream() -> AsyncIterator[str]:
        yield ": hello\n\n"
        async for event in _follow(gateway, wanted, place):
            yield (
                ": still here\n\n"
                if event is None
                else f"id: {event.event_id}\nevent: {event.event}\ndata: {event.body}\n\n"
            )

    return StreamingResponse(stream(), media_type=STREAM, headers={"Cache-Control": "no-store"})


@qr_router.get(
    "/{session}/auth/qr/live",
    response_class=StreamingResponse,
    responses=_STREAMED | problems(404, 422),
    summary="Follow the QR",
)
async def qr_live(gateway: GatewayHere, session: Name) -> StreamingResponse:
    """Stream a session's status and its QR, as server-sent events `status` and `qr`, each time one of them changes."""
    gateway.sessions.get(session)

    async def stream() -> AsyncIterator[str]:
        async for status, value in gateway.sessions.follow_qr(session, HEARTBEAT_SECONDS):
            yield f"event: status\ndata: {json.dumps({'status': status})}\n\n"
            if value is not None:
                yield f"event: qr\ndata: {json.dumps({'value': value})}\n\n"

    return StreamingResponse(stream(), media_type=STREAM, headers={"Cache-Control": "no-store"})


@socket_router.websocket("/ws")
async def web_socket(socket: WebSocket) -> None:
    """Send events as they are committed: ``?session=*&events=*``, the key in the header or as ``x-api-key``."""
    gateway: Gateway = socket.app.state.gateway
    query = socket.query_params
    try:
        caller = await identify(gateway, socket.headers.get("x-api-key") or query.get("x-api-key"))
        require(caller, Scope.READ)
        seen = gateway if caller.sessions is None else gateway.as_seen_by(caller)
        wanted = _wanted(seen, query.get("session", "*"), query.getlist("events"))
        place = await _place(gateway, query.get("lastEventId"))
    except HTTPException as error:
        # Before the handshake is accepted a close is an HTTP 403 to the client, whatever the code.
        await socket.close(1008, str(error.detail)[:120])
        return
    await socket.accept()
    sending = spawn(_send_all(socket, gateway, wanted, place), name="web socket")
    try:
        while (await socket.receive())["type"] != "websocket.disconnect":
            continue  # what a follower says is not for us; its end is
    finally:
        await end(sending)


async def _send_all(socket: WebSocket, gateway: Gateway, wanted: Wanted, place: int) -> None:
    try:
        async for event in _follow(gateway, wanted, place):
            if event is not None:
                await socket.send_text(event.body)
        await socket.close(1001, "The server stops.")
    except WebSocketDisconnect:
        return


async def _follow(gateway: Gateway, wanted: Wanted, place: int) -> AsyncIterator[LoggedEvent | None]:
    """Yield the events behind ``place`` as they come, until the server stops; None when none has come for a while."""
    while not gateway.bell.is_silent:
        news = gateway.bell.next()
        found = await gateway.event_log.after(place, wanted.sessions, wanted.names, limit=BATCH)
        for event in found:
            yield event
            place = event.place
        if not found:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await news.wait()
            except TimeoutError:
                yield None


def _wanted(gateway: Gateway, session: str, events: Collection[str] | None) -> Wanted:
    """Read what a follower asks. Raises HTTPException (422) for an unknown event, NotYours for a foreign session."""
    sessions = frozenset(filter(None, session.split(",")))
    names = frozenset(name for one in events or ("*",) for name in one.split(",") if name) or frozenset({"*"})
    known = {name.value for name in EventName}
    if unknown := names - known - {"*"}:
        raise HTTPException(422, f"Unknown events: {', '.join(sorted(unknown))}. Known: {', '.join(sorted(known))}.")
    is_all = "*" in sessions or not sessions
    allowed = gateway.sessions.allowed(None if is_all else sessions)
    return Wanted(allowed, None if "*" in names else names)


async def _place(gateway: Gateway, last_event_id: str | None) -> int:
    if last_event_id is None:
        return await gateway.event_log.newest()
    place = await gateway.event_log.place_of(last_event_id)
    if place is None:
        raise HTTPException(422, f"Event {last_event_id!r} is not known, or not any more.")
    return place
