"""One HTTP/1.1 connection to a receiver: sends a request, reads the head of its answer, and no more than that matters.

On h11 and a plain stream, because a pool of connections looks through all of them at each request, and a lane has one.
It keeps no time: its caller bounds the whole attempt.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import h11
import httpcore
import httpx

from tuntas.foundation.checked_network import CheckedNetwork

MOST_DRAINED_BYTES = 64 * 1024
MOST_HEAD_BYTES = 64 * 1024
DRAIN_SECONDS = 1.0
CLOSE_SECONDS = 1.0
_READ_BYTES = 64 * 1024
_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it goes out, and where to."""

    url: httpx.URL
    headers: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def origin(self) -> Origin:
        """What a connection is good for."""
        return self.url.scheme, self.url.raw_host.decode("ascii"), self.url.port or _PORTS[self.url.scheme]


@dataclass(frozen=True, slots=True)
class Head:
    """What an answer is judged by."""

    status: int
    retry_after: str | None


class Wire:
    """The way to one receiver: one connection at most, kept after an answer that was read to its end."""

    def __init__(self, network: CheckedNetwork, certificates: Callable[[], ssl.SSLContext]) -> None:
        """Make no connection yet. ``certificates`` take long to read, and are asked for by what is encrypted."""
        self._network = network
        self._certificates = certificates
        self._origin: Origin | None = None
        self._stream: httpcore.AsyncNetworkStream | None = None
        self._protocol = h11.Connection(h11.CLIENT)

    @property
    def is_open(self) -> bool:
        """Whether there is a connection to close."""
        return self._stream is not None

    async def post(self, request: Request) -> Head:
        """Send ``request`` and return the head of its answer.

        Raises:
            AddressRefused, NoSuchHost, httpcore's errors, h11.ProtocolError: the connection is of no use any more.
        """
        stream = await self._connected(request.origin)
        target = request.url.raw_path or b"/"
        protocol = self._protocol
        sent = [
            protocol.send(h11.Request(method=b"POST", target=target, headers=request.headers)),
            protocol.send(h11.Data(data=request.body)),
            protocol.send(h11.EndOfMessage()),
        ]
        await stream.write(b"".join(part for part in sent if part))
        while not isinstance(event := await self._next_event(stream), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                message = "The receiver closed the connection without an answer."
                raise httpcore.RemoteProtocolError(message)
            if event.status_code == httpx.codes.SWITCHING_PROTOCOLS:
                message = "The receiver wants to speak another protocol."
                raise httpcore.RemoteProtocolError(message)
        retry_after = next((value.decode("latin-1") for name, value in event.headers if name == b"retry-after"), None)
        return Head(event.status_code, retry_after)

    async def finish(self) -> None:
        """Read the rest of the answer away if it is short and quick, so that the connection can be used again."""
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                is_whole = await self._drain()
        except (TimeoutError, httpcore.TimeoutException, httpcore.NetworkError, h11.ProtocolError):
            is_whole = False
        if is_whole and self._protocol.our_state is self._protocol.their_state is h11.DONE:
            self._protocol.start_next_cycle()
        else:
            await self.close()

    async def close(self) -> None:
        """Let go of the connection."""
        stream, self._stream = self._stream, None
        if stream is not None:
            # A connection that cannot even be closed is the system's to clean up.
            with contextlib.suppress(Exception):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await stream.aclose()

    async def _connected(self, origin: Origin) -> httpcore.AsyncNetworkStream:
        """Return a connection to ``origin``; one that the receiver has closed, or spoken on unasked, is replaced."""
        if self._stream is not None and (self._origin != origin or self._stream.get_extra_info("is_readable")):
            await self.close()
        if self._stream is None:
            scheme, host, port = origin
            self._stream = await self._network.connect_tcp(host, port)
            if scheme == "https":
                self._stream = await self._stream.start_tls(self._certificates(), host)
            self._origin = origin
            self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD_BYTES)
        return self._stream

    async def _next_event(self, stream: httpcore.AsyncNetworkStream) -> object:
        while (event := self._protocol.next_event()) is h11.NEED_DATA:
            self._protocol.receive_data(await stream.read(_READ_BYTES))
        return event

    async def _drain(self) -> bool:
        left = MOST_DRAINED_BYTES
        while self._stream is not None and left >= 0:
            event = await self._next_event(self._stream)
            if not isinstance(event, h11.Data):
                return isinstance(event, h11.EndOfMessage)
            left -= len(event.data)
        return False
