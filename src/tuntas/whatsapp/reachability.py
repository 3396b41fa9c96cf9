"""Whether WhatsApp's servers answer from here, or through a proxy. One small request, no browser."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from tuntas.foundation.proxy import Proxy
from tuntas.foundation.tunnels import DestinationUnreachable, ProxyRefuses, TunnelFailed, open_tunnel
from tuntas.sessions.model import PageLost

TIMEOUT_SECONDS = 5.0
_UNREACHABLE = PageLost("page_unreachable", "WhatsApp's servers do not answer")


class PageReachability:
    """Asks for the page's address. Implements ``tuntas.sessions.ports.Reachability``."""

    def __init__(self, url: str, proxy: Proxy | None = None, *, refused_retry_seconds: float = 60.0) -> None:
        """Ask ``url``, the real page's or a sandbox's, through ``proxy`` unless told another."""
        self._url = url
        self._proxy = proxy
        self._refused_retry_seconds = refused_retry_seconds

    async def obstacle(self, proxy: Proxy | None = None) -> PageLost | None:
        """Return what is in the way, if anything is; nothing is asked but through the proxy, where there is one."""
        way = proxy or self._proxy
        return await self._in_the_way_of(way) if way is not None else await self._in_our_way()

    async def _in_our_way(self) -> PageLost | None:
        # A certificate that cannot be checked is an answer: somebody is there, and the browser decides whom it trusts.
        try:
            async with (
                httpx.AsyncClient(verify=False, timeout=TIMEOUT_SECONDS) as client,  # noqa: S501 - see above
                client.stream("GET", self._url, follow_redirects=False) as response,
            ):
                return _UNREACHABLE if response.is_server_error else None
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return _UNREACHABLE

    async def _in_the_way_of(self, proxy: Proxy) -> PageLost | None:
        parts = urlsplit(self._url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            connected = await open_tunnel(proxy, parts.hostname or "", port, timeout_seconds=TIMEOUT_SECONDS)
        except ProxyRefuses as error:
            return PageLost("proxy_refused", str(error), self._refused_retry_seconds)
        except DestinationUnreachable as error:
            return PageLost("page_unreachable", str(error))
        except TunnelFailed as error:
            return PageLost("proxy_unreachable", str(error))
        connected.close()
        return None
