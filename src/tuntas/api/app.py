"""The web application: routes, the key at the door, problem documents."""

from __future__ import annotations

from fastapi import FastAPI

from tuntas.api import (
    chats,
    cleanup,
    contacts,
    document,
    errors,
    files,
    groups,
    health,
    keys,
    live,
    media,
    message_acts,
    message_kinds,
    messages,
    metrics,
    pairing,
    presence,
    profile,
    reference,
    removals,
    sessions,
    webhooks,
)
from tuntas.api.context import Gateway
from tuntas.api.security import needs
from tuntas.sessions.access import Scope

DESCRIPTION = """
Runs WhatsApp Web sessions over HTTP, in the shapes of WAHA's API.

Send your key in `X-Api-Key`. Errors are `application/problem+json` with a stable `code`.
"""


def create_app(gateway: Gateway) -> FastAPI:
    """Build the application around a running server."""
    app = routes(gateway.version)
    app.state.gateway = gateway
    return app


def routes(version: str) -> FastAPI:
    """Return the application without a server behind it: enough for its document."""
    app = FastAPI(
        title="Tuntas",
        version=version,
        description=DESCRIPTION,
        license_info=_LICENSE,
        docs_url=None,
        redoc_url=None,
    )
    errors.install(app)
    app.include_router(sessions.router, dependencies=[needs(Scope.CONTROL, to_look=Scope.READ)])
    app.include_router(pairing.router, dependencies=[needs(Scope.CONTROL)])
    for router in (messages.router, message_kinds.router, media.router, message_acts.router, files.router):
        app.include_router(router, dependencies=[needs(Scope.SEND, to_look=Scope.READ)])
    for router in (chats.router, contacts.router, groups.router, presence.router, profile.router):
        app.include_router(router, dependencies=[needs(Scope.SEND, to_look=Scope.READ)])
    app.include_router(chats.looking, dependencies=[needs(Scope.READ)])
    app.include_router(removals.router, dependencies=[needs(Scope.READ)])
    app.include_router(live.events_router, dependencies=[needs(Scope.READ)])
    app.include_router(live.qr_router, dependencies=[needs(Scope.CONTROL)])
    app.include_router(live.socket_router)
    for router in (cleanup.router, keys.router, webhooks.router):
        app.include_router(router, dependencies=[needs(Scope.ADMIN)])
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(reference.router)
    document.install(app)
    return app


_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
