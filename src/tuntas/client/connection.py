"""What both clients tell httpx, and what they make of its errors."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx

from tuntas.client.calls import TIMEOUT_SECONDS
from tuntas.client.errors import TuntasError, Unreachable

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ON_THE_WAY = frozenset({"STARTING", "SCAN_QR_CODE"})


def options(url: str, key: str) -> dict[str, Any]:
    """Return what a client of httpx is made with. Raises ValueError for an address or a key that cannot be used."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = f"{url!r} is not the address of a server; it looks like http://127.0.0.1:3000"
        raise ValueError(message)
    if not key or not key.isascii() or not key.isprintable():
        message = "The key is empty or has characters that no key has."
        raise ValueError(message)
    # A proxy of the environment is for other hosts, and would fail in a way that nobody understands.
    is_here = parts.hostname in _LOOPBACK
    return {
        "base_url": url,
        "headers": {"X-Api-Key": key},
        "timeout": TIMEOUT_SECONDS,
        "trust_env": not is_here,
    }


def unreachable(url: httpx.URL, reason: httpx.TransportError) -> Unreachable:
    """Return the error for a request that got no answer."""
    return Unreachable(f"No answer from {url} ({str(reason) or type(reason).__name__}). Does the server run there?")


def check_linking(name: str, status: str, *, is_shown: bool) -> bool:
    """Say whether a session is linked now. Raises TuntasError where no QR will come by itself."""
    if status == "WORKING":
        return True
    if status in _ON_THE_WAY:
        return False
    said = f"Session {name} is {status}"
    message = f"{said} after its QR was shown." if is_shown else f"{said}: start it first, then it shows a QR."
    if status.startswith("PASSKEY"):
        message = f"{said}: WhatsApp asks for the account's passkey; answer it on the dashboard."
    raise TuntasError(message)
