"""Names to addresses, so that no name can hold up the server.

The system's resolver blocks, takes half a minute for a name whose servers are silent, and nothing can end it. So each
look-up has a thread of its own that nobody waits for when the server stops, all who ask for one name share it, their
number is bounded, and what was found is good for a while.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time

MOST_AT_ONCE = 64
GOOD_FOR_SECONDS = 30.0
MOST_KEPT = 4096

Place = tuple[str, int]


class NoSuchHost(Exception):
    """The name resolves to nothing."""


class Resolver:
    """Looks names up for one event loop."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._found: dict[Place, tuple[float, list[str]]] = {}
        self._asked: dict[Place, asyncio.Future[list[str]]] = {}

    async def look_up(self, host: str, port: int) -> list[str]:
        """Return the addresses of ``host``, at least one. Bound it with a timeout: the resolver itself has none.

        Raises:
            NoSuchHost: there are none, or too many other names are being looked up.
        """
        place = (host, port)
        until, addresses = self._found.get(place, (0.0, []))
        if until > time.monotonic():
            return addresses
        future = self._asked.get(place) or self._ask(place)
        return await asyncio.shield(future)  # others wait for it too

    def forget(self, host: str, port: int) -> None:
        """Look the name up anew the next time: what was found does not answer."""
        self._found.pop((host, port), None)

    def _ask(self, place: Place) -> asyncio.Future[list[str]]:
        if len(self._asked) >= MOST_AT_ONCE:
            message = f"{place[0]} was not looked up: {MOST_AT_ONCE} other names do not resolve."
            raise NoSuchHost(message)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[str]] = loop.create_future()
        future.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may wait any more
        self._asked[place] = future

        def told(addresses: list[str]) -> None:
            del self._asked[place]
            if addresses:
                if len(self._found) >= MOST_KEPT:
                    self._found.clear()
                self._found[place] = (time.monotonic() + GOOD_FOR_SECONDS, addresses)
                future.set_result(addresses)
            else:
                future.set_exception(NoSuchHost(f"There is no host {place[0]}."))

        def work() -> None:
            addresses = _resolve(*place)
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(told, addresses)

        threading.Thread(target=work, name="tuntas-resolving", daemon=True).start()
        return future


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, ValueError):  # a host with a NUL is a ValueError
        return []
    return list(dict.fromkeys(str(one[4][0]) for one in found))
