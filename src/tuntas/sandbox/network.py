"""A network that is away: the sandbox under all its pages' addresses, while the control side goes on answering."""

from __future__ import annotations

import asyncio

from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from tuntas.foundation.tasks import end, spawn
from tuntas.sandbox.exchange import Exchange

PAGE_PATHS = (
    "/_sandbox/settings.js",
    "/_sandbox/page/",
    "/_sandbox/pictures/",
    "/_sandbox/media",
    "/_sandbox/qr",
    "/_sandbox/socket",
)


def is_a_pages(path: str) -> bool:
    """Say whether pages ask for this path, and not whoever plays the phones."""
    return path.startswith(PAGE_PATHS) or not path.startswith("/_sandbox/")


class NetworkedApp(Starlette):
    """The sandbox's application behind a network that may be away.

    Outermost on purpose: only there the server's own connection is at hand, which a lost network cuts without a word.
    """

    exchange: Exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or what becomes of it while the network is away."""
        if scope["type"] in ("http", "websocket") and is_a_pages(scope["path"]):
            mode = self.exchange.effects.network_mode()
            if mode == "refused":
                await _hang_up(scope, receive, send)
                return
            if mode == "half_open":
                heard: list[Message] = []
                if not await self._network_is_back(receive, heard):
                    return
                await super().__call__(scope, _after(heard, receive), send)
                return
        await super().__call__(scope, receive, send)

    async def _network_is_back(self, receive: Receive, heard: list[Message]) -> bool:
        """Wait for the network; False if the client did not. What it said meanwhile is ``heard``."""
        back = spawn(self.exchange.effects.network_back(), name="sandbox-network")
        gone = spawn(_until_gone(receive, heard), name="sandbox-network-client")
        try:
            await asyncio.wait((back, gone), return_when=asyncio.FIRST_COMPLETED)
            return not gone.done()
        finally:
            await end(back)
            await end(gone)


def _after(heard: list[Message], receive: Receive) -> Receive:
    """Return a receiver that says again what was heard already."""

    async def again() -> Message:
        return heard.pop(0) if heard else await receive()

    return again


async def _hang_up(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close"})
        return
    getattr(send, "__self__").transport.abort()  # noqa: B009 - the server's request, of which ASGI says nothing
    await _until_gone(receive, [])


async def _until_gone(receive: Receive, heard: list[Message]) -> None:
    while not (message := await receive())["type"].endswith(".disconnect"):
        heard.append(message)
