"""An HTTP server as a part of a program: uvicorn, which only this file knows, on one socket, from open to close.

The socket is bound before anything else starts, so that a taken port is told in one line. Without two of uvicorn's
habits that a part must not have: it takes no signals, and it does not wake ten times a second for nothing; once a
second keeps the Date header right, and where there is no such header it does not wake at all. How many connections
there may be, and how long one may be idle, is in ``connections``.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import math
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import uvicorn

from tuntas.foundation.connections import FEW_LINES, AcceptFailures, BoundedWebSocket, Connections, bounded_http
from tuntas.foundation.tasks import end, spawn
from tuntas.foundation.user_error import UserError

BACKLOG = 2048
DATE_SECONDS = 1.0

Application = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application."""


class PortTaken(UserError, OSError):
    """The address cannot be listened on; the message says what to do."""


def bind(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """Return a listening socket; port 0 takes any free one. ``option`` is the command line's for another port.

    Raises:
        PortTaken: somebody else listens there, or the address is not ours.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        # The protocol is named, for asyncio switches Nagle's algorithm off only where it is: without that every second
        # answer on a connection waits 40 ms for the client's delayed acknowledgement.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        message = f"Cannot listen on {host} ({error.strerror}): choose another --host."
        raise PortTaken(message) from error
    try:
        if sys.platform == "win32":
            # There SO_REUSEADDR would let two servers have one port, and this one keeps it to ourselves.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            message = f"{host}:{port} is taken by another program: stop it, or choose another {option}."
        else:
            message = f"Cannot listen on {host}:{port} ({error.strerror}): choose another {option} or --host."
        raise PortTaken(message) from error
    listening.setblocking(False)
    return listening


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How a server serves.

    ``goodbye_seconds``: how long requests under way have at the end. ``ping_seconds``: how far apart WebSockets are
    asked whether they live. ``lifespan``: the application's own beginning and end are this server's. ``tls``: what it
    is encrypted with, if it is. ``most_connections``: at one moment. ``head_seconds``: how long a request's head
    may take. ``message_bytes``: the largest message that a WebSocket may send us. ``trusted_proxies``: addresses and
    networks, with commas between them, whose X-Forwarded-Proto and -For are believed.
    """

    goodbye_seconds: int
    ping_seconds: float = 20.0
    date_header: bool = True
    lifespan: bool = False
    tls: ssl.SSLContext | None = None
    most_connections: int = 1000
    head_seconds: float = 15.0
    message_bytes: int = 16 * 1024 * 1024
    trusted_proxies: str = ""


def reachable_host(listening: socket.socket) -> str:
    """Return an address at which a listening socket can be reached from this machine, as it is written in a URL."""
    host = str(listening.getsockname()[0])
    # One that stands for all of this machine's is one of them from here.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    return f"[{host}]" if ":" in host else host


class HttpServer:
    """Serves one application on one socket, from ``open`` to ``close``."""

    def __init__(self, app: Application, listening: socket.socket, options: ServerOptions) -> None:
        """Prepare to serve ``app``; ``listening`` is closed with the server."""
        config = uvicorn.Config(
            app,
            log_config=None,
            proxy_headers=bool(options.trusted_proxies),
            forwarded_allow_ips=options.trusted_proxies,
            access_log=False,
            server_header=False,
            date_header=options.date_header,
            lifespan="on" if options.lifespan else "off",
            http=bounded_http(Connections(options.most_connections, options.head_seconds)),
            ws=BoundedWebSocket,
            ws_max_size=options.message_bytes,
            ws_ping_interval=options.ping_seconds,
            ws_ping_timeout=options.ping_seconds,
            # Ours alone ends idle connections: uvicorn would after five seconds, the very moment until which many a
            # client uses one again, whose request is then lost on its way.
            timeout_keep_alive=math.ceil(options.head_seconds) + 1,
            timeout_graceful_shutdown=options.goodbye_seconds,
        )
        config.load()
        config.ssl = options.tls
        # Outside of what believes X-Forwarded-For, which anybody can write.
        config.loaded_app = _knowing_its_peer(config.loaded_app)
        logging.getLogger("uvicorn.error").addFilter(FEW_LINES)
        self._listening = listening
        self._server = _Uvicorn(config)
        self._serving: asyncio.Task[None] | None = None

    @property
    def host(self) -> str:
        """An address that it can be reached at from this machine, as it is written in a URL."""
        return reachable_host(self._listening)

    @property
    def port(self) -> int:
        """The port's number."""
        return int(self._listening.getsockname()[1])

    @property
    def url(self) -> str:
        """Its address on this machine, without a slash at the end."""
        return f"{'http' if self._server.config.ssl is None else 'https'}://{self.host}:{self.port}"

    async def open(self) -> None:
        """Return when requests are answered. Raises what keeps the application from starting."""
        asyncio.get_running_loop().set_exception_handler(AcceptFailures())
        self._serving = spawn(self._server.serve(sockets=[self._listening]), name="http server")
        ready = spawn(self._server.ready.wait(), name="http server is ready")
        try:
            await asyncio.wait((ready, self._serving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(ready)
        if self._serving.done():
            self._listening.close()
            self._serving.result()
            message = "the server ended before it had begun"
            raise RuntimeError(message)

    async def close(self) -> None:
        """Take no more requests, and stop; bounded by a few seconds, whatever the clients do."""
        if self._serving is None:
            self._listening.close()
            return
        self._server.leave()
        cancelled: asyncio.CancelledError | None = None
        while not self._serving.done():
            try:
                await asyncio.wait([self._serving])
            except asyncio.CancelledError as again:
                cancelled = again  # the end is bounded, and half an end would leave the port taken
        if cancelled is not None:
            raise cancelled
        self._serving.result()

    async def finished(self) -> None:
        """Return when it has been closed. It never ends by itself but by an error, which is raised."""
        assert self._serving is not None
        await asyncio.shield(self._serving)


def _knowing_its_peer(app: Application) -> Application:
    """Wrap ``app`` so that ``scope["state"]["peer"]`` is the address that really is connected."""

    async def with_peer(scope: Any, receive: Any, send: Any) -> None:
        client = scope.get("client")
        scope.setdefault("state", {})["peer"] = client[0] if client else ""
        await app(scope, receive, send)

    return with_peer


class _Uvicorn(uvicorn.Server):
    """Uvicorn that waits for an event where it would tick."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self._leave = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        while not self.should_exit:
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DATE_SECONDS if self.config.date_header else None):
                    await self._leave.wait()

    def leave(self) -> None:
        self.should_exit = True
        self._leave.set()
