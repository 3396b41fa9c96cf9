"""Goes only to addresses that were looked at: for requests whose address somebody else chooses.

The server must not be led to anything that only it can reach. So every address a name resolves to is checked, the
connection goes to the very address that was checked (a name may resolve differently a moment later), and a redirect
is a request like the first. Link-local addresses are never gone to: on rented machines they give out credentials.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import httpx

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(Exception):
    """The address is not one that the server goes to; the message says why."""


class NoSuchHost(Exception):
    """The name resolves to nothing."""


class CheckedTransport(httpx.AsyncBaseTransport):
    """An HTTP transport that checks where it goes.

    Raises AddressRefused and NoSuchHost from requests, beside httpx's own errors. Use it with ``trust_env=False``: a
    proxy of the environment would resolve names again.
    """

    def __init__(self, *, private_addresses: bool, setting: str) -> None:
        """``private_addresses``: go to this machine and its own networks too; ``setting`` is what says so."""
        self._private_addresses = private_addresses
        self._setting = setting
        self._inner = httpx.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` to an address that was checked."""
        address = await self._checked(request.url)
        checked = httpx.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,  # the Host among them is still the name
            stream=request.stream,
            extensions=request.extensions | {"sni_hostname": request.url.host},
        )
        return await self._inner.handle_async_request(checked)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def _checked(self, url: httpx.URL) -> str:
        if url.scheme not in _PORTS or not url.host:
            message = "The address must begin with http:// or https://."
            raise AddressRefused(message)
        found = await _resolved(url.host, url.port or _PORTS[url.scheme])
        if any(is_link_local(address) for address in found):
            message = f"{url.host} is a link-local address."
            raise AddressRefused(message)
        if not self._private_addresses and not all(is_public(address) for address in found):
            message = (
                f"{url.host} is in a network that is not public. A server that may go there is told so with "
                f"{self._setting}=true."
            )
            raise AddressRefused(message)
        return found[0]


async def _resolved(host: str, port: int) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        message = f"There is no host {host}."
        raise NoSuchHost(message) from None
    return [str(one[4][0]) for one in found]


def is_public(text: str) -> bool:
    """Say whether an address is one that everybody can reach, also where an IPv6 address stands for an IPv4 one."""
    return all(one.is_global and not one.is_multicast for one in _meanings(_parsed(text)))


def is_link_local(text: str) -> bool:
    """Say whether an address is of the link itself, where no receiver of anybody's is."""
    return any(one.is_link_local for one in _meanings(_parsed(text)))


def _parsed(text: str) -> Address:
    return ipaddress.ip_address(text.partition("%")[0])


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
