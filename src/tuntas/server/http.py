"""The HTTP server: uvicorn, without its habits that do not fit here.

It binds before anything else starts, so that a taken port is told in one line. It leaves signals to the composition
root. And it does not wake ten times a second for nothing (uvicorn's main loop does): once a second keeps the Date
header right.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import sys
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from tuntas.foundation.advice import Advice

GRACE_SECONDS = 5


class PortTaken(Advice):
    """The address cannot be listened on; the message says what to do."""


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        PortTaken: somebody else listens there, or the address is not ours.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        # The protocol is named, for asyncio switches Nagle's algorithm off only where it is: without that every second
        # answer on a connection waits 40 ms for the client's delayed acknowledgement.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        message = f"Cannot listen on {host}: {error.strerror}. Choose another --host."
        raise PortTaken(message) from error
    try:
        if sys.platform == "win32":
            # There SO_REUSEADDR would let two servers have one port, and this one keeps it to ourselves.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            message = f"Port {port} on {host} is taken by another program. Stop it, or choose another --port."
        else:
            message = f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --host or --port."
        raise PortTaken(message) from error
    listening.setblocking(False)
    return listening


class HttpServer(uvicorn.Server):
    """Serves one application on one socket until ``stop``."""

    def __init__(self, app: ASGIApp) -> None:
        """Prepare to serve ``app``."""
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            timeout_graceful_shutdown=GRACE_SECONDS,
            server_header=False,
        )
        super().__init__(config)
        self._stopping = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def main_loop(self) -> None:
        """Wait for the end; refresh the Date header meanwhile."""
        while not self.should_exit:
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._stopping.wait()

    def stop(self) -> None:
        """Take no more requests; those under way have a few seconds."""
        self.should_exit = True
        self._stopping.set()
