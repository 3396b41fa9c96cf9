"""Goes only to addresses that were looked at: for requests whose address somebody else chooses.

The server must not be led to anything that only it can reach. So every address a name resolves to is checked when a
connection is made, the connection goes to the very address that was checked (a name may resolve differently a moment
later), and a redirect is a request like the first. Addresses that give out credentials are never gone to.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable
from functools import cache

import httpcore
import httpx

from tuntas.foundation.addresses import is_address, is_never_gone_to, is_public
from tuntas.foundation.resolving import Resolver

# Of a name with more addresses than these the first ones are enough.
_MOST_TRIED = 4


class AddressRefused(Exception):
    """The address is not one that the server goes to; the message says why."""


def never_gone_to(host: str) -> AddressRefused:
    """Return the refusal of a host to which no setting leads."""
    return AddressRefused(f"{host} is a link-local address, or one that gives out credentials.")


def not_public(host: str, setting: str) -> AddressRefused:
    """Return the refusal of a host that only ``setting`` allows."""
    return AddressRefused(
        f"{host} is in a network that is not public. A server that may go there is told so with {setting}=true."
    )


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Makes the connections of an HTTP client. Raises AddressRefused and NoSuchHost beside httpcore's own errors."""

    def __init__(self, *, private_addresses: bool, setting: str) -> None:
        """``private_addresses``: go to this machine and its own networks too; ``setting`` is what says so."""
        self._private_addresses = private_addresses
        self._setting = setting
        self._resolver = Resolver()
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first of the host's addresses that takes the connection; they share the time."""
        found = [host] if is_address(host) else await self._resolver.look_up(host, port)
        self._check(host, found)
        addresses = found[:_MOST_TRIED]
        for left in range(len(addresses), 0, -1):
            address, share = addresses[-left], None if timeout is None else timeout / left
            try:
                return await self._inner.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if left == 1:
                    self._resolver.forget(host, port)
                    raise
        raise AssertionError(addresses)

    async def sleep(self, seconds: float) -> None:
        """Wait between two attempts to connect."""
        await self._inner.sleep(seconds)

    def _check(self, host: str, found: list[str]) -> None:
        if any(is_never_gone_to(address) for address in found):
            raise never_gone_to(host)
        if not self._private_addresses and not all(is_public(address) for address in found):
            raise not_public(host, self._setting)


class CheckedTransport(httpx.AsyncBaseTransport):
    """The same for httpx. Use it with ``trust_env=False``: a proxy of the environment would resolve names again."""

    def __init__(self, network: httpcore.AsyncNetworkBackend) -> None:
        """Connect through ``network``."""
        self._pool = httpcore.AsyncConnectionPool(ssl_context=certificates(), network_backend=network)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request``; its connection is checked when it is made."""
        if request.url.scheme not in ("http", "https") or not request.url.host:
            message = "The address must begin with http:// or https://."
            raise AddressRefused(message)
        assert isinstance(request.stream, httpx.AsyncByteStream)
        plain = httpcore.Request(
            request.method,
            httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            response = await self._pool.handle_async_request(plain)
        except _CORE_ERRORS as error:
            raise _in_httpx(error) from error
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._response.aiter_stream():
                yield part
        except _CORE_ERRORS as error:
            raise _in_httpx(error) from error

    async def aclose(self) -> None:
        await self._response.aclose()


@cache
def certificates() -> ssl.SSLContext:
    """Return how the certificates of receivers are judged: as browsers do, whatever the environment says."""
    return httpx.create_ssl_context(trust_env=False)


_CORE_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)


def _in_httpx(error: Exception) -> httpx.TransportError:
    """Return httpx's error of the same name: the two libraries share their names."""
    kind = getattr(httpx, type(error).__name__, httpx.TransportError)
    made = kind(str(error))
    assert isinstance(made, httpx.TransportError)
    return made
