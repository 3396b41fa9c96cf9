"""What answers while a server starts: its port is open before the web applications behind it are loaded.

Only what is true by then is answered at once: that the server lives, and that it cannot work yet. All else waits until
the applications are there and answers for itself; a request that nobody could judge must not be told anything. So does
what asks by a wrong name, or brings a body.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from tuntas.foundation.host_names import HostNames
from tuntas.foundation.http_server import Application
from tuntas.foundation.problem import MEDIA_TYPE, problem
from tuntas.foundation.sub_path import SubPath

# Longer than a start takes but where a large database is migrated, and shorter than most clients wait.
HOLD_SECONDS = 20.0
RETRY_AFTER = (b"retry-after", b"2")
_LIVES = {"/healthz": {"status": "ok"}, "/ping": {"message": "pong"}}
_BRINGS_A_BODY = frozenset({b"content-length", b"transfer-encoding"})


class EarlyDoor:
    """Stands before the applications, and lets everything through once they are there."""

    def __init__(self, hosts: HostNames, sub_path: SubPath) -> None:
        """Stand before nothing yet, answering to ``hosts``; ``sub_path`` is in front of our own paths."""
        self._hosts = hosts
        self._sub_path = sub_path
        self._app: Application | None = None
        self._detail = "The server is starting."
        self._is_decided = asyncio.Event()
        self.waiting = 0
        """How many requests wait."""

    def open(self, app: Application) -> None:
        """Let everything through to ``app``, what waits first."""
        self._app = app
        self._is_decided.set()

    def close(self) -> None:
        """Turn away what waits if the door was never opened: the start has failed, or was broken off."""
        self._detail = "The server is stopping."
        self._is_decided.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, or have it wait."""
        if self._app is None and not self._may_be_answered(scope):
            await self._decided()
        await (self._app or self._answer)(scope, receive, send)

    async def _decided(self) -> None:
        """Return when it is decided what becomes of those who wait, or when that takes too long."""
        self.waiting += 1
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HOLD_SECONDS):
                    await self._is_decided.wait()
        finally:
            self.waiting -= 1

    def _may_be_answered(self, scope: Any) -> bool:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            return False
        headers = dict(scope["headers"])
        return (
            self._path(scope) in {*_LIVES, "/readyz"}
            and not _BRINGS_A_BODY & headers.keys()
            and self._hosts.allow(headers.get(b"host", b"").decode("latin-1"))
        )

    def _path(self, scope: Any) -> str:
        return self._sub_path.stripped(scope["path"])

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1013})  # try again later
            return
        if self._may_be_answered(scope) and (said := _LIVES.get(self._path(scope))) is not None:
            await _send(send, 200, said, b"application/json")
            return
        document = problem(503, "not_ready", "Not ready", self._detail)
        await _send(send, 503, document, MEDIA_TYPE.encode(), RETRY_AFTER)


async def _send(send: Any, status: int, document: Any, media_type: bytes, *more: tuple[bytes, bytes]) -> None:
    body = json.dumps(document, separators=(",", ":")).encode()
    headers = [(b"content-length", str(len(body)).encode()), (b"content-type", media_type), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
