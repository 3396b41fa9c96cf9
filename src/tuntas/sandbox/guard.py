"""Who may use the control side: programs on this machine, and no web page of anybody else's.

The peer's address is checked, not a header. The Host header must name this machine, which defeats DNS rebinding, and a
browser's Origin, where there is one, must be the sandbox itself: otherwise any page in a developer's own browser could
drive the sandbox behind his back.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from tuntas.sandbox.errors import ForbiddenError


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
    headers = Headers(scope=scope)
    host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    if not _names_this_machine(host):
        message = f"the Host header names {host or 'nobody'}: ask for localhost or a loopback address"
        raise ForbiddenError(message)
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host"):
        message = f"the web page {origin} may not control the sandbox"
        raise ForbiddenError(message)
