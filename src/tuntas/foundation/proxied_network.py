"""Goes through a proxy only, to addresses that somebody else chooses: the sibling of ``checked_network``.

The proxy resolves names, so that asking for one tells nobody here of it; to which address a name leads is then known
to the proxy alone, and where it lets people go is for its owner to say. What can be seen before is judged as without a
proxy: addresses in digits, and names that only a network of one's own knows.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore

from tuntas.foundation.addresses import is_address, is_never_gone_to, is_public
from tuntas.foundation.checked_network import never_gone_to, not_public
from tuntas.foundation.proxy import Proxy
from tuntas.foundation.tunnels import CONNECT_SECONDS, open_tunnel

# RFC 6761, 6762 and 8375, what ICANN keeps for private use, and what many routers say.
_OWN_NETWORK = (".localhost", ".local", ".internal", ".home.arpa", ".lan")
_METADATA = frozenset({"metadata.google.internal", "instance-data.ec2.internal"})


class ProxiedNetwork(httpcore.AsyncNetworkBackend):
    """Makes the connections of an HTTP client. Raises AddressRefused and TunnelFailed beside httpcore's own errors."""

    def __init__(self, proxy: Proxy, *, private_addresses: bool, setting: str) -> None:
        """``private_addresses``: go to the proxy's own networks too; ``setting`` is what says so."""
        self._proxy = proxy
        self._private_addresses = private_addresses
        self._setting = setting

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 - how one leaves this machine is the proxy's connection
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - likewise
    ) -> httpcore.AsyncNetworkStream:
        """Connect to ``host`` through the proxy, or not at all."""
        self._check(host)
        seconds = CONNECT_SECONDS if timeout is None else min(timeout, CONNECT_SECONDS)
        connected = await open_tunnel(self._proxy, host, port, timeout_seconds=seconds)
        return _Stream(*await asyncio.open_connection(sock=connected))

    async def sleep(self, seconds: float) -> None:
        """Wait between two attempts to connect."""
        await asyncio.sleep(seconds)

    def _check(self, host: str) -> None:
        name = host.rstrip(".").lower()
        if name in _METADATA or (is_address(host) and is_never_gone_to(host)):
            raise never_gone_to(host)
        is_for_all = is_public(host) if is_address(host) else _is_public_name(name)
        if not self._private_addresses and not is_for_all:
            raise not_public(host, self._setting)


def _is_public_name(name: str) -> bool:
    last = name.rpartition(".")[2]
    # Resolvers take 127.1 and 0x7f.1 for addresses.
    is_number = last.isdecimal() or last.startswith("0x")
    return "." in name and not is_number and not name.endswith(_OWN_NETWORK)


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that is there already, for httpcore, which makes its own otherwise."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _told_as(httpcore.ReadTimeout, httpcore.ReadError):
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with _told_as(httpcore.WriteTimeout, httpcore.WriteError):
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()

    async def aclose(self) -> None:
        self._writer.close()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            with _told_as(httpcore.ConnectTimeout, httpcore.ConnectError):
                async with asyncio.timeout(timeout):
                    await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except BaseException:
            self._writer.close()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # asked of an idle connection: has the other end gone?
            return self._reader.at_eof()
        return self._writer.get_extra_info("ssl_object") if info == "ssl_object" else None


@contextlib.contextmanager
def _told_as(late: type[Exception], failed: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except OSError as error:
        raise failed(str(error)) from error
