"""The settings that a start looks at before it opens its door, in the words of the rooms that follow them.

Kept from the others (``from_settings``) because of what those load. For the same reason this imports what a setting
needs only where the setting is made. Pure: nothing is opened or started here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import structlog

from tuntas.config import ConfigurationError, Settings
from tuntas.foundation.http_server import ServerOptions
from tuntas.foundation.sub_path import SubPath

if TYPE_CHECKING:
    from tuntas.events import Subscription

GOODBYE_SECONDS = 5
# Followers of events have nothing to say.
MESSAGE_BYTES = 64 * 1024

log = structlog.get_logger(__name__)


def receivers_of_all(settings: Settings) -> list[Subscription]:
    """Return the receiver of all sessions' events, if one is set.

    Raises:
        ConfigurationError: it wants events that there are not.
    """
    if settings.webhook_url is None:
        return []
    from tuntas.events import KNOWN_EVENTS, EventName, Retries, RetryPolicy, SilentEvent, Subscription
    from tuntas.events.subscription import EVERYWHERE

    if silent := {name.value for name in SilentEvent} & set(settings.webhook_events):
        log.warning("events_never_happen_here", setting="TUNTAS_WEBHOOK_EVENTS", events=sorted(silent))
    if unknown := set(settings.webhook_events) - KNOWN_EVENTS - {"*"}:
        known = {"*", *(name.value for name in EventName)}
        message = (
            f"Setting TUNTAS_WEBHOOK_EVENTS: unknown {', '.join(sorted(unknown))}. Known: {', '.join(sorted(known))}"
        )
        raise ConfigurationError(message)
    key = settings.webhook_hmac_key.get_secret_value() if settings.webhook_hmac_key else None
    retries = Retries(
        RetryPolicy(settings.webhook_retries_policy),
        settings.webhook_retries_delay_seconds,
        settings.webhook_retries_attempts,
    )
    events, headers = tuple(settings.webhook_events), _custom_headers(settings)
    return [Subscription(str(settings.webhook_url), events, key, retries, headers, id=EVERYWHERE)]


def _custom_headers(settings: Settings) -> tuple[tuple[str, str], ...]:
    given = settings.webhook_custom_headers.get_secret_value() if settings.webhook_custom_headers else ""
    if not given:
        return ()
    from tuntas.webhooks.custom_headers import refused_name, refused_value

    headers = []
    for place, part in enumerate(filter(None, (one.strip() for one in given.split(";"))), start=1):
        name, colon, value = (piece.strip() for piece in part.partition(":"))
        # The values are secrets, so what is wrong is said by place.
        if not colon:
            wrong: str | None = "is no pair: write X-One:value;X-Two:value"
        elif (wrong := refused_name(name)) is None:
            wrong = refused_value(value)
        if wrong is not None:
            message = f"Setting TUNTAS_WEBHOOK_CUSTOM_HEADERS: header {place} {wrong}."
            raise ConfigurationError(message)
        headers.append((name, value))
    return tuple(headers)


def start_sessions(settings: Settings) -> list[str]:
    """Return the names of the sessions that are started with the server.

    Raises:
        ConfigurationError: a name can be no session's.
    """
    names = list(dict.fromkeys(name.strip() for name in settings.start_sessions.split(",") if name.strip()))
    if not names:
        return []
    from tuntas.sessions.model import SESSION_NAME_PATTERN

    for name in names:
        if re.fullmatch(SESSION_NAME_PATTERN, name) is None:
            message = f"Setting TUNTAS_START_SESSIONS: {name!r} is no name: letters, digits, _ and -, at most 64."
            raise ConfigurationError(message)
    return names


def allowed_hosts(settings: Settings) -> list[str]:
    """To which names a server on loopback answers beside loopback's own."""
    named = [name.strip() for name in settings.allowed_hosts.split(",") if name.strip()]
    public = settings.public_url.host if settings.public_url is not None else None
    return [*named, public] if public else named


def sub_path(settings: Settings) -> SubPath:
    """What a proxy has in front of our own paths."""
    return SubPath() if settings.public_url is None else SubPath(settings.public_url.path or "")


def server_options(settings: Settings, most_descriptors: int | None) -> ServerOptions:
    """How the HTTP server serves; ``most_descriptors``: how many files and sockets the process may have open."""
    # The other half is for browsers, the database and receivers: strangers must not take them away.
    most = settings.max_connections if most_descriptors is None else most_descriptors // 2
    return ServerOptions(
        GOODBYE_SECONDS,
        most_connections=min(settings.max_connections, most),
        head_seconds=settings.head_timeout_seconds,
        message_bytes=MESSAGE_BYTES,
        trusted_proxies=settings.trusted_proxies,
    )


def require_alert_settings(settings: Settings) -> None:
    """Return if alerts can be told as the settings say.

    Raises:
        ConfigurationError: they contradict each other, or name what there is not.
    """
    if settings.alert_smtp_url is None and not settings.alert_email_to and settings.alert_language == "en":
        return
    from tuntas.server.alerting import alert_language, email_target

    alert_language(settings)
    email_target(settings)
