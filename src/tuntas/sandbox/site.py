"""The page itself: one HTML file, its settings, and its scripts in their order.

Scripts are served one by one as they lie in ``page/``: no bundler, so that what a developer reads in the browser is
what is written here. They run in this order, and a module may only use, while it is being registered, what stands
before it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import secrets
import zlib
from importlib.resources import files
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tuntas.foundation.tasks import end, spawn
from tuntas.sandbox.body import bounded
from tuntas.sandbox.connection import POLICY_VIOLATION
from tuntas.sandbox.errors import InvalidRequestError, UnknownFileError
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
    "mutex.js",
    "transport.js",
    "connection.js",
    "contacts.js",
    "address_book.js",
    "people.js",
    "content.js",
    "messages.js",
    "chat_settings.js",
    "chats.js",
    "history.js",
    "sending.js",
    "status.js",
    "media.js",
    "media_store.js",
    "message_acts.js",
    "addons.js",
    "groups.js",
    "labels.js",
    "group_queries.js",
    "presence.js",
    "profile.js",
    "passkey.js",
    "restrictions.js",
    "calls.js",
    "channels.js",
    "collections.js",
    "absent.js",
    "second_names.js",
    "social_inbox.js",
    "inbox.js",
    "refusals.js",
    "session.js",
    "faults.js",
    "screen.js",
    "boot.js",
)
NEW_MESSAGE_KEYS_SINCE = (2, 3000, 1042401057)
"""https://github.com/wppconnect-team/wa-js/pull/3484"""
LONGEST_QR_BYTES = 2_000
NONCE = "{nonce}"
VERSION = "{version}"
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self' data: blob:",
        f"script-src 'self' 'nonce-{NONCE}' 'wasm-unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline' data: blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'self'",
        "require-trusted-types-for 'script'",
    )
)
"""As strict as WhatsApp's: no inline script, no eval, no text where a script or HTML is expected, no other hosts."""
_REVALIDATE = {"cache-control": "no-cache"}
_NEVER_KEEP = {"cache-control": "no-store"}


def _read_page() -> dict[str, bytes]:
    folder = files("tuntas.sandbox") / "page"
    return {name: (folder / name).read_bytes() for name in ("index.html", "unsupported.html", *SCRIPTS)}


class Site:
    """What a browser is given."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._files = _read_page()
        sources = [f"/_sandbox/settings.js?version={VERSION}", *(f"/_sandbox/page/{name}" for name in SCRIPTS)]
        tags = "\n    ".join(f'<script src="{source}" nonce="{NONCE}"></script>' for source in sources)
        self._html = self._files["index.html"].decode().replace("<!--scripts-->", tags)

    def routes(self) -> list[BaseRoute]:
        """Return what is to be mounted."""
        return [
            Route("/", self._page, methods=["GET"]),
            Route("/sw.js", self._worker, methods=["GET"]),
            Route("/_sandbox/settings.js", self._settings, methods=["GET"]),
            Route("/_sandbox/page/{name}", self._script, methods=["GET"]),
            Route("/_sandbox/pictures/{name}", self._picture, methods=["GET"]),
            Route("/_sandbox/qr", self._qr, methods=["POST"]),
            Route("/_sandbox/media", self._upload, methods=["POST"]),
            Route("/_sandbox/media/{file}", self._download, methods=["GET"]),
            WebSocketRoute("/_sandbox/socket", self._socket),
        ]

    async def _page(self, request: Request) -> Response:
        waiting = spawn(self._exchange.effects.load_delay(), name="sandbox-load-delay")
        leaving = spawn(_until_gone(request), name="sandbox-load-watch")
        try:
            await asyncio.wait((waiting, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(waiting)
            await end(leaving)
        self._exchange.traffic.page_loaded()
        if self._exchange.faults.everybodys("unsupported_page", self._exchange.clock.monotonic()) is not None:
            return Response(self._files["unsupported.html"], media_type="text/html", headers=_NEVER_KEEP)
        nonce = secrets.token_urlsafe(12)
        headers = _NEVER_KEEP | {"content-security-policy": CONTENT_SECURITY_POLICY.replace(NONCE, nonce)}
        html = self._html.replace(NONCE, nonce).replace(VERSION, self._version())
        return Response(html, media_type="text/html", headers=headers)

    async def _worker(self, _request: Request) -> Response:
        """Answer with what names the build, as the real page's service worker does; nothing registers it here."""
        missing = sorted(one["module"] for one in self._variants()["missing_modules"] if one["number"] is None)
        # A page that lacks modules for everybody is another build.
        revision = int(self._version().rsplit(".", 1)[-1]) + zlib.crc32(" ".join(missing).encode()) % 1000
        text = f'self.__build = {{"client_revision":{revision}}};\n'
        return Response(text, media_type="text/javascript", headers=_NEVER_KEEP)

    async def _settings(self, request: Request) -> Response:
        settings = self._exchange.settings
        # The document says of which version it is: one that was kept stays what it was.
        asked = request.query_params.get("version", "")
        version = asked if re.fullmatch(r"2(\.[0-9]{1,12}){2}", asked) else self._version()
        values = {
            "version": version,
            "old_message_keys": _has_old_message_keys(version),
            "reconnect_milliseconds": settings.reconnect_seconds * 1000,
            "mutex_milliseconds": settings.mutex_seconds * 1000,
            **self._variants(),
        }
        text = f"self.sandboxSettings = {json.dumps(values)};\n"
        return Response(text, media_type="text/javascript", headers=_NEVER_KEEP)

    def _variants(self) -> dict[str, Any]:
        """Return what a tester has asked of pages that are loaded from now on; a page heeds what meets its profile."""
        faults, now = self._exchange.faults, self._exchange.clock.monotonic()

        def of(kind: str) -> list[dict[str, Any]]:
            return [
                {"number": scope.number, "module": scope.module} | each.values
                for scope, each in faults.of(kind, now).items()
            ]

        kinds = {"missing_modules": "missing_module", "late_modules": "late_module", "trickles": "trickle"}
        return {name: of(kind) for name, kind in kinds.items()} | {"storage_failures": of("storage_failure")}

    def _version(self) -> str:
        found = self._exchange.faults.everybodys("page_version", self._exchange.clock.monotonic())
        return self._exchange.settings.version if found is None else str(found.values["version"])

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

    async def _qr(self, request: Request) -> Response:
        """Answer with a QR's dark and light modules, row by row."""
        import segno

        try:
            text = await bounded(request, LONGEST_QR_BYTES)
        except InvalidRequestError as error:
            return PlainTextResponse(f"{error}\n", 413)
        if not text:
            return PlainTextResponse("nothing to draw\n", 422)
        return JSONResponse(["".join(map(str, row)) for row in segno.make(text, error="l", micro=False).matrix])

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


def _has_old_message_keys(version: str) -> bool:
    """Say whether pages of this version had a message key's text under another name."""
    return tuple(int(part) for part in version.split(".")) < NEW_MESSAGE_KEYS_SINCE


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
