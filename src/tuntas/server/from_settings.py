"""Settings in the words of the rooms that follow them. Pure: nothing is opened or started here."""

from __future__ import annotations

from ipaddress import ip_network

import structlog

from tuntas.api.addresses import PublicAddress
from tuntas.api.context import BodyLimits
from tuntas.api.quotas import Quotas
from tuntas.config import Settings
from tuntas.conversion.converter import ConversionLimits
from tuntas.foundation.backoff import Backoff
from tuntas.foundation.request_body import BodyLimit
from tuntas.processes import StopLimits
from tuntas.profiles import RemovalSettings
from tuntas.sessions.approvals import ApprovalLimits
from tuntas.sessions.limits import Limits
from tuntas.sessions.pacing import Pace
from tuntas.sessions.sending import SendLimits
from tuntas.whatsapp.engine import EngineLimits
from tuntas.whatsapp.fetching import FileLimits
from tuntas.whatsapp.page import PageLimits

log = structlog.get_logger(__name__)


def engine_limits(settings: Settings) -> EngineLimits:
    """How long a browser and its page may take for what."""
    return EngineLimits(
        launch_seconds=settings.launch_timeout_seconds,
        navigation_seconds=settings.navigation_timeout_seconds,
        page=PageLimits(
            call_seconds=settings.call_timeout_seconds,
            liveness_seconds=settings.liveness_timeout_seconds,
            logout_seconds=settings.logout_timeout_seconds,
            files=FileLimits(
                settings.media_max_bytes,
                settings.media_timeout_seconds,
                settings.media_private_addresses,
                through_proxy=settings.media_through_proxy,
            ),
        ),
        stop=StopLimits(settings.close_timeout_seconds, settings.kill_timeout_seconds),
        cache_bytes=settings.cache_megabytes * 1_000_000,
        merges_memory=settings.merge_memory,
        tells_of_driving=settings.browser_presence == "as-is",
    )


def session_limits(settings: Settings) -> Limits:
    """How long a session may stay in a state, and what it may use."""
    return Limits(
        start_seconds=settings.start_timeout_seconds,
        qr_seconds=settings.qr_timeout_seconds,
        qr_rest_seconds=settings.qr_rest_seconds,
        pairing_seconds=settings.pairing_timeout_seconds,
        passkey_seconds=settings.passkey_timeout_seconds,
        reconnect_seconds=settings.reconnect_timeout_seconds,
        liveness_interval_seconds=settings.liveness_interval_seconds,
        stable_run_seconds=settings.stable_run_seconds,
        restart_attempts=settings.restart_attempts,
        restart_backoff=Backoff(settings.restart_first_seconds, settings.restart_ceiling_seconds),
        after_replacement=settings.after_replacement,
        failed_retry_seconds=settings.failed_retry_seconds,
        echo_interval_seconds=settings.echo_interval_seconds,
        echo_timeout_seconds=settings.echo_timeout_seconds,
        back_seconds=settings.network_back_seconds,
        stop_after_unlink=settings.after_unlink == "stop",
        cache_bytes=settings.cache_megabytes * 1_000_000,
        recycle_bytes=settings.recycle_megabytes * 1_000_000,
        recycle_pause_seconds=settings.recycle_pause_seconds,
        recycle_wait_seconds=settings.call_timeout_seconds,
    )


def ignored(settings: Settings) -> frozenset[str]:
    """Which kinds of chats sessions do not want to know of that say nothing of them."""
    kinds = {
        "status": settings.ignore_status,
        "groups": settings.ignore_groups,
        "channels": settings.ignore_channels,
        "broadcast": settings.ignore_broadcast,
    }
    return frozenset(kind for kind, is_on in kinds.items() if is_on)


def removal_settings(settings: Settings) -> RemovalSettings:
    """How often a removal is tried before the answer is given."""
    return RemovalSettings(settings.removal_attempts, settings.removal_delay_seconds)


def send_limits(settings: Settings) -> SendLimits:
    """How fast a session sends, and how much may wait."""
    pace = Pace(settings.sends_per_minute, settings.sends_at_once)
    return SendLimits(pace, settings.sends_waiting, settings.send_wait_seconds)


def approval_limits(settings: Settings) -> ApprovalLimits:
    """How long messages wait for a person, and how many. What was sent is not known for longer than the retention."""
    seconds = min(settings.approval_seconds, settings.event_retention_days * 86_400)
    return ApprovalLimits(seconds, settings.max_approvals, body_limits(settings).with_file.most_bytes)


def conversion_limits(settings: Settings) -> ConversionLimits:
    """What a conversion of a file may take."""
    return ConversionLimits(
        at_once=settings.convert_at_once,
        seconds=settings.convert_timeout_seconds,
        memory_bytes=settings.convert_megabytes * 1_000_000,
        media_seconds=settings.convert_media_seconds,
        file_bytes=settings.media_max_bytes,
    )


def answer_seconds(settings: Settings) -> float:
    """How long a wish may take at most: logout, both stages of a browser's end, the foreground attempts, a margin."""
    removal = settings.removal_attempts * settings.removal_delay_seconds
    ending = settings.logout_timeout_seconds + settings.close_timeout_seconds + settings.kill_timeout_seconds
    return ending + removal + 15.0


def public_address(settings: Settings) -> PublicAddress:
    """Under which address clients are told to come back."""
    networks = (ip_network(one.strip(), strict=False) for one in settings.trusted_proxies.split(",") if one.strip())
    return PublicAddress(public_url(settings), tuple(networks))


def public_url(settings: Settings) -> str | None:
    """The address that is set, with a slash at its end."""
    return None if settings.public_url is None else f"{str(settings.public_url).rstrip('/')}/"


def body_limits(settings: Settings) -> BodyLimits:
    """How much a request may bring, and how long it may take."""
    seconds = settings.body_timeout_seconds
    file_bytes = settings.media_max_bytes * 4 // 3 + settings.max_body_bytes
    return BodyLimits(
        BodyLimit(settings.max_body_bytes, seconds, "TUNTAS_MAX_BODY_BYTES"),
        BodyLimit(file_bytes, seconds, "TUNTAS_MEDIA_MAX_BYTES, as base64"),
    )


def quotas(settings: Settings) -> Quotas:
    """How much there may be of what clients make."""
    return Quotas(
        settings.max_sessions,
        settings.max_keys,
        settings.max_webhooks,
        settings.max_webhook_headers,
        settings.max_config_bytes,
    )
