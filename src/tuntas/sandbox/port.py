"""Uvicorn as a part of a program: on one open port, plain or encrypted, with a beginning and an end.

Without two of its habits that a part must not have: it takes no signals, and it does not tick ten times a second while
nothing happens.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Generator

import uvicorn
from starlette.types import ASGIApp

from tuntas.foundation.advice import Advice
from tuntas.foundation.tasks import end, spawn

GOODBYE_SECONDS = 2
PING_SECONDS = 30.0
"""Far apart on purpose: each ping wakes every idle browser."""


class SandboxAddressError(Advice, OSError):
    """The sandbox cannot listen where it was told to; the message is one line for a person."""


class _Server(uvicorn.Server):
    """Uvicorn that waits for an event where it would tick."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self._leave = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        await self._leave.wait()

    def leave(self) -> None:
        self.should_exit = True
        self._leave.set()


def listen(host: str, port: int, option: str) -> socket.socket:
    """Return a socket that holds the port; 0 takes any free one.

    Raises ``SandboxAddressError``, which names the command line's ``option`` for another port.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        message = f"the sandbox cannot listen on {host}: {error.strerror}"
        raise SandboxAddressError(error.errno, message) from error
    try:
        # On Windows the same option would let two servers share one port.
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        message = f"the sandbox cannot listen on {host}:{port} ({error.strerror}): choose another {option}"
        raise SandboxAddressError(error.errno, message) from error
    return listener


class Port:
    """One port that an application is served on."""

    def __init__(self, app: ASGIApp, listener: socket.socket, context: ssl.SSLContext | None, *, owner: bool) -> None:
        """Serve ``app`` on ``listener``, encrypted if there is a ``context``; one port is the ``owner`` of its life."""
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            date_header=False,  # its clock is what needs the ticks
            lifespan="on" if owner else "off",
            ws="websockets-sansio",
            ws_ping_interval=PING_SECONDS,
            ws_ping_timeout=PING_SECONDS,
            timeout_graceful_shutdown=GOODBYE_SECONDS,
        )
        config.load()
        config.ssl = context
        self._listener = listener
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    @property
    def number(self) -> int:
        """The port's number."""
        return int(self._listener.getsockname()[1])

    @property
    def host(self) -> str:
        """The address that it listens on, as it is written in a URL."""
        host = str(self._listener.getsockname()[0])
        return f"[{host}]" if ":" in host else host

    async def open(self) -> None:
        """Return when requests are answered. Raises what keeps the application from starting."""
        self._serving = spawn(self._server.serve(sockets=[self._listener]), name="sandbox-server")
        ready = spawn(self._server.ready.wait(), name="sandbox-ready")
        try:
            await asyncio.wait((ready, self._serving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(ready)
        if self._serving.done():
            self._listener.close()
            self._serving.result()
            message = "the sandbox's server ended before it had begun"
            raise RuntimeError(message)

    async def close(self) -> None:
        """Stop; bounded by a few seconds, whatever the clients do."""
        if self._serving is None:
            self._listener.close()
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
        """Return when it has stopped by itself, which it does not do."""
        assert self._serving is not None
        await asyncio.shield(self._serving)
