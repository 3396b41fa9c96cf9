"""The web application: routes, the key at the door, problem documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tuntas.api import (
    alerts,
    approvals,
    backups,
    calls,
    channels,
    chats,
    cleanup,
    contacts,
    document,
    errors,
    files,
    group_details,
    groups,
    health,
    keys,
    labels,
    lids,
    live,
    media,
    message_kinds,
    message_operations,
    messages,
    metrics,
    more_messages,
    not_supported,
    older_forms,
    pairing,
    passkey,
    presence,
    profile,
    reference,
    removals,
    restrictions,
    sessions,
    status_posts,
    timeline,
    webhooks,
)
from tuntas.api.context import ApiContext
from tuntas.api.door import Door
from tuntas.api.json_requests import JsonRequest
from tuntas.api.security import Needs
from tuntas.sessions.access import Scope as KeyScope
from tuntas.sessions.names import words_beside_names

DESCRIPTION = """
Runs WhatsApp Web sessions over HTTP, in the shapes of WAHA's API.

Send your key in `X-Api-Key`. Errors are `application/problem+json` with a stable `code`.

Agents are answered at `POST /mcp`, in the Model Context Protocol.
"""


# Beside the routers: it speaks the Model Context Protocol, of which an OpenAPI document can say nothing.
# Any good key may come; each tool asks the API with it.
TOOLS_PATH = "/mcp"

_SEND_OR_LOOK = Needs(KeyScope.SEND, to_look=KeyScope.READ)

# Every router, and what its operations need; None: open to all. Addresses are tried in this order.
ROUTERS: Sequence[tuple[APIRouter, Needs | None]] = (
    (sessions.router, Needs(KeyScope.CONTROL, to_look=KeyScope.READ)),
    (restrictions.router, Needs(KeyScope.READ)),
    (pairing.router, Needs(KeyScope.CONTROL)),
    (passkey.router, Needs(KeyScope.CONTROL)),
    (messages.router, _SEND_OR_LOOK),
    (message_kinds.router, _SEND_OR_LOOK),
    (media.router, Needs(KeyScope.SEND, takes_file=True)),
    (media.converting, Needs(KeyScope.SEND, takes_file=True)),
    (more_messages.router, _SEND_OR_LOOK),
    (more_messages.file_router, Needs(KeyScope.SEND, takes_file=True)),
    (message_operations.router, _SEND_OR_LOOK),
    (approvals.router, Needs(KeyScope.SEND, to_look=KeyScope.ASK)),
    (timeline.router, Needs(KeyScope.READ)),
    (files.router, _SEND_OR_LOOK),
    (chats.router, _SEND_OR_LOOK),
    (contacts.router, _SEND_OR_LOOK),
    (contacts.of_session, _SEND_OR_LOOK),
    (lids.router, Needs(KeyScope.READ)),
    (groups.router, _SEND_OR_LOOK),
    (group_details.router, _SEND_OR_LOOK),
    (group_details.picture_router, Needs(KeyScope.SEND, takes_file=True)),
    (channels.searching, Needs(KeyScope.READ)),
    (channels.router, _SEND_OR_LOOK),
    (channels.file_router, Needs(KeyScope.SEND, takes_file=True)),
    (calls.router, Needs(KeyScope.SEND)),
    (labels.router, _SEND_OR_LOOK),
    (status_posts.router, _SEND_OR_LOOK),
    (status_posts.file_router, Needs(KeyScope.SEND, takes_file=True)),
    (presence.router, _SEND_OR_LOOK),
    (profile.router, _SEND_OR_LOOK),
    (profile.picture_router, Needs(KeyScope.SEND, takes_file=True)),
    (chats.looking, Needs(KeyScope.READ)),
    (removals.router, Needs(KeyScope.READ)),
    (older_forms.sending, Needs(KeyScope.SEND)),
    (older_forms.looking, Needs(KeyScope.READ)),
    (not_supported.of_sessions, _SEND_OR_LOOK),
    (not_supported.of_the_server, Needs(KeyScope.ADMIN)),
    (live.ticket_router, Needs(KeyScope.READ)),
    (live.events_router, Needs(KeyScope.READ, is_stream=True)),
    (live.qr_router, Needs(KeyScope.CONTROL, is_stream=True)),
    (live.socket_router, None),  # it asks for its key by itself
    (cleanup.router, Needs(KeyScope.ADMIN)),
    (backups.router, Needs(KeyScope.ADMIN)),
    (keys.router, Needs(KeyScope.ADMIN)),
    (alerts.looking, Needs(KeyScope.READ)),
    (alerts.router, Needs(KeyScope.ADMIN)),
    (webhooks.router, Needs(KeyScope.ADMIN)),
    (health.looking, Needs(KeyScope.READ)),
    (health.administering, Needs(KeyScope.ADMIN)),
    (health.router, None),
    (metrics.router, None),
    (reference.router, None),
)


TAGS = {
    "sessions": "Create, start, stop, log out and delete sessions.",
    "pairing": "Link a session with a phone.",
    "messages": "Send messages, and what can be done with them.",
    "approvals": "Messages that wait until a person approves them.",
    "chats": "A session's chats and the messages in them.",
    "contacts": "People.",
    "groups": "Groups.",
    "channels": "What somebody writes to all who follow.",
    "calls": "Calls that ring.",
    "labels": "What a WhatsApp Business account puts on its chats.",
    "status": "Posts that an account shows for a day.",
    "presence": "Who is online and who writes.",
    "profile": "What an account shows of itself.",
    "events": "What happens, live and from the log.",
    "webhooks": "Deliveries: what waits, what was given up, sending again.",
    "operations": "What runs on this machine, cleaning up, and backups.",
    "keys": "Who may come in.",
    "health": "Whether the server is well.",
}

ANSWER_HEAD = frozenset({"/ping", "/healthz", "/readyz", "/health", "/metrics", "/api/files/{session}/{id}"})

_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


def create_app(context: ApiContext, tools: Callable[[ASGIApp], ASGIApp] | None = None) -> ASGIApp:
    """Build the application around a running server, behind its door; ``tools`` makes what answers agents."""
    app = routes(context.versions.tuntas)
    if context.public_address.url is not None:
        app.servers = [{"url": context.public_address.url.rstrip("/"), "description": "This server."}]
    app.state.context = context
    door = Door(app, context, ROUTERS, open_paths=["/openapi.json"])
    if tools is not None:
        app.router.routes.insert(0, Route(TOOLS_PATH, endpoint=_Whole(tools(door)), methods=["POST"]))
    return door


class _Whole:
    """Hands a request over with its body read: one that is too large or too slow is answered as everywhere."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        first: list[Message] = [{"type": "http.request", "body": await JsonRequest(scope, receive).body()}]

        async def receive_again() -> Message:
            return first.pop() if first else await receive()

        await self._app(scope, receive_again, send)


