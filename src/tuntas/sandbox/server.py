"""The sandbox as one server: its settings in, its address out, an orderly end.

Uvicorn underneath, but with its two habits removed that a library must not have: it takes no signals, and it does not
tick ten times a second while nothing happens.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from tuntas.foundation.advice import Advice
from tuntas.foundation.tasks import end, spawn
from tuntas.sandbox import store
from tuntas.sandbox.control import Control
from tuntas.sandbox.exchange import Exchange
from tuntas.sandbox.phones import Phones
from tuntas.sandbox.settings import SandboxSettings
from tuntas.sandbox.site import Site
from tuntas.sandbox.traffic import Traffic

__all__ = ["Sandbox", "SandboxAddressError", "SandboxSettings", "create_app", "serve"]

GOODBYE_SECONDS = 2
PING_SECONDS = 30.0
"""Far apart on purpose: each ping wakes every idle browser."""


class SandboxAddressError(Advice, OSError):
    """The sandbox cannot listen where it was told to; the message is one line for a person."""


class _Counted:
    """Counts every request before it is handled, refused or unknown."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self._app = app
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            self._traffic.request(scope["path"])
        await self._app(scope, receive, send)


def create_app(settings: SandboxSettings) -> Starlette:
    """Return the sandbox as an ASGI application.

    Raises ``store.UnreadableStateError`` or ``OSError`` where what is in ``data_dir`` cannot be used.
    """
    phones = Phones() if settings.data_dir is None else store.load(settings.data_dir)
    exchange = Exchange(settings, phones)
    traffic = Traffic()

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        if settings.data_dir is None:
            yield
            return
        saver = store.Saver(settings.data_dir, phones.to_json)
        exchange.on_change = saver.changed
        saving = spawn(saver.run(), name="sandbox-saver")
        try:
            yield
        finally:
            saver.close()
            await saving

    app = Starlette(routes=[*Site(exchange, traffic).routes(), *Control(exchange, traffic).routes()], lifespan=lifespan)
    app.add_middleware(_Counted, traffic=traffic)
    app.state.exchange = exchange
    return app


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


def _listen(settings: SandboxSettings) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        message = f"the sandbox cannot listen on {settings.host}: {error.strerror}"
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
        message = (
            f"the sandbox cannot listen on {settings.host}:{settings.port} ({error.strerror}): choose another --port"
        )
        raise SandboxAddressError(error.errno, message) from error
    return listener


class Sandbox:
    """A running sandbox: ``async with Sandbox(settings) as sandbox: … sandbox.url``."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self._url = ""
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._exchange: Exchange | None = None

    @property
    def url(self) -> str:
        """The address of the page, without a slash at the end."""
        return self._url

    async def __aenter__(self) -> Self:
        """Listen and serve; on return the page can be loaded.

        Raises ``SandboxAddressError`` where the port is taken, and what ``create_app`` raises.
        """
        app = create_app(self._settings)
        listener = _listen(self._settings)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            date_header=False,  # its clock is what needs the ticks
            lifespan="on",
            ws="websockets-sansio",
            ws_ping_interval=PING_SECONDS,
            ws_ping_timeout=PING_SECONDS,
            timeout_graceful_shutdown=GOODBYE_SECONDS,
        )
        server = _Server(config)
        self._server, self._exchange = server, app.state.exchange
        self._serving = spawn(server.serve(sockets=[listener]), name="sandbox-server")
        ready = spawn(server.ready.wait(), name="sandbox-ready")
        try:
            await asyncio.wait((ready, self._serving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(ready)
        if self._serving.done():
            listener.close()
            self._serving.result()
            message = "the sandbox's server ended before it had begun"
            raise RuntimeError(message)
        host, port = listener.getsockname()[:2]
        self._url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the pages' connections and stop; bounded by a few seconds, whatever the pages do."""
        assert self._server is not None
        assert self._serving is not None
        assert self._exchange is not None
        self._exchange.close()
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
        """Return when the server has stopped by itself, which it does not do."""
        assert self._serving is not None
        await asyncio.shield(self._serving)


async def serve(settings: SandboxSettings, on_ready: Callable[[str], Awaitable[None] | None]) -> None:
    """Run a sandbox until the task is cancelled; ``on_ready`` is called with its address once it can be used."""
    async with Sandbox(settings) as sandbox:
        result = on_ready(sandbox.url)
        if result is not None:
            await result
        await sandbox.finished()
