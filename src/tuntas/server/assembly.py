"""Joins the parts of a server. Here is what there is and what works with what; ``run`` says when it starts and ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from tuntas import __version__
from tuntas.alerts.telling import AlertTeller
from tuntas.api import ApiContext, create_app
from tuntas.api.app import route_words
from tuntas.api.arrived_files import FilesOnArrival
from tuntas.api.received_files import ReceivedFiles
from tuntas.api.security import key_of
from tuntas.backup.runs import BackupRuns
from tuntas.canary.book import CanaryBook
from tuntas.canary.watch import CanaryWatch
from tuntas.config import Settings
from tuntas.conversion.converter import Converter
from tuntas.dashboard.app import create_dashboard
from tuntas.dashboard.context import DashboardContext
from tuntas.dashboard.last_messages import LastMessages
from tuntas.dashboard.memory import MemoryMeter
from tuntas.dashboard.trouble_words import alert_text
from tuntas.foundation.clock import Clock
from tuntas.foundation.host_names import HostNames
from tuntas.foundation.http_server import Application, reachable_host
from tuntas.foundation.load import MachineLoad
from tuntas.foundation.proxy import Proxy
from tuntas.foundation.tickets import Tickets
from tuntas.foundation.wrong_keys import WrongKeys
from tuntas.mcp.endpoint import ToolsEndpoint
from tuntas.processes.browsers import running_browsers
from tuntas.profiles import ProfileStore, Remover
from tuntas.server import early_settings, from_settings
from tuntas.server.alerting import alert_language, alert_targets
from tuntas.server.backups import create, listing
from tuntas.server.canary import ServerCanary
from tuntas.server.cleanup import ServedCleanup
from tuntas.server.dispatch import Dispatch
from tuntas.server.doctor import examine
from tuntas.server.front_door import FrontDoor
from tuntas.server.measuring import Measurer
from tuntas.server.readiness import Readiness
from tuntas.server.resources import Resources
from tuntas.server.session_settings import settings_reader
from tuntas.server.stores import Bells, Stores, stores_of
from tuntas.services import Services, Versions
from tuntas.sessions.approving import Approvals
from tuntas.sessions.builds import BuildWatch
from tuntas.sessions.dependencies import Dependencies
from tuntas.sessions.gate import BootGate
from tuntas.sessions.network import Network
from tuntas.sessions.outgoing import FileSource
from tuntas.sessions.service import SessionService
from tuntas.sessions.supervisor import Supervisor
from tuntas.storage import (
    Database,
    Publisher,
    SqlOutbox,
)
from tuntas.troubles import Trouble, Troubles
from tuntas.webhooks.attempt import Sender
from tuntas.webhooks.delivery import Deliverer, Replayer
from tuntas.webhooks.single import SingleDelivery
from tuntas.whatsapp import uploads
from tuntas.whatsapp.builds import PageBuilds
from tuntas.whatsapp.engine import ChromiumEngine
from tuntas.whatsapp.reachability import PageReachability
from tuntas.whatsapp.scripts import wa_js_version

# Long enough to send a link to one's own phone.
SIGN_IN_LINK_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Assembly:
    """The parts that somebody has to start or end."""

    bells: Bells
    stores: Stores
    deliverer: Deliverer
    profiles: ProfileStore
    remover: Remover
    supervisor: Supervisor
    sessions: SessionService
    approvals: Approvals
    network: Network
    builds: BuildWatch
    files: ReceivedFiles
    meter: MemoryMeter
    measurer: Measurer
    backups: BackupRuns
    readiness: Readiness
    alerts: AlertTeller
    server_canary: ServerCanary
    canary: CanaryWatch
    app: Application


def assemble(
    settings: Settings, resources: Resources, database: Database, clock: Clock, stopping: asyncio.Event
) -> Assembly:
    """Join everything; nothing runs yet. ``stopping`` is set once the server is to end."""
    bells, outbox = Bells(), SqlOutbox(database, resources.receivers)
    deliverer = _deliverer(settings, outbox, clock)
    publisher = Publisher(deliverer.wake, bells.published, resources.receivers, deliverer.look_again)
    stores = stores_of(settings, database, outbox, publisher, clock, bells)
    profiles = ProfileStore(settings.profiles_dir)
    remover = Remover(profiles, stores.removals, clock, from_settings.removal_settings(settings))
    reachability = PageReachability(
        str(settings.whatsapp_url), settings.proxy, refused_retry_seconds=settings.proxy_retry_seconds
    )
    network = Network(reachability, settings.network_interval_seconds)
    files = _received_files(settings, outbox, clock, lambda: {actor.record.id for actor in supervisor.all()})
    conversion = _converter(settings, lambda name: supervisor.find(name).record.config.proxy)
    engine = ChromiumEngine(
        resources.browser,
        str(settings.whatsapp_url),
        from_settings.engine_limits(settings),
        user=resources.browser_user,
        hook=resources.pin,
        reachability=reachability,
        proxy=settings.proxy,
    )
    gate = BootGate(settings.boot_concurrency, MachineLoad().is_high)
    dependencies = Dependencies(
        store=stores.sessions,
        engine=engine,
        profiles=profiles,
        remover=remover,
        clock=clock,
        gate=gate,
        network=network,
        limits=from_settings.session_limits(settings),
        send_journal=stores.sends,
        send_limits=from_settings.send_limits(settings),
        conversion=conversion,
        files=FilesOnArrival(files, from_settings.public_url(settings) or _own_url(resources.listening)),
        downloads_media=settings.media_download,
        ignored=from_settings.ignored(settings),
        news=bells.news,
    )
    supervisor = Supervisor(dependencies)
    builds = BuildWatch(
        PageBuilds(str(settings.whatsapp_url), settings.proxy), supervisor.all, settings.page_interval_seconds
    )
    answer_seconds = from_settings.answer_seconds(settings)
    sessions = SessionService(supervisor, stores.sessions, profiles, clock, answer_seconds, route_words=route_words())
    approvals = Approvals(stores.approvals, sessions, clock, from_settings.approval_limits(settings), bells.news.ring)
    server_canary = ServerCanary(settings, engine, reachability, gate)
    canary_book = CanaryBook(settings.data_dir / "canary.json")
    canary = CanaryWatch(
        server_canary.look, server_canary.is_calm, canary_book, clock, settings.canary_hours, bells.published
    )
    services = Services(
        sessions=sessions,
        canary=canary,
        approvals=approvals,
        keys=stores.keys,
        now=clock.now,
        open_removals=remover.open_removals,
        outbox=outbox,
        event_log=stores.event_log,
        send_note=stores.sends.noted,
        replay=Replayer(outbox, deliverer, clock),
        clean_up=ServedCleanup(sessions, profiles, remover),
        versions=Versions(__version__, wa_js_version(), resources.browser_version),
        wrong_keys=WrongKeys(),
        sign_in_links=Tickets(SIGN_IN_LINK_SECONDS),
        finish_removal=partial(remover.try_again, limit_seconds=from_settings.answer_seconds(settings)),
    )
    browsers = partial(running_browsers, settings.profiles_dir)
    meter = MemoryMeter(browsers, bells.news)
    measurer = Measurer(stores.measurements, clock, sessions.all, browsers, outbox.counts)
    readiness = Readiness(database, profiles, stopping)
    troubles = Troubles(outbox, deliverer.reports, readiness.obstacle, lambda: canary.course.unusable, clock)
    deliver_once = _single_delivery(settings, clock.now)
    alerts = AlertTeller(
        stores.alerts,
        clock,
        partial(_looked_at, troubles, services, bells),
        alert_targets(settings, sessions, deliver_once, clock.now),
        partial(alert_text, alert_language(settings)),
        timedelta(seconds=settings.alert_after_seconds),
        bells.events,
    )
    backups = BackupRuns(settings.backup_target, partial(create, settings), partial(listing, settings), clock)
    api = _api_context(settings, services, bells, files, readiness, deliverer, conversion, backups, troubles, alerts)
    dashboard = _dashboard_context(
        settings, services, bells, files, meter, stores, troubles, deliver_once, resources.folder.secret()
    )
    hosts = HostNames(resources.listening.getsockname()[0], early_settings.allowed_hosts(settings))
    app = FrontDoor(
        Dispatch(create_app(api, lambda door: ToolsEndpoint(door, key_of)), create_dashboard(dashboard)),
        hosts,
        early_settings.sub_path(settings),
    )
    return Assembly(
        bells,
        stores,
        deliverer,
        profiles,
        remover,
        supervisor,
        sessions,
        approvals,
        network,
        builds,
        files,
        meter,
        measurer,
        backups,
        readiness,
        alerts,
        server_canary,
        canary,
        app,
    )


async def _looked_at(troubles: Troubles, services: Services, bells: Bells) -> list[Trouble]:
    if await troubles.refresh():
        bells.news.ring()
    return troubles.of(services)


def _deliverer(settings: Settings, outbox: SqlOutbox, clock: Clock) -> Deliverer:
    return Deliverer(
        outbox,
        clock,
        timeout_seconds=settings.webhook_timeout_seconds,
        version=__version__,
        private_addresses=settings.webhook_private_addresses,
        concurrency=settings.webhook_concurrency,
        stuck_seconds=settings.webhook_stuck_seconds,
    )


def _single_delivery(settings: Settings, now: Callable[[], datetime]) -> SingleDelivery:
    sender = Sender(
        timeout_seconds=settings.webhook_timeout_seconds,
        version=__version__,
        private_addresses=settings.webhook_private_addresses,
    )
    return SingleDelivery(sender, now)


def _own_url(listening: socket.socket) -> str:
    return f"http://{reachable_host(listening)}:{listening.getsockname()[1]}/"


def _received_files(
    settings: Settings, outbox: SqlOutbox, clock: Clock, living: Callable[[], set[str]]
) -> ReceivedFiles:
    lifetime_seconds = settings.media_lifetime_seconds

    async def is_told(session_id: str, message_id: str) -> bool:
        return await outbox.is_told(session_id, message_id, clock.now() - timedelta(seconds=lifetime_seconds))

    return ReceivedFiles(settings.data_dir / "files", lifetime_seconds, living, is_told)


def _converter(settings: Settings, proxy_of: Callable[[str], Proxy | None]) -> Converter:
    limits = from_settings.engine_limits(settings).page.files

    async def read(session: str, source: FileSource) -> tuple[bytes, str | None]:
        file = await uploads.read(source, limits.behind(proxy_of(session) or settings.proxy))
        return file.data, file.filename

    return Converter(settings.data_dir / "converting", read, from_settings.conversion_limits(settings))


def _api_context(
    settings: Settings,
    services: Services,
    bells: Bells,
    files: ReceivedFiles,
    readiness: Readiness,
    deliverer: Deliverer,
    conversion: Converter,
    backups: BackupRuns,
    troubles: Troubles,
    alerts: AlertTeller,
) -> ApiContext:
    return ApiContext(
        **services.as_arguments(),
        bell=bells.events,
        news=bells.news,
        body_limits=from_settings.body_limits(settings),
        files=files,
        profiles_dir=settings.profiles_dir,
        obstacle=readiness.obstacle,
        lanes=deliverer.reports,
        quotas=from_settings.quotas(settings),
        tickets=Tickets(settings.ticket_seconds),
        public_address=from_settings.public_address(settings),
        conversion=conversion,
        backups=backups,
        troubles=troubles,
        alert_teller=alerts,
    )


def _dashboard_context(
    settings: Settings,
    services: Services,
    bells: Bells,
    files: ReceivedFiles,
    meter: MemoryMeter,
    stores: Stores,
    troubles: Troubles,
    deliver_once: SingleDelivery,
    secret: str,
) -> DashboardContext:
    return DashboardContext(
        **services.as_arguments(),
        examine=partial(examine, settings),
        on_deleted=files.look_again,
        last_messages=LastMessages(services.event_log, lambda: (one.name for one in services.sessions.all())),
        memory=meter,
        measurements=stores.measurements,
        news=bells.news,
        sign_in_days=settings.sign_in_days,
        sub_path=early_settings.sub_path(settings),
        troubles=troubles,
        most_file_bytes=settings.media_max_bytes,
        ignored=from_settings.ignored(settings),
        read_settings=settings_reader(from_settings.quotas(settings)),
        try_webhook=deliver_once,
        secret=secret,
    )
