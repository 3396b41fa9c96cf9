"""Fetches the files that clients name by their address. Somebody else chooses the address: the server must not be led
to anything that only it can reach.

So every address a name resolves to is checked, the connection goes to the very address that was checked (a name may
resolve differently a moment later), and a redirect is checked like the first request. Nothing is taken from the
environment: a proxy would resolve names again.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

import httpx

from tuntas.sessions.errors import SessionError

REDIRECTS = 5
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class FileRefused(SessionError):
    """The file is not one that can be sent, or its address not one that the server goes to: name another."""


class FileTooLarge(SessionError):
    """The file is larger than the limit: send a smaller one."""

    def __init__(self, limit_bytes: int) -> None:
        """Say the limit."""
        super().__init__(f"The file has more than the {limit_bytes} bytes that are allowed (TUNTAS_MEDIA_MAX_BYTES).")


class FileUnreachable(SessionError):
    """The file's address did not give it: see that it does, then ask again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is fetched. ``private_addresses``: also from this machine and its own networks."""

    most_bytes: int
    timeout_seconds: float
    private_addresses: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file as its server gave it; ``filename`` is the last part of the address."""

    data: bytes
    mimetype: str | None
    filename: str | None


async def fetch(url: str, limits: Limits) -> Fetched:
    """Return the file at ``url``.

    Raises:
        FileRefused: the address is not allowed.
        FileTooLarge: it has more bytes than allowed.
        FileUnreachable: no file came within the limit.
    """
    try:
        async with (
            asyncio.timeout(limits.timeout_seconds),
            httpx.AsyncClient(trust_env=False, timeout=limits.timeout_seconds) as client,
        ):
            return await _follow(client, httpx.URL(url), limits)
    except TimeoutError:
        message = f"The file's address did not answer in full within {limits.timeout_seconds:g} s."
        raise FileUnreachable(message) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        message = f"The file could not be fetched: {type(error).__name__}."
        raise FileUnreachable(message) from error


async def _follow(client: httpx.AsyncClient, url: httpx.URL, limits: Limits) -> Fetched:
    for _ in range(REDIRECTS + 1):
        request = client.build_request(
            "GET",
            url.copy_with(host=await _checked_address(url, limits)),
            headers={"Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity", "User-Agent": "Tuntas"},
            extensions={"sni_hostname": url.host},
        )
        response = await client.send(request, stream=True)
        try:
            if not response.is_redirect:
                return await _read(response, url, limits)
            url = url.join(response.headers["Location"])
        finally:
            await response.aclose()
    message = f"The file's address redirects more than {REDIRECTS} times."
    raise FileUnreachable(message)


async def _checked_address(url: httpx.URL, limits: Limits) -> str:
    if url.scheme not in ("http", "https") or not url.host:
        message = "The file's address must begin with http:// or https://."
        raise FileRefused(message)
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        message = f"There is no host {url.host}."
        raise FileUnreachable(message) from None
    addresses = [str(one[4][0]) for one in found]
    if not limits.private_addresses and not all(is_public(address) for address in addresses):
        message = (
            f"{url.host} is in a network that is not public. A server that may fetch from there is told so with "
            "TUNTAS_MEDIA_PRIVATE_ADDRESSES=true."
        )
        raise FileRefused(message)
    return addresses[0]


async def _read(response: httpx.Response, url: httpx.URL, limits: Limits) -> Fetched:
    if response.status_code != httpx.codes.OK:
        message = f"The file's address answered {response.status_code}."
        raise FileUnreachable(message)
    declared = response.headers.get("Content-Length", "")
    if declared.isdigit() and int(declared) > limits.most_bytes:
        raise FileTooLarge(limits.most_bytes)
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > limits.most_bytes:
            raise FileTooLarge(limits.most_bytes)
    mimetype = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Fetched(bytes(data), mimetype or None, unquote(PurePosixPath(url.path).name) or None)


def is_public(text: str) -> bool:
    """Say whether an address is one that everybody can reach, also where an IPv6 address stands for an IPv4 one."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return all(one.is_global and not one.is_multicast for one in _meanings(address))


def _meanings(address: Address) -> list[Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    inside: list[Address] = [address]
    if address in _NAT64:
        inside.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if address.sixtofour is not None:
        inside.append(address.sixtofour)
    if address.teredo is not None:
        inside.extend(address.teredo)
    return inside
