"""One look at the network for all sessions: while somebody waits for it, WhatsApp's servers are asked in an interval.

Each way is asked once, however many sessions go it: the server's own, and each proxy. When all is well nobody follows
it and nothing is asked. It must never be the reason that a session is ended: it tells what it sees, and each session's
own decision says what that means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from tuntas.foundation.proxy import Proxy
from tuntas.sessions.model import PageLost
from tuntas.sessions.ports import Reachability

Listener = Callable[[PageLost | None], None]

log = structlog.get_logger(__name__)


class Network:
    """Whether WhatsApp can be reached from here, for those who follow it."""

    def __init__(self, reachability: Reachability, interval_seconds: float) -> None:
        """Ask ``reachability`` every ``interval_seconds`` while anybody follows; nothing is asked before ``run``."""
        self._reachability = reachability
        self._interval_seconds = interval_seconds
        self._listeners: dict[Listener, Proxy | None] = {}
        self._wanted = asyncio.Event()
        self._obstacles: dict[Proxy | None, PageLost] = {}

    def follow(self, listener: Listener, way: Proxy | None = None) -> None:
        """Tell ``listener`` what is in its ``way`` (None: the server's own), soon and whenever that changes."""
        self._listeners[listener] = way
        self._wanted.set()
        if (obstacle := self._obstacles.get(way)) is not None:
            listener(obstacle)

    def leave(self, listener: Listener) -> None:
        """Tell ``listener`` no more; harmless for one that does not follow."""
        self._listeners.pop(listener, None)

    async def run(self) -> None:
        """Look for as long as somebody follows, for ever."""
        while True:
            await self._wanted.wait()
            while self._listeners:
                async with asyncio.TaskGroup() as group:
                    for way in set(self._listeners.values()):
                        group.create_task(self._look(way), name="look at the network")
                await asyncio.sleep(self._interval_seconds)
                gone = set(self._obstacles) - set(self._listeners.values())
                for way in gone:  # nobody looks there any more
                    del self._obstacles[way]
            self._wanted.clear()
            self._obstacles.clear()  # nobody has looked since

    async def _look(self, way: Proxy | None) -> None:
        obstacle = await self._reachability.obstacle(way)
        before = self._obstacles.get(way)
        if (before and before.reason) == (obstacle and obstacle.reason):
            return
        if obstacle is None:
            del self._obstacles[way]
        else:
            self._obstacles[way] = obstacle
        told = [listener for listener, its_way in self._listeners.items() if its_way == way]
        log.warning("network_back" if obstacle is None else "network_away", sessions=len(told))
        for listener in told:
            listener(obstacle)
