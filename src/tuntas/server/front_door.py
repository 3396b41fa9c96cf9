"""The door before both web applications: the name that is asked for, a sub-path, and bodies that nobody has read.

What is said here is said before a path is looked at.
"""

from __future__ import annotations

import asyncio
import contextlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tuntas.api.errors import http_problem
from tuntas.foundation.host_names import HostNames
from tuntas.foundation.request_body import length_of
from tuntas.foundation.sub_path import SubPath

# So little is read and thrown away sooner than another connection is made.
SMALL_BYTES = 64 * 1024
# For so long a client may go on with a body that nobody wants, so that it reads the answer before its connection ends.
LINGER_SECONDS = 5.0


class FrontDoor:
    """Lets requests through to the applications."""

    def __init__(self, app: ASGIApp, hosts: HostNames, sub_path: SubPath) -> None:
        """Stand before ``app``, which answers to ``hosts`` and knows nothing of ``sub_path``."""
        self._app = app
        self._sub_path = sub_path
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "lifespan":
            scope, send = self._within(scope), self._without(scope, send)
        headers = Headers(scope=scope)
        answering = self._app if self._hosts.allow(headers.get("host")) else _refuse_host
        length = length_of(headers.raw)
        if scope["type"] != "http" or (length is not None and length <= SMALL_BYTES):
            await answering(scope, receive, send)
            return
        body = _LargeBody(receive, send)
        await answering(scope, body.receive, body.send)

    def _within(self, scope: Scope) -> Scope:
        raw = self._sub_path.stripped((scope.get("raw_path") or b"").decode("latin-1"))
        return {**scope, "path": self._sub_path.stripped(scope["path"]), "raw_path": raw.encode("latin-1")}

    def _without(self, scope: Scope, send: Send) -> Send:
        host = Headers(scope=scope).get("host", "").encode("latin-1")
        origins = (b"http://" + host, b"https://" + host)

        async def send_led(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._sub_path.in_headers(list(message.get("headers", [])), origins)
            await send(message)

        return send_led


async def _refuse_host(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    host = Headers(scope=scope).get("host", "")[:100]
    detail = f"This server does not answer to the name {host!r}. TUNTAS_ALLOWED_HOSTS says to which it does."
    await http_problem(HTTPException(421, detail))(scope, receive, send)


class _LargeBody:
    """The connection of a request whose body is large, or has no known end.

    If it is answered before the body is read, the connection ends; but not at once: a system that is still being sent
    data would throw the answer away with them.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._is_read = False
        self._is_closing = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._is_read = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not self._is_read:
            self._is_closing = True
            message = {**message, "headers": list(message.get("headers", ()))}
            MutableHeaders(scope=message)["connection"] = "close"
        if message["type"] != "http.response.body" or message.get("more_body", False) or not self._is_closing:
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while not self._is_read:
                    await self.receive()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
