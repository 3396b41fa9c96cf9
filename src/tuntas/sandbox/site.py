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
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tuntas.foundation.tasks import end, spawn
from tuntas.sandbox.connection import POLICY_VIOLATION
from tuntas.sandbox.errors import UnknownFileError
from tuntas.sandbox.exchange import Exchange
from tuntas.sandbox.frames import Hello
from tuntas.sandbox.media import LARGEST_BYTES

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
    "people.js",
    "content.js",
    "messages.js",
    "chat_settings.js",
    "chats.js",
    "history.js",
    "sending.js",
    "media.js",
    "media_store.js",
    "message_acts.js",
    "addons.js",
    "groups.js",
    "presence.js",
    "profile.js",
    "collections.js",
    "absent.js",
    "second_names.js",
    "social_inbox.js",
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

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
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
            Route("/_sandbox/pictures/{name}", self._picture, methods=["GET"]),
            Route("/_sandbox/media", self._upload, methods=["POST"]),
            Route("/_sandbox/media/{file}", self._download, methods=["GET"]),
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
        self._exchange.traffic.page_loaded()
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

    async def _picture(self, request: Request) -> Response:
        picture = self._exchange.phones.people.picture_at(request.url.path)
        if picture is None:
            return PlainTextResponse("no such picture\n", 404)
        return Response(picture, media_type="image/jpeg", headers=_NEVER_KEEP)

    async def _upload(self, request: Request) -> Response:
        # A header of our own: the page of another site cannot send it without asking first, and is never allowed to.
        if self._exchange.phones.device(request.headers.get("x-sandbox-device", "")) is None:
            return PlainTextResponse("only linked devices may upload\n", 403)
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > LARGEST_BYTES:
                return PlainTextResponse("too large\n", 413)
        return JSONResponse({"file": await self._exchange.media.put(bytes(data))})

    async def _download(self, request: Request) -> Response:
        try:
            data = await self._exchange.media.get(request.path_params["file"])
        except UnknownFileError as error:
            return PlainTextResponse(f"{error}\n", 404)
        return Response(data, media_type="application/octet-stream", headers=_NEVER_KEEP)

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
