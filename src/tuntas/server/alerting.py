"""Makes of the settings those who are told of what needs somebody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tuntas.alerts.ports import AlertTarget
from tuntas.alerts.targets import Deliver, EmailTarget, MailServer, WebhookTarget, WhatsAppTarget
from tuntas.config import ConfigurationError, Settings
from tuntas.dashboard.languages import Language, load
from tuntas.events import Subscription
from tuntas.sessions.service import SessionService


def alert_language(settings: Settings) -> Language:
    """Return the language of alerts.

    Raises:
        ConfigurationError: there is none of this code.
    """
    languages = load()
    if settings.alert_language not in languages:
        message = f"Setting TUNTAS_ALERT_LANGUAGE: there is {', '.join(languages)}, and no {settings.alert_language}."
        raise ConfigurationError(message)
    return languages[settings.alert_language]


def alert_targets(
    settings: Settings, sessions: SessionService, deliver: Deliver, now: Callable[[], datetime]
) -> list[AlertTarget]:
    """Return those who are told; ``deliver`` makes the deliveries to a webhook.

    Raises:
        ConfigurationError: settings contradict each other.
    """
    targets: list[AlertTarget] = []
    if settings.alert_webhook_url is not None:
        key = settings.alert_webhook_hmac_key
        hook = Subscription(
            str(settings.alert_webhook_url), ("*",), key.get_secret_value() if key else None, id="alerts"
        )
        targets.append(WebhookTarget(deliver, hook, now))
    if (email := email_target(settings)) is not None:
        targets.append(email)
    if settings.alert_whatsapp:
        session, _, number = settings.alert_whatsapp.partition(":")
        targets.append(WhatsAppTarget(sessions, session, number))
    return targets


def email_target(settings: Settings) -> EmailTarget | None:
    """Return whoever gets alerts by mail, None if nobody does.

    Raises:
        ConfigurationError: settings contradict each other.
    """
    recipients = tuple(one.strip() for one in settings.alert_email_to.split(",") if one.strip())
    if settings.alert_smtp_url is None:
        if recipients:
            message = "Setting TUNTAS_ALERT_EMAIL_TO needs TUNTAS_ALERT_SMTP_URL, the server that sends the mails."
            raise ConfigurationError(message)
        return None
    if not recipients:
        message = "Setting TUNTAS_ALERT_SMTP_URL needs TUNTAS_ALERT_EMAIL_TO, who gets the mails."
        raise ConfigurationError(message)
    for one in (*recipients, *filter(None, [settings.alert_email_from])):
        if "@" not in one or any(letter.isspace() for letter in one):
            message = f"Setting TUNTAS_ALERT_EMAIL_TO or …_FROM: {one!r} is no mail address."
            raise ConfigurationError(message)
    try:
        server = MailServer.read(settings.alert_smtp_url.get_secret_value())
    except ValueError as error:
        message = f"Setting TUNTAS_ALERT_SMTP_URL {error}."
        raise ConfigurationError(message) from None
    return EmailTarget(server, settings.alert_email_from or recipients[0], recipients)
