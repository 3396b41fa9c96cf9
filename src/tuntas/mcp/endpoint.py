"""``/mcp`` within a server: the same tools, which ask the server's own API with the request's own key.

So permissions are judged in one place, the API's door, which has judged this very request before, too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.util import find_spec

import httpx
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tuntas.client import AsyncClient
from tuntas.foundation.extras import how_to_install


class ToolsEndpoint:
    """Answers requests at ``/mcp``."""

    def __init__(self, api: ASGIApp, key_of: Callable[[Headers], str | None]) -> None:
        """Ask ``api``, the API with its door; ``key_of`` finds a request's key as that door does."""
        self._api = api
        self._key_of = key_of
        # It tells of each request what we tell ourselves.
        logging.getLogger("mcp").setLevel(logging.WARNING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whose key is known to be good."""
        if find_spec("mcp") is None:
            said = f"The packages for agents are not installed: {how_to_install('mcp')}"
            await PlainTextResponse(said, 501)(scope, receive, send)
            return
        from tuntas.mcp.serving import answer_request

        headers = Headers(scope=scope)
        state = {"peer": scope.get("state", {}).get("peer", "")}

        async def ask(inner: Scope, inner_receive: Receive, inner_send: Send) -> None:
            await self._api({**inner, "client": scope.get("client"), "state": dict(state)}, inner_receive, inner_send)

        base = f"{scope['scheme']}://{headers.get('host', 'localhost')}"
        transport = httpx.ASGITransport(ask, raise_app_exceptions=False)
        async with AsyncClient(base, self._key_of(headers) or "", transport=transport) as client:
            await answer_request(client, scope, receive, send)
