"""Loads, joins and starts what a server consists of, behind its open door. What the parts are is in ``assembly``.

Each thing's end is put on the stack of ``run`` as soon as the thing has begun: ``start``, read from below, is the order
of the stop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from tuntas.config import Settings
from tuntas.foundation.clock import SystemClock
from tuntas.foundation.http_server import HttpServer
from tuntas.foundation.identifiers import HASH_PREFIX, secret_token
from tuntas.foundation.tasks import blocking, end, kept_up, spawn
from tuntas.processes import become_subreaper
from tuntas.server.assembly import Assembly, assemble
from tuntas.server.early_door import EarlyDoor
from tuntas.server.early_settings import start_sessions
from tuntas.server.resources import Resources
from tuntas.server.stop_signals import StopSignals
from tuntas.server.stores import Prunable
from tuntas.sessions.errors import SessionError
from tuntas.sessions.model import SessionConfig
from tuntas.sessions.service import SessionService
from tuntas.storage import Database, KeyStore

HOUR_SECONDS = 3600.0

log = structlog.get_logger(__name__)


async def start(
    settings: Settings,
    resources: Resources,
    door: EarlyDoor,
    http: HttpServer,
    signals: StopSignals,
    ends: AsyncExitStack,
) -> str | None:
    """Start everything, and open ``door`` to it; return the first key if it had to be made now.

    Raises:
        DatabaseUnusable: the message is one line for people.
    """
    database = Database(settings.database)
    ends.callback(database.close)
    await database.migrate()
    server = assemble(settings, resources, database, SystemClock(), signals.stop)
    token = secret_token()
    new_key = await _load_keys(server.stores.keys, settings, token)
    await _start_parts(server, settings, door, http, signals.hurry, ends)
    resources.folder.announce(http.url, token, str(settings.whatsapp_url))
    log.info("server_ready", url=http.url, sessions=len(server.supervisor.all()))
    return new_key


async def _load_keys(keys: KeyStore, settings: Settings, token: str) -> str | None:
    """Read the keys, trust the terminal's ``token``; return the first key if it had to be made now."""
    await keys.load()
    keys.trust(token, "terminal")
    if settings.api_key is None:
        return await keys.first_key()
    key = settings.api_key.get_secret_value()
    if key.startswith(HASH_PREFIX):
        keys.trust_hash(key.removeprefix(HASH_PREFIX), "configured")
    else:
        keys.trust(key, "configured")
    return None


async def _start_parts(
    server: Assembly, settings: Settings, door: EarlyDoor, http: HttpServer, hurry: asyncio.Event, ends: AsyncExitStack
) -> None:
    """Start everything, the door last: what HTTP says of sessions and removals must be true from the first answer."""
    become_subreaper()
    await blocking(server.profiles.prepare)
    ends.push_async_callback(server.backups.close)
    await ends.enter_async_context(server.deliverer)
    await ends.enter_async_context(_background(server.remover.run, "removals"))
    await ends.enter_async_context(_background(partial(_prune, server.stores.prunable, settings), "pruning"))
    await ends.enter_async_context(_background(server.meter.run, "memory of browsers"))
    await ends.enter_async_context(_background(server.network.run, "network"))
    await ends.enter_async_context(_background(server.builds.run, "builds of the page"))
    await ends.enter_async_context(_background(server.alerts.run, "alerts"))

    # Here, and not where it was opened: nobody may ask for what is about to end. Who waits at it is turned away first.
    ends.push_async_callback(http.close)
    ends.callback(door.close)
    ends.callback(server.bells.silence_streams)  # the live streams end, which HTTP would wait for
    ends.push_async_callback(server.supervisor.close, settings.shutdown_timeout_seconds, hurry)
    # Before it: pages must not show how sessions vanish from a server that stops.
    ends.callback(server.bells.news.silence)

    # Before any session gets a folder: the paths of open removals are not free.
    await server.remover.resume()
    # And before HTTP answers: a session that is not read yet would be unknown, and so its deletion be called done.
    await server.supervisor.load()
    server.readiness.is_loaded = True
    await server.approvals.load()
    await ends.enter_async_context(_background(server.approvals.run, "approvals"))
    # Only now: before, no session is known, and the files and measurements of all would go.
    await ends.enter_async_context(_background(server.measurer.run, "measurements"))
    await ends.enter_async_context(_background(server.files.run, "received files"))
    door.open(server.app)
    await ends.enter_async_context(_background(partial(_watch_page, server), "canary"))
    if names := start_sessions(settings):
        await ends.enter_async_context(
            _background(partial(_start_sessions, server.sessions, names), "sessions to start")
        )


async def _watch_page(server: Assembly) -> None:
    await server.server_canary.clear()  # what a server that was killed has left
    await server.canary.run()


async def _start_sessions(sessions: SessionService, names: Sequence[str]) -> None:
    """Start these, and make those that there are not; one that cannot be is told, and the others go on."""
    there = {record.name.lower() for record in sessions.all()}
    for name in names:
        try:
            if name.lower() in there:
                await sessions.start(name, asked_by="TUNTAS_START_SESSIONS")
            else:
                await sessions.create(name, SessionConfig(), start=True, asked_by="TUNTAS_START_SESSIONS")
        except SessionError as error:
            log.warning("session_not_started", session=name, reason=str(error))


@asynccontextmanager
async def _background(work: Callable[[], Coroutine[Any, Any, None]], name: str) -> AsyncIterator[None]:
    task = spawn(kept_up(work, name=name), name=f"{name}, kept up")
    try:
        yield
    finally:
        await end(task)


async def _prune(stores: Sequence[Prunable], settings: Settings) -> None:
    clock, retention = SystemClock(), timedelta(days=settings.event_retention_days)
    while True:
        before = clock.now() - retention
        for store in stores:
            await store.prune(before)
        await asyncio.sleep(HOUR_SECONDS)
