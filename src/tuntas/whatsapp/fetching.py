"""Fetches the files that clients name by their address: from checked addresses only, and no more than is allowed.

Where a session's files go through its proxy, nothing here connects or asks for a name in any other way.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import unquote

import httpcore
import httpx

from tuntas.foundation.checked_network import AddressRefused, CheckedNetwork, CheckedTransport
from tuntas.foundation.proxied_network import ProxiedNetwork
from tuntas.foundation.proxy import Proxy
from tuntas.foundation.resolving import NoSuchHost
from tuntas.foundation.tunnels import TunnelFailed
from tuntas.sessions.errors import FileRefused, FileTooLarge, FileUnreachable

REDIRECTS = 5
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "Tuntas"}


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Which files are sent and received. ``private_addresses``: also from this machine and its own networks.

    ``through_proxy``: files of a session that has a proxy are fetched through it. ``proxy``: these go through that one.
    """

    most_bytes: int = 64 * 1024 * 1024
    timeout_seconds: float = 30.0
    private_addresses: bool = False
    through_proxy: bool = False
    proxy: Proxy | None = None

    def behind(self, proxy: Proxy | None) -> FileLimits:
        """Return the limits of a session whose proxy is this one."""
        return replace(self, proxy=proxy) if self.through_proxy else self

    def require_size(self, size_bytes: int) -> None:
        """Raise FileTooLarge if a file of this size is more than allowed."""
        if size_bytes > self.most_bytes:
            raise FileTooLarge(self.most_bytes, "TUNTAS_MEDIA_MAX_BYTES")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file as its server gave it; ``filename`` is the last part of the address."""

    data: bytes
    mimetype: str | None
    filename: str | None


async def fetch(url: str, limits: FileLimits) -> Fetched:
    """Return the file at ``url``.

    Raises:
        FileRefused: the address is not allowed.
        FileTooLarge: it has more bytes than allowed.
        FileUnreachable: no file came within the limit.
    """
    try:
        async with (
            asyncio.timeout(limits.timeout_seconds),
            httpx.AsyncClient(
                transport=CheckedTransport(_network(limits)),
                trust_env=False,
                timeout=limits.timeout_seconds,
                follow_redirects=True,
                max_redirects=REDIRECTS,
            ) as client,
            client.stream("GET", url, headers=_HEADERS) as response,
        ):
            return await _read(response, limits)
    except AddressRefused as error:
        raise FileRefused(str(error)) from error
    except (NoSuchHost, TunnelFailed) as error:
        raise FileUnreachable(str(error)) from error
    except httpx.TooManyRedirects:
        message = f"The file's address redirects more than {REDIRECTS} times."
        raise FileUnreachable(message) from None
    except TimeoutError:
        message = f"The file's address did not answer in full within {limits.timeout_seconds:g} s."
        raise FileUnreachable(message) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        message = f"The file could not be fetched: {type(error).__name__}."
        raise FileUnreachable(message) from error


def _network(limits: FileLimits) -> httpcore.AsyncNetworkBackend:
    private, setting = limits.private_addresses, "TUNTAS_MEDIA_PRIVATE_ADDRESSES"
    if limits.proxy is not None:
        return ProxiedNetwork(limits.proxy, private_addresses=private, setting=setting)
    return CheckedNetwork(private_addresses=private, setting=setting)


async def _read(response: httpx.Response, limits: FileLimits) -> Fetched:
    if response.status_code != httpx.codes.OK:
        message = f"The file's address answered {response.status_code}."
        raise FileUnreachable(message)
    declared = response.headers.get("Content-Length", "")
    if declared.isdigit():
        limits.require_size(int(declared))
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        limits.require_size(len(data))
    mimetype = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Fetched(bytes(data), mimetype or None, unquote(PurePosixPath(response.url.path).name) or None)
