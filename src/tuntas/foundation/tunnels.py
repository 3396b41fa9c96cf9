"""Connections through a proxy. Whatever goes wrong, nothing here ever connects to the destination itself."""

from __future__ import annotations

import asyncio
import socket

from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
from python_socks.async_.asyncio import Proxy as Connector

from tuntas.foundation.proxy import Proxy

CONNECT_SECONDS = 10.0
_TYPES = {"http": ProxyType.HTTP, "socks5": ProxyType.SOCKS5}
# What HTTP proxies answer to whom they do not serve: no or wrong credentials, not allowed, not paid.
_REFUSALS = frozenset({401, 402, 403, 407})


class TunnelFailed(Exception):
    """No connection came about through the proxy; the message has no secret."""


class ProxyUnreachable(TunnelFailed):
    """The proxy itself does not answer, or not as a proxy does: it may come back."""


class ProxyRefuses(TunnelFailed):
    """The proxy does not take who asks: a person must correct username and password."""


class DestinationUnreachable(TunnelFailed):
    """The proxy works, and says that it cannot reach the destination."""


async def open_tunnel(proxy: Proxy, host: str, port: int, *, timeout_seconds: float = CONNECT_SECONDS) -> socket.socket:
    """Return a connected socket that leads to ``host`` through ``proxy``, which resolves its name.

    Raises:
        TunnelFailed: in one of its three kinds.
    """
    connector = Connector(
        proxy_type=_TYPES[proxy.scheme],
        host=proxy.host,
        port=proxy.port,
        username=proxy.username,
        password=proxy.password or "",
        rdns=True,
    )
    try:
        connected: socket.socket = await connector.connect(dest_host=host, dest_port=port, timeout=timeout_seconds)
    except (ProxyTimeoutError, TimeoutError, asyncio.IncompleteReadError) as error:
        message = f"The proxy {proxy} did not answer within {timeout_seconds:g} s."
        raise ProxyUnreachable(message) from error
    except (ProxyConnectionError, OSError) as error:
        message = f"The proxy {proxy} cannot be reached: {_reason(error)}"
        raise ProxyUnreachable(message) from error
    except ProxyError as error:
        raise _judged(proxy, error) from error
    except (ValueError, IndexError) as error:  # a reply that is none
        message = f"What answers at {proxy} is no proxy of this kind."
        raise ProxyUnreachable(message) from error
    return connected


def _judged(proxy: Proxy, error: ProxyError) -> TunnelFailed:
    code = error.error_code
    if proxy.scheme == "http":
        if code in _REFUSALS:
            return ProxyRefuses(f"The proxy {proxy} refuses the username or password (it answered {code}).")
        if code is not None:
            return DestinationUnreachable(f"The proxy {proxy} cannot reach the address (it answered {code}).")
        return ProxyUnreachable(f"What answers at {proxy} is no HTTP proxy.")
    if code is not None:
        # RFC 1928: 2 is "not allowed by ruleset", which is about who asks; all others are about the way.
        if code == 2:
            return ProxyRefuses(f"The proxy {proxy} does not allow this (SOCKS reply 2).")
        return DestinationUnreachable(f"The proxy {proxy} cannot reach the address (SOCKS reply {code}).")
    if "authentication" in str(error).lower() or "method" in str(error).lower():
        return ProxyRefuses(f"The proxy {proxy} refuses the username or password.")
    return ProxyUnreachable(f"What answers at {proxy} is no SOCKS5 proxy.")


def _reason(error: Exception) -> str:
    cause = error if isinstance(error, OSError) and error.strerror else error.__cause__ or error.__context__
    return getattr(cause, "strerror", None) or type(cause or error).__name__
