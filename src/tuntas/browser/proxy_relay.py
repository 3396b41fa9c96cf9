"""Between one browser and its proxy: a SOCKS5 server on loopback that opens every connection through the proxy.

The browser needs no password, so none is in its command line, and both kinds of proxies look the same to it: page,
WebSocket and names go one way. There is no other way: what the proxy does not take fails.

Whoever runs as another user of this machine is turned away where the system says who connects.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
from pathlib import Path

import structlog

from tuntas.foundation.proxy import Proxy
from tuntas.foundation.tasks import blocking, end, spawn
from tuntas.foundation.tunnels import DestinationUnreachable, TunnelFailed, open_tunnel

log = structlog.get_logger(__name__)

_GREETING_SECONDS = 10.0
_CHUNK_BYTES = 64 * 1024
_SUCCEEDED, _FAILED, _HOST_UNREACHABLE, _NOT_SUPPORTED = 0, 1, 4, 7
_TABLE = Path("/proc/net/tcp")


class ProxyRelay:
    """Serves one browser. Close it when the browser is gone."""

    def __init__(self, proxy: Proxy, browser_uid: int | None = None) -> None:
        """Prepare for ``proxy``; nothing listens before ``open``. The browser runs as ``browser_uid``, or as we do."""
        self.proxy = proxy
        self._browser_uid = browser_uid
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen on a free port of loopback."""
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0)

    async def close(self) -> None:
        """End every connection and listen no more."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for one in tuple(self._connections):
            await end(one)

    def flags(self) -> tuple[str, ...]:
        """Return what a browser is told, so that nothing of it goes any other way."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return (
            f"--proxy-server=socks5://127.0.0.1:{port}",
            # Chromium would go to this machine's own addresses directly.
            "--proxy-bypass-list=<-loopback>",
            # What would ask for a name by itself, such as a hint to look one up early, finds none.
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
            # WebRTC sends datagrams past a proxy.
            "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        )

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = spawn(self._serve(reader, writer), name="connection through a proxy")
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not await blocking(_is_user_s, writer.get_extra_info("peername")[1], self._browser_uid):
                return
            async with asyncio.timeout(_GREETING_SECONDS):
                destination = await _asked(reader, writer)
            if destination is None:
                return
            await self._lead(reader, writer, *destination)
        except (OSError, EOFError, TimeoutError, ValueError):
            pass  # one end has gone; both are closed
        finally:
            writer.close()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
        try:
            connected = await open_tunnel(self.proxy, host, port)
        except TunnelFailed as error:
            log.info("not_through_proxy", proxy=str(self.proxy), kind=type(error).__name__)
            is_beyond = isinstance(error, DestinationUnreachable)
            await _reply(writer, _HOST_UNREACHABLE if is_beyond else _FAILED)
            return
        far_reader, far_writer = await asyncio.open_connection(sock=connected)
        try:
            await _reply(writer, _SUCCEEDED)
            async with asyncio.TaskGroup() as group:
                group.create_task(_copy(reader, far_writer), name="to the proxy")
                group.create_task(_copy(far_reader, writer), name="from the proxy")
        except* OSError:
            pass
        finally:
            far_writer.close()


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int] | None:
    """Greet by SOCKS5 (RFC 1928) and return where to; None where it is nothing that is served."""
    version, count = await reader.readexactly(2)
    if version != 5 or 0 not in await reader.readexactly(count):
        return None
    writer.write(b"\x05\x00")
    await writer.drain()
    version, command, _, kind = await reader.readexactly(4)
    if version != 5 or kind not in (1, 3, 4):
        return None
    if kind == 3:
        length = (await reader.readexactly(1))[0]
        host = (await reader.readexactly(length)).decode("ascii")
    else:
        host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))
    port = int.from_bytes(await reader.readexactly(2), "big")
    if command != 1:
        await _reply(writer, _NOT_SUPPORTED)
        return None
    return host, port


async def _reply(writer: asyncio.StreamWriter, code: int) -> None:
    writer.write(bytes((5, code, 0, 1)) + bytes(6))
    await writer.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(_CHUNK_BYTES):
        writer.write(part)
        await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


def _is_user_s(port: int, uid: int | None) -> bool:
    """Say whether who connects from ``port`` of loopback runs as ``uid`` (None: as we do); unless known, it does."""
    try:
        lines = _TABLE.read_text().splitlines()[1:]
    except OSError:
        return True
    ours = f"0100007F:{port:04X}"
    for line in lines:
        columns = line.split()
        if columns[1] == ours:
            return columns[7] == str(os.geteuid() if uid is None else uid)
    return False  # it has left already
