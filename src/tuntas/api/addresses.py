"""Under which address a client reaches this server: as the settings or a trusted proxy say, or as it was asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address

from starlette.requests import Request

_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """``url``: where clients are told to go, ending with a slash; None: where they came from.

    ``proxies``: whose ``X-Forwarded-*`` headers are believed.
    """

    url: str | None = None
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()

    def of(self, request: Request) -> str:
        """Return the base of the addresses in the answer to a request; it ends with a slash."""
        if self.url is not None:
            return self.url
        if not self._is_trusted(request):
            return str(request.base_url)
        scheme, host, prefix = (self._first(request, name) for name in ("proto", "host", "prefix"))
        if scheme not in ("http", "https"):
            scheme = request.url.scheme
        if not _HOST.fullmatch(host):
            host = request.url.netloc
        prefix = prefix.rstrip("/")
        return f"{scheme}://{host}{prefix if _PREFIX.fullmatch(prefix) else ''}/"

    def _is_trusted(self, request: Request) -> bool:
        # Who really is connected, not who somebody says it is.
        try:
            peer = ip_address(getattr(request.state, "peer", ""))
        except ValueError:
            return False
        return any(peer.version == network.version and peer in network for network in self.proxies)

    @staticmethod
    def _first(request: Request, name: str) -> str:
        """Return what the outermost proxy said: each one adds behind."""
        return request.headers.get(f"x-forwarded-{name}", "").split(",", 1)[0].strip()
