"""The two web applications behind one port: people come to the dashboard, programs to the API.

They share no code and no error pages, so they are chosen between by the path alone: ``/`` and what is below
``/dashboard`` is the dashboard's, everything else the API's.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

_PREFIX = "/dashboard"


class Dispatch:
    """Sends each request to one of them."""

    def __init__(self, api: ASGIApp, dashboard: ASGIApp) -> None:
        """Choose between these two."""
        self._api = api
        self._dashboard = dashboard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        path = scope.get("path", "")
        is_for_people = scope["type"] == "http" and (path in {"/", _PREFIX} or path.startswith(f"{_PREFIX}/"))
        await (self._dashboard if is_for_people else self._api)(scope, receive, send)
