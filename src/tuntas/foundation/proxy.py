"""A proxy as a value: read from an address that a person wrote, and never shown with its password."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

SCHEMES = ("http", "socks5", "socks5h")
_PORTS = {"http": 80, "socks5": 1080}


class ProxyRefused(ValueError):
    """The address is none of a proxy that can be used; the message says what it should be."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where everything of a session goes through. ``scheme`` is "http" or "socks5"; names are resolved behind it."""

    scheme: str
    host: str
    port: int
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def read_proxy(server: str, username: str | None = None, password: str | None = None) -> Proxy:
    """Return the proxy at ``server``, such as ``http://proxy.example:3128``; who it is for may stand in it too,
    and ``username`` and ``password`` come before that.

    Raises:
        ProxyRefused: it is no such address. The message has none of it: it may carry a password.
    """
    form = "it must be like http://host:port or socks5://host:port"
    if "://" not in server:
        message = f"the address has no scheme: {form}"
        raise ProxyRefused(message)
    try:
        parts = urlsplit(server.strip())
        port, host = parts.port, parts.hostname
    except ValueError:
        message = f"the address cannot be read: {form}, the port a number up to 65535"
        raise ProxyRefused(message) from None
    if parts.scheme.lower() not in SCHEMES:
        message = f"the scheme cannot be used: {form}"
        raise ProxyRefused(message)
    if not host or any(character.isspace() or ord(character) < 33 for character in host):
        message = f"the address names no host: {form}"
        raise ProxyRefused(message)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        message = f"nothing may follow the port: {form}"
        raise ProxyRefused(message)
    if port == 0:
        message = f"there is no port 0: {form}"
        raise ProxyRefused(message)
    user, word = username or _decoded(parts.username), password or _decoded(parts.password)
    if word and not user:
        message = "there is a password, but no username"
        raise ProxyRefused(message)
    # Both protocols count them in one byte, and the one for HTTP ends the name at its first colon.
    if any(one and (len(one) > 255 or not one.isprintable()) for one in (user, word)):
        message = "username and password may have 255 bytes each, and no control characters"
        raise ProxyRefused(message)
    if any(one and not one.isascii() for one in (user, word)):
        # Neither protocol says in which encoding they would travel.
        message = "username and password may have ASCII characters only"
        raise ProxyRefused(message)
    scheme = "http" if parts.scheme.lower() == "http" else "socks5"
    if scheme == "http" and user and ":" in user:
        message = "a username for an HTTP proxy can have no colon"
        raise ProxyRefused(message)
    return Proxy(scheme, host, port or _PORTS[scheme], user, word)


def _decoded(text: str | None) -> str | None:
    return unquote(text) if text else None
