"""Which build of its page WhatsApp gives out now. One small request, no browser."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import httpx

from tuntas.foundation.proxy import Proxy
from tuntas.whatsapp.reachability import TIMEOUT_SECONDS

# The page's service worker names the revision of the build that it belongs to.
WORKER = "sw.js"
_REVISION = re.compile(rb'client_revision\\?"\s*:\s*(\d{1,20})')
_MOST_BYTES = 4 * 1024 * 1024


class PageBuilds:
    """Asks for the page's service worker. Implements ``tuntas.sessions.ports.Builds``."""

    def __init__(self, url: str, proxy: Proxy | None = None) -> None:
        """Ask the real page's or a sandbox's ``url``; behind a ``proxy`` nothing is asked, for it would go past it."""
        self._url = urljoin(url, WORKER)
        self._is_behind_proxy = proxy is not None

    async def current(self) -> str | None:
        """Return the revision that is given out; None where it cannot be known now."""
        if self._is_behind_proxy:
            return None
        text = b""
        try:
            async with (
                # It decides nothing but when a browser, which checks certificates, looks again.
                httpx.AsyncClient(verify=False, timeout=TIMEOUT_SECONDS) as client,  # noqa: S501 - see above
                client.stream("GET", self._url, headers={"sec-fetch-site": "none"}) as response,
            ):
                async for part in response.aiter_bytes():
                    text = (text + part)[:_MOST_BYTES]
                    if (found := _REVISION.search(text)) is not None:
                        return found[1].decode()
                    if len(text) == _MOST_BYTES:
                        return None
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return None
        return None
