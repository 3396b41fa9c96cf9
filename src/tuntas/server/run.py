"""Puts a server together, runs it, and takes it down in the opposite order.

Start: data folder's lock, port, browser found, database migrated; then HTTP answers, and only then do sessions come up,
a few at a time. Stop: no new requests, sessions ended in parallel within a limit, then by force; deliveries; database;
lock. Whatever fails on the way, what was started is stopped.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

import structlog

from tuntas import __version__
from tuntas.api import Gateway, create_app
from tuntas.api.fetching import Limits as FetchLimits
from tuntas.api.received_files import ReceivedFiles
from tuntas.browser import Candidate, StopLimits, become_subreaper, choose, version_of
from tuntas.config import ConfigurationError, Settings
from tuntas.dashboard import MemoryMeter, create_dashboard
from tuntas.events import Bell, EventName, Subscription
from tuntas.foundation.backoff import Backoff
from tuntas.foundation.clock import SystemClock
from tuntas.foundation.identifiers import secret_token
from tuntas.foundation.load import MachineLoad
from tuntas.foundation.tasks import blocking, end, spawn
from tuntas.profiles import ProfileStore, RemovalSettings, Remover
from tuntas.server.cleanup import ServedCleanup
from tuntas.server.data_folder import DataFolder
from tuntas.server.doors import Doors, desk_beside
from tuntas.server.http import HttpServer, bind
from tuntas.server.readiness import Readiness
from tuntas.sessions.browsers import running_browsers
from tuntas.sessions.gate import BootGate
from tuntas.sessions.pacing import Pace
from tuntas.sessions.sending import SendLimits
from tuntas.sessions.service import SessionService
from tuntas.sessions.supervisor import Supervisor
from tuntas.sessions.surroundings import Limits, Surroundings
from tuntas.storage import (
    Database,
    KeyStore,
    Publisher,
    SqlEventLog,
    SqlOutbox,
    SqlRemovalJournal,
    SqlSendJournal,
    SqlSessionStore,
)
from tuntas.webhooks.delivery import Deliverer, Replayer
from tuntas.whatsapp import ChromiumEngine, EngineLimits
from tuntas.whatsapp.page import PageLimits
from tuntas.whatsapp.scripts import document_script, wa_js_version

HOUR_SECONDS = 3600.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """What a server says when it answers. ``new_key`` is shown once, at the first start."""

    url: str
    new_key: str | None
    browser: Candidate


async def serve(settings: Settings, on_ready: Callable[[Ready], None]) -> None:
    """Run a server until SIGTERM or SIGINT; a second signal hurries it.

    Raises:
        DataFolderBusy, DataFolderUnusable, PortTaken, BrowserNotFound, AssetsMissing, DatabaseUnusable: before
            anything was changed; the message is one line for people.
    """
    stopping, hurry = asyncio.Event(), asyncio.Event()
    with _signals(stopping, hurry):
        async with AsyncExitStack() as stack:
            server = await _start(settings, stack, (stopping, hurry), on_ready)
            await _first_of(stopping, server)
            if server.done():
                server.result()  # it never ends by itself but by an error, which must not look like a clean stop
            log.info("server_stopping")


async def _start(
    settings: Settings,
    stack: AsyncExitStack,
    signalled: tuple[asyncio.Event, asyncio.Event],
    on_ready: Callable[[Ready], None],
) -> asyncio.Task[None]:
    """Start everything; each thing's end is put on ``stack`` as soon as it has begun."""
    stopping, hurry = signalled
    everywhere = _everywhere(settings)
    candidate = await blocking(choose, settings.browser)
    document_script()
    browser_version = await blocking(version_of, candidate)
    folder = DataFolder(settings.data_dir)
    folder.acquire()
    stack.callback(folder.release)
    listening = bind(settings.host, settings.port)
    stack.callback(listening.close)
    database = Database(settings.database)
    stack.callback(database.close)
    await database.migrate()
    become_subreaper()

    clock = SystemClock()
    profiles = ProfileStore(settings.profiles_dir)
    await blocking(profiles.prepare)
    readiness = Readiness(database, profiles, stopping)
    outbox = SqlOutbox(database)
    deliverer = Deliverer(
        outbox,
        clock,
        timeout_seconds=settings.webhook_timeout_seconds,
        version=__version__,
        private_addresses=settings.webhook_private_addresses,
    )
    # The bell is for those who follow the log of events; news, for the dashboard, is that and everything else.
    bell, news = Bell(), Bell()

    def published() -> None:
        bell.ring()
        news.ring()

    publisher = Publisher(deliverer.wake, published, everywhere)
    event_log = SqlEventLog(database)
    journal = SqlRemovalJournal(database, publisher)
    remover = Remover(
        profiles, journal, clock, RemovalSettings(settings.removal_attempts, settings.removal_delay_seconds)
    )
    store = SqlSessionStore(database, publisher)
    engine = ChromiumEngine(candidate, str(settings.whatsapp_url), _engine_limits(settings))
    gate = BootGate(settings.boot_concurrency, MachineLoad().is_high)
    send_journal = SqlSendJournal(database, clock)
    pace = Pace(settings.sends_per_minute, settings.sends_at_once)
    send_limits = SendLimits(pace, settings.sends_waiting, settings.send_wait_seconds)
    supervisor = Supervisor(
        Surroundings(store, engine, profiles, remover, clock, gate, _limits(settings), send_journal, send_limits, news)
    )
    sessions = SessionService(supervisor, store, profiles, clock, _answer_seconds(settings))

    keys = KeyStore(database, clock, on_revoked=news.ring)
    await keys.load()
    if settings.api_key is not None:
        keys.trust(settings.api_key.get_secret_value(), "configured")
    new_key = await keys.first_key() if settings.api_key is None else None
    token = secret_token()
    keys.trust(token, "terminal")
    files = ReceivedFiles(
        settings.data_dir / "files",
        settings.media_lifetime_seconds,
        lambda: {actor.record.id for actor in supervisor.all()},
    )
    gateway = Gateway(
        sessions=sessions,
        open_removals=remover.open_removals,
        keys=keys,
        now=clock.now,
        outbox=outbox,
        event_log=event_log,
        bell=bell,
        replay=Replayer(outbox, deliverer, clock),
        clean_up=ServedCleanup(sessions, profiles, remover),
        fetch_limits=FetchLimits(
            settings.media_max_bytes, settings.media_timeout_seconds, settings.media_private_addresses
        ),
        files=files,
        profiles_dir=settings.profiles_dir,
        version=__version__,
        wa_js_version=wa_js_version(),
        browser=browser_version,
        obstacle=readiness.obstacle,
    )
    meter = MemoryMeter(partial(running_browsers, settings.profiles_dir), news)
    desk = desk_beside(gateway, settings, meter, news, folder.secret())

    await stack.enter_async_context(deliverer)
    await stack.enter_async_context(_background(remover.run(), "removals"))
    retention = timedelta(days=settings.event_retention_days)
    await stack.enter_async_context(
        _background(_prune([store, outbox, event_log, journal, send_journal], clock, retention), "pruning")
    )

    await stack.enter_async_context(_background(meter.run(), "memory of browsers"))
    http = HttpServer(Doors(create_app(gateway), create_dashboard(desk)))
    server = spawn(http.serve(sockets=[listening]), name="http server")
    stack.push_async_callback(_end_http, http, server)
    stack.callback(bell.silence)
    stack.push_async_callback(supervisor.close, settings.shutdown_timeout_seconds, hurry)
    stack.callback(news.silence)  # first of all: pages must not show how sessions vanish from a server that stops
    url = _url(listening)
    folder.announce(url, token)
    # Before any session gets a folder: the paths of open removals are not free.
    await remover.resume()
    await supervisor.load()
    readiness.is_loaded = True
    # Only now: before, no session is known, and the files of all would go.
    await stack.enter_async_context(_background(files.run(), "received files"))
    on_ready(Ready(url, new_key, candidate))
    log.info("server_ready", url=url, sessions=len(sessions.all()))
    return server


