"""The two web applications behind one port: people come to the dashboard, programs to the API.

They share no code and no error pages, so they are chosen between by the path alone: ``/`` and what is below
``/dashboard`` is the dashboard's, everything else the API's.
"""

from __future__ import annotations

from functools import partial

from starlette.types import ASGIApp, Receive, Scope, Send

from tuntas.api import Gateway
from tuntas.config import Settings
from tuntas.dashboard import About, Desk, MemoryMeter
from tuntas.dashboard.last_messages import LastMessages
from tuntas.events import Bell
from tuntas.server.doctor import examine

_PREFIX = "/dashboard"


class Doors:
    """Sends each request to its door."""

    def __init__(self, api: ASGIApp, dashboard: ASGIApp) -> None:
        """Choose between these two."""
        self._api = api
        self._dashboard = dashboard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        path = scope.get("path", "")
        is_for_people = scope["type"] == "http" and (path in {"/", _PREFIX} or path.startswith(f"{_PREFIX}/"))
        await (self._dashboard if is_for_people else self._api)(scope, receive, send)


def desk_beside(gateway: Gateway, settings: Settings, meter: MemoryMeter, news: Bell, secret: str) -> Desk:
    """Return what the dashboard works with: the services of the API's gateway, and what only people ask for."""
    return Desk(
        sessions=gateway.sessions,
        keys=gateway.keys,
        now=gateway.now,
        open_removals=gateway.open_removals,
        outbox=gateway.outbox,
        event_log=gateway.event_log,
        replay=gateway.replay,
        clean_up=gateway.clean_up,
        examine=partial(examine, settings),
        on_deleted=gateway.files.look_again,
        last_messages=LastMessages(gateway.event_log, lambda: (one.name for one in gateway.sessions.all())),
        memory=meter,
        news=news,
        about=About(gateway.version, gateway.wa_js_version, gateway.browser),
        sign_in_days=settings.sign_in_days,
        secret=secret,
    )
