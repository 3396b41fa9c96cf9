"""Runs a server: takes what it needs, opens its door, starts its parts, and takes all of it down in the opposite order.

Start: browser found, data folder's lock, port (``resources``); then the door is open, and says that the server lives
(``early_door``); behind it the rest is loaded and started (``starting``): database migrated, sessions and open removals
read; then everything is answered, while sessions come up, a few at a time. Stop: no new requests, sessions ended in
parallel within a limit, then by force; deliveries; database; lock. Whatever fails on the way, what was started is
stopped.

Each thing's end is put on one stack as soon as the thing has begun: ``take`` and ``start``, read from below, are the
order of the stop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import structlog

from tuntas.config import Settings
from tuntas.foundation.tasks import blocking, end, spawn
from tuntas.server.resources import Resources, take
from tuntas.server.stop_signals import stop_signals

if TYPE_CHECKING:
    from tuntas.foundation.http_server import HttpServer
    from tuntas.server.early_door import EarlyDoor

# What takes most of a start, in pieces: between two of them a signal to stop is heeded.
ROOMS = ("sqlalchemy", "tuntas.storage", "fastapi", "tuntas.api.app", "tuntas.dashboard.app", "tuntas.server.starting")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """What a server says when it answers. ``new_key`` is shown once, at the first start; ``sandbox`` at each."""

    url: str
    new_key: str | None
    sandbox: str | None


async def serve(settings: Settings, on_ready: Callable[[Ready], None]) -> None:
    """Run a server until SIGTERM or SIGINT; a second signal hurries it.

    Raises:
        UserError: what ``take`` raises, before a port is open; DatabaseUnusable. The message is one line for people.
    """
    with stop_signals() as signals:
        async with AsyncExitStack() as ends:
            resources = await take(settings, ends)
            door, http = await _open_door(settings, resources, ends)
            if await _load_rooms(signals.stop):
                from tuntas.server.starting import start

                new_key = await start(settings, resources, door, http, signals, ends)
                on_ready(Ready(http.url, new_key, resources.sandbox))
                await _first_of(signals.stop, http)
            log.info("server_stopping")


async def _open_door(settings: Settings, resources: Resources, ends: AsyncExitStack) -> tuple[EarlyDoor, HttpServer]:
    from tuntas.foundation.host_names import HostNames
    from tuntas.foundation.http_server import HttpServer
    from tuntas.server.early_door import EarlyDoor
    from tuntas.server.early_settings import allowed_hosts, server_options, sub_path

    hosts = HostNames(resources.listening.getsockname()[0], allowed_hosts(settings))
    door = EarlyDoor(hosts, sub_path(settings))
    http = HttpServer(door, resources.listening, server_options(settings, resources.most_descriptors))
    ends.push_async_callback(http.close)
    ends.callback(door.close)
    await http.open()
    return door, http


async def _load_rooms(stopping: asyncio.Event) -> bool:
    """Load the rest of the server while the door answers; False if it is to stop before it has begun."""
    for room in ROOMS:
        if stopping.is_set():
            return False
        await blocking(import_module, room)
    return not stopping.is_set()


async def _first_of(stopping: asyncio.Event, http: HttpServer) -> None:
    """Return when the server is to stop. What ended it by itself is raised: it must not look like a clean stop."""
    stop = spawn(stopping.wait(), name="stop signal")
    finished = spawn(http.finished(), name="http server has ended")
    try:
        await asyncio.wait({stop, finished}, return_when=asyncio.FIRST_COMPLETED)
        if finished.done():
            finished.result()
    finally:
        await end(stop)
        await end(finished)
