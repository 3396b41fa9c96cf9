"""The sandbox as one server: its settings in, its addresses out, an orderly end."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tuntas.foundation.http_server import HttpServer, ServerOptions, bind
from tuntas.foundation.tasks import spawn
from tuntas.sandbox import store
from tuntas.sandbox.certificate import certificate
from tuntas.sandbox.control import Control
from tuntas.sandbox.exchange import Exchange
from tuntas.sandbox.guard import OwnPagesOnly
from tuntas.sandbox.network import NetworkedApp
from tuntas.sandbox.phones import Phones
from tuntas.sandbox.settings import SandboxSettings
from tuntas.sandbox.site import Site
from tuntas.sandbox.traffic import Traffic

__all__ = ["Sandbox", "SandboxSettings", "create_app", "serve"]

# Pings far apart, for each wakes every idle browser; no date, for its clock would wake the sandbox.
_OPTIONS = ServerOptions(goodbye_seconds=2, ping_seconds=30.0, date_header=False, lifespan=True)


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
    traffic = Traffic()
    exchange = Exchange(settings, phones, traffic)

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

    async def unknown(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if request.url.path.startswith("/_sandbox/"):
            message = f"the sandbox has no {request.method} {request.url.path}; docs/sandbox.md lists what it has"
            return JSONResponse({"error": "unknown_request", "message": message}, error.status_code, error.headers)
        what = f"{request.method} {request.url.path}"
        traffic.missing(f"request {what}")
        return PlainTextResponse(f"this local WhatsApp Web does not imitate {what}\n", error.status_code, error.headers)

    app = NetworkedApp(
        routes=[*Site(exchange).routes(), *Control(exchange).routes()],
        lifespan=lifespan,
        exception_handlers={404: unknown, 405: unknown},
    )
    app.add_middleware(OwnPagesOnly)
    app.add_middleware(_Counted, traffic=traffic)
    app.exchange = app.state.exchange = exchange
    return app


class Sandbox:
    """A running sandbox: ``async with Sandbox(settings) as sandbox: … sandbox.url``."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self._servers: list[HttpServer] = []
        self._exchange: Exchange | None = None

    @property
    def url(self) -> str:
        """The address of the page, without a slash at the end."""
        return self._servers[0].url

    @property
    def browser_flags(self) -> list[str]:
        """With these a Chromium finds the page at ``https://web.whatsapp.com/``; none without an https port."""
        assert self._exchange is not None
        return self._exchange.browser_flags

    async def __aenter__(self) -> Self:
        """Listen and serve; on return the page can be loaded.

        Raises ``PortTaken`` where a port is taken, and what ``create_app`` and ``certificate`` raise.
        """
        settings = self._settings
        app = create_app(settings)
        self._exchange = app.state.exchange
        async with contextlib.AsyncExitStack() as undone:
            own = None if settings.https_port is None else certificate(settings.data_dir)
            await self._open(undone, HttpServer(app, bind(settings.host, settings.port), _OPTIONS))
            if own is not None:
                assert settings.https_port is not None
                listening = bind(settings.host, settings.https_port, option="--https-port")
                await self._open(undone, HttpServer(app, listening, replace(_OPTIONS, lifespan=False, tls=own.context)))
                app.state.exchange.browser_flags = own.browser_flags(self._servers[1].port)
            undone.pop_all()
        return self

    async def _open(self, undone: contextlib.AsyncExitStack, server: HttpServer) -> None:
        await server.open()
        undone.push_async_callback(server.close)
        self._servers.append(server)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the pages' connections and stop; bounded by a few seconds, whatever the pages do."""
        assert self._exchange is not None
        self._exchange.close()
        async with contextlib.AsyncExitStack() as closing:
            for server in self._servers:  # the last one first: the first owns the application's life
                closing.push_async_callback(server.close)

    async def finished(self) -> None:
        """Return when the server has stopped by itself, which it does not do."""
        await self._servers[0].finished()


async def serve(settings: SandboxSettings, on_ready: Callable[[Sandbox], Awaitable[None] | None]) -> None:
    """Run a sandbox until the task is cancelled; ``on_ready`` is called with it once it can be used."""
    async with Sandbox(settings) as sandbox:
        result = on_ready(sandbox)
        if result is not None:
            await result
        await sandbox.finished()