async def _end_http(http: HttpServer, server: asyncio.Task[None]) -> None:
    http.stop()
    await asyncio.wait([server])


async def _first_of(stopping: asyncio.Event, server: asyncio.Task[None]) -> None:
    waiting = spawn(stopping.wait(), name="stop signal")
    try:
        await asyncio.wait({waiting, server}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end(waiting)


@contextmanager
def _signals(stopping: asyncio.Event, hurry: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def asked() -> None:
        (hurry if stopping.is_set() else stopping).set()

    if sys.platform == "win32":
        # The event loop takes no handlers there. Ctrl-Break and a console that is closed both come as SIGBREAK.
        numbers = (signal.SIGINT, signal.SIGBREAK)
        before = {number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(asked)) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, asked)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def _background(work: Coroutine[Any, Any, Any], name: str) -> AsyncIterator[None]:
    task = spawn(work, name=name)
    try:
        yield
    finally:
        await end(task)


class _Prunable(Protocol):
    async def prune(self, before: datetime) -> None: ...


async def _prune(stores: Sequence[_Prunable], clock: SystemClock, retention: timedelta) -> None:
    while True:
        before = clock.now() - retention
        for store in stores:
            await store.prune(before)
        await asyncio.sleep(HOUR_SECONDS)


def _everywhere(settings: Settings) -> list[Subscription]:
    """Return the receiver of all sessions' events, if one is set."""
    if settings.webhook_url is None:
        return []
    known = {"*", *(name.value for name in EventName)}
    if unknown := set(settings.webhook_events) - known:
        message = (
            f"Setting TUNTAS_WEBHOOK_EVENTS: unknown {', '.join(sorted(unknown))}. Known: {', '.join(sorted(known))}"
        )
        raise ConfigurationError(message)
    key = settings.webhook_hmac_key.get_secret_value() if settings.webhook_hmac_key else None
    return [Subscription(str(settings.webhook_url), tuple(settings.webhook_events), key)]


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - read, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _engine_limits(settings: Settings) -> EngineLimits:
    return EngineLimits(
        launch_seconds=settings.launch_timeout_seconds,
        navigation_seconds=settings.navigation_timeout_seconds,
        page=PageLimits(
            call_seconds=settings.call_timeout_seconds,
            liveness_seconds=settings.liveness_timeout_seconds,
            logout_seconds=settings.logout_timeout_seconds,
        ),
        stop=StopLimits(settings.close_timeout_seconds, settings.kill_timeout_seconds),
        cache_bytes=settings.cache_megabytes * 1_000_000,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        start_seconds=settings.start_timeout_seconds,
        qr_seconds=settings.qr_timeout_seconds,
        pairing_seconds=settings.pairing_timeout_seconds,
        reconnect_seconds=settings.reconnect_timeout_seconds,
        liveness_interval_seconds=settings.liveness_interval_seconds,
        stable_run_seconds=settings.stable_run_seconds,
        restart_attempts=settings.restart_attempts,
        restart_backoff=Backoff(settings.restart_first_seconds, settings.restart_ceiling_seconds),
        stop_after_unlink=settings.after_unlink == "stop",
        cache_bytes=settings.cache_megabytes * 1_000_000,
        recycle_bytes=settings.recycle_megabytes * 1_000_000,
        recycle_pause_seconds=settings.recycle_pause_seconds,
        recycle_wait_seconds=settings.call_timeout_seconds,
    )


def _answer_seconds(settings: Settings) -> float:
    """How long a wish may take at most: logout, both stages of a browser's end, the foreground attempts, a margin."""
    removal = settings.removal_attempts * settings.removal_delay_seconds
    ending = settings.logout_timeout_seconds + settings.close_timeout_seconds + settings.kill_timeout_seconds
    return ending + removal + 15.0