def routes(version: str) -> FastAPI:
    """Return the application without a server behind it: enough for its document."""
    app = FastAPI(
        title="Tuntas",
        version=version,
        description=DESCRIPTION,
        license_info=_LICENSE,
        servers=[{"url": "/", "description": "This server."}],
        openapi_tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        generate_unique_id_function=_operation_id,
        docs_url=None,
        redoc_url=None,
    )
    errors.install(app)
    approvals.install(app)
    for router, needs in ROUTERS:
        app.include_router(router, dependencies=[] if needs is None else [needs.dependency()])
    document.install(app)
    _answer_head(app)
    return app


def _operation_id(route: APIRoute) -> str:
    """Return a name that reads well as a function's in a generated client."""
    tag = str(route.tags[0]) if route.tags else "other"
    return f"{tag}_{route.name}"


def _answer_head(app: FastAPI) -> None:
    """Answer HEAD where load balancers and downloaders ask it: as GET, without the body."""
    for router, needs in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and route.path in ANSWER_HEAD:
                app.add_api_route(
                    route.path,
                    route.endpoint,
                    methods=["HEAD"],
                    dependencies=[] if needs is None else [needs.dependency()],
                    response_model=None,
                    include_in_schema=False,
                )


def route_words() -> frozenset[str]:
    """Return the words of our addresses that stand where others have a session's name, folded."""
    routers = (router for router, _ in ROUTERS)
    return words_beside_names(str(getattr(route, "path", "")) for router in routers for route in router.routes)
