"""The page itself: one HTML file, its settings, and its scripts in their order.

Scripts are served one by one as they lie in ``page/``: no bundler, so that what a developer reads in the browser is
what is written here. They run in this order, and a module may only use, while it is being registered, what stands
before it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from importlib.resources import files

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tuntas.foundation.tasks import end, spawn
from tuntas.sandbox.connection import POLICY_VIOLATION
from tuntas.sandbox.exchange import Exchange
from tuntas.sandbox.frames import Hello
from tuntas.sandbox.traffic import Traffic

SCRIPTS = (
    "loader.js",
    "emitter.js",
    "models.js",
    "constants.js",
    "wid.js",
    "message_key.js",
    "storage.js",
    "keys.js",
    "transport.js",
    "connection.js",
    "contacts.js",
    "messages.js",
    "chats.js",
    "history.js",
    "sending.js",
    "collections.js",
    "absent.js",
    "inbox.js",
    "session.js",
    "faults.js",
    "boot.js",
)
_REVALIDATE = {"cache-control": "no-cache"}
_NEVER_KEEP = {"cache-control": "no-store"}


def _read_page() -> dict[str, bytes]:
    folder = files("tuntas.sandbox") / "page"
    return {name: (folder / name).read_bytes() for name in ("index.html", *SCRIPTS)}


class Site:
    """What a browser is given."""

    def __init__(self, exchange: Exchange, traffic: Traffic) -> None:
        self._exchange = exchange
        self._traffic = traffic
        self._files = _read_page()
        sources = ["/_sandbox/settings.js", *(f"/_sandbox/page/{name}" for name in SCRIPTS)]
        tags = "\n    ".join(f'<script src="{source}"></script>' for source in sources)
        self._html = self._files["index.html"].decode().replace("<!--scripts-->", tags)

    def routes(self) -> list[BaseRoute]:
        """Return what is to be mounted."""
        return [
            Route("/", self._page, methods=["GET"]),
            Route("/_sandbox/settings.js", self._settings, methods=["GET"]),
            Route("/_sandbox/page/{name}", self._script, methods=["GET"]),
            WebSocketRoute("/_sandbox/socket", self._socket),
        ]

    async def _page(self, request: Request) -> Response:
        waiting = spawn(self._exchange.load_delay(), name="sandbox-load-delay")
        leaving = spawn(_until_gone(request), name="sandbox-load-watch")
        try:
            await asyncio.wait((waiting, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(waiting)
            await end(leaving)
        self._traffic.page_loaded()
        return Response(self._html, media_type="text/html", headers=_NEVER_KEEP)

    async def _settings(self, _request: Request) -> Response:
        values = {
            "version": self._exchange.settings.version,
            "removed_modules": sorted(self._exchange.faults.removed_modules),
        }
        text = f"self.sandboxSettings = {json.dumps(values)};\n"
        return Response(text, media_type="text/javascript", headers=_NEVER_KEEP)

    async def _script(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in SCRIPTS:
            return PlainTextResponse("no such script\n", 404)
        content = self._files[name]
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = _REVALIDATE | {"etag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="text/javascript", headers=headers)

    async def _socket(self, websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            async with asyncio.timeout(self._exchange.settings.hello_seconds):
                hello = Hello.model_validate_json(await websocket.receive_text())
        except (TimeoutError, ValidationError):
            await websocket.close(POLICY_VIOLATION)
            return
        except WebSocketDisconnect:
            return
        await self._exchange.connect(websocket, hello)


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
