"""Who may use the control side: programs on this machine, and no web page of anybody else's; and whose page is ours.

What the sandbox's own page asks for, its web socket above all, is for pages that were loaded from the sandbox itself:
another site's page in a developer's browser could link a device behind his back.

The peer's address is checked, not a header. The Host header must name this machine, which defeats DNS rebinding, and a
browser's Origin, where there is one, must be the sandbox itself: otherwise any page in a developer's own browser could
drive the sandbox behind his back.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from tuntas.foundation.host_names import is_own_origin
from tuntas.sandbox.connection import POLICY_VIOLATION
from tuntas.sandbox.errors import ForbiddenError

WHATSAPP = "web.whatsapp.com"
"""The name under which the page is opened where a browser is told to find it here."""


def _names_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_local(scope: Scope) -> None:
    """Raise ``ForbiddenError`` unless the request comes from this machine and on nobody else's behalf."""
    peer = scope.get("client")
    if peer is None or not _names_this_machine(peer[0]):
        message = "the control side of the sandbox answers to this machine only"
        raise ForbiddenError(message)
    host = _host_of(scope)
    if not _names_this_machine(host):
        message = f"the Host header names {host or 'nobody'}: ask for localhost or a loopback address"
        raise ForbiddenError(message)
    if (origin := _foreign_page(scope)) is not None:
        message = f"the web page {origin} may not control the sandbox"
        raise ForbiddenError(message)


def require_own_page(scope: Scope) -> None:
    """Raise ``ForbiddenError`` for what another site's page asks, also under a name of its own for this machine."""
    server, host = scope.get("server"), _host_of(scope)
    is_loopback = server is not None and _names_this_machine(server[0])
    if is_loopback and not (_names_this_machine(host) or host == WHATSAPP):
        message = f"the Host header names {host or 'nobody'}: ask for localhost, a loopback address or {WHATSAPP}"
        raise ForbiddenError(message)
    if (origin := _foreign_page(scope)) is not None:
        message = f"the web page {origin} may not use the sandbox"
        raise ForbiddenError(message)


class OwnPagesOnly:
    """Answers what the sandbox's own pages ask for to them only; the control side has its own, stricter guard."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        try:
            if scope["type"] in ("http", "websocket"):
                require_own_page(scope)
        except ForbiddenError as error:
            if scope["type"] == "websocket":
                await WebSocket(scope, receive, send).close(POLICY_VIOLATION)
            else:
                await JSONResponse({"error": error.code, "message": str(error)}, error.status)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _host_of(scope: Scope) -> str:
    try:
        return urlsplit(f"//{Headers(scope=scope).get('host', '')}").hostname or ""
    except ValueError:
        return ""


def _foreign_page(scope: Scope) -> str | None:
    """Return the Origin of a page that is not the sandbox's own, None if it is, or if no page asks."""
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    return None if origin is None or is_own_origin(origin, headers.get("host")) else origin
