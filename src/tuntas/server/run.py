"""Runs a server: takes what it needs, starts its parts, and takes all of it down in the opposite order.

What the parts are and how they are joined is in ``assembly``. Each thing's end is put on one stack as soon as the thing
has begun, so that ``_take`` and ``_start``, read from below, are the order of the stop.

Start: data folder's lock, port, browser found, database migrated, sessions and open removals read; then HTTP answers,
while sessions come up, a few at a time. Stop: no new requests, sessions ended in parallel within a limit, then by
force; deliveries; database; lock. Whatever fails on the way, what was started is stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from tuntas.browser import Candidate, choose, version_of
from tuntas.browser.merged_memory import is_merging, require_merging
from tuntas.config import Settings
from tuntas.foundation.clock import SystemClock
from tuntas.foundation.descriptors import raise_limit
from tuntas.foundation.http_server import HttpServer, bind
from tuntas.foundation.identifiers import HASH_PREFIX, secret_token
from tuntas.foundation.tasks import blocking, end, kept_up, spawn
from tuntas.processes import become_subreaper
from tuntas.server.alerting import require_alert_settings
from tuntas.server.assembly import Assembly, Resources, assemble
from tuntas.server.browser_user import open_way_to_profiles, said_of_sandbox, user_for_browsers
from tuntas.server.data_folder import DataFolder
from tuntas.server.from_settings import receivers_of_all, start_sessions
from tuntas.server.private_modes import foreign_owner
from tuntas.server.stop_signals import stop_signals
from tuntas.server.stores import Prunable
from tuntas.sessions.errors import SessionError
from tuntas.sessions.model import SessionConfig
from tuntas.sessions.service import SessionService
from tuntas.storage import Database, KeyStore
from tuntas.whatsapp.documents import Pin, read_document
from tuntas.whatsapp.scripts import document_script

HOUR_SECONDS = 3600.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """What a server says when it answers. ``new_key`` is shown once, at the first start; ``sandbox`` at each."""

    url: str
    new_key: str | None
    browser: Candidate
    sandbox: str | None


async def serve(settings: Settings, on_ready: Callable[[Ready], None]) -> None:
    """Run a server until SIGTERM or SIGINT; a second signal hurries it.

    Raises:
        DataFolderBusy, DataFolderUnusable, PortTaken, BrowserNotFound, BrowserUserUnusable, MergingImpossible,
            AssetsMissing, DatabaseUnusable: before anything was changed; the message is one line for people.
    """
    with stop_signals() as signals:
        async with AsyncExitStack() as ends:
            resources = await _take(settings, ends)
            server = assemble(settings, resources, SystemClock(), signals.stop)
            token = secret_token()
            new_key = await _load_keys(server.stores.keys, settings, token)
            await _start(server, settings, signals.hurry, ends)
            resources.folder.announce(server.http.url, token, str(settings.whatsapp_url))
            on_ready(Ready(server.http.url, new_key, resources.browser, resources.sandbox))
            log.info("server_ready", url=server.http.url, sessions=len(server.supervisor.all()))
            await _first_of(signals.stop, server.http)
            log.info("server_stopping")


async def _take(settings: Settings, ends: AsyncExitStack) -> Resources:
    """Take what the server must have to itself, after a look at what it needs besides."""
    receivers = receivers_of_all(settings)
    start_sessions(settings)
    require_alert_settings(settings)
    browser = await blocking(choose, settings.browser)
    document_script()
    pin = None if settings.whatsapp_page is None else Pin(await blocking(read_document, settings.whatsapp_page))
    version = await blocking(version_of, browser)
    user = await blocking(user_for_browsers, settings, browser)
    sandbox = await blocking(said_of_sandbox, user)
    if settings.merge_memory:
        require_merging()
        if not is_merging():
            log.warning("memory_is_not_merged", missing="the kernel's ksmd does not run", advice="tuntas doctor")

    folder = DataFolder(settings.data_dir, way_for=user.gid if user else None)
    folder.acquire()
    ends.callback(folder.release)
    _tell_of_open(folder)
    if user is not None:
        await blocking(open_way_to_profiles, settings, user)

    listening = bind(settings.host, settings.port)
    ends.callback(listening.close)

    database = Database(settings.database)
    ends.callback(database.close)
    await database.migrate()
    return Resources(
        browser=browser,
        browser_version=version,
        browser_user=user,
        sandbox=sandbox,
        folder=folder,
        listening=listening,
        database=database,
        receivers=receivers,
        most_descriptors=raise_limit(),
        pin=pin,
    )


def _tell_of_open(folder: DataFolder) -> None:
    closed = [str(one) for one in folder.was_open if one.why_not is None]
    if closed:
        log.warning("data_folder_was_open", closed=closed)
    for one in folder.was_open:
        if one.why_not is not None:
            log.warning("data_folder_is_open", entry=str(one), left_because=one.why_not)
    if (owner := foreign_owner(folder.path)) is not None:
        log.warning("data_folder_is_not_ours", folder=str(folder.path), owner=owner)


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


async def _start(server: Assembly, settings: Settings, hurry: asyncio.Event, ends: AsyncExitStack) -> None:
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

    ends.push_async_callback(server.http.close)
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
    await server.http.open()
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
