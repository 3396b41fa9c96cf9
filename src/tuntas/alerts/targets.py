"""Those who can be told: a webhook, a mailbox, a WhatsApp number."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any
from urllib.parse import unquote, urlsplit

from tuntas.alerts.book import Alert
from tuntas.alerts.ports import TargetFailed
from tuntas.events import Subscription
from tuntas.foundation.clock import milliseconds
from tuntas.foundation.tasks import blocking
from tuntas.sessions.errors import SessionError
from tuntas.sessions.outgoing import MessageKind, OutgoingMessage
from tuntas.sessions.sending import SendRequest
from tuntas.sessions.service import SessionService

SMTP_SECONDS = 20.0

Deliver = Callable[[Subscription, Mapping[str, Any]], Awaitable[str | None]]


class WebhookTarget:
    """A receiver of ``alert`` and ``alert.resolved``, signed as all webhooks are."""

    name = "webhook"

    def __init__(self, deliver: Deliver, subscription: Subscription, now: Callable[[], datetime]) -> None:
        """Have ``deliver`` make one delivery to ``subscription`` for each alert; it returns what went wrong."""
        self._deliver = deliver
        self._subscription = subscription
        self._now = now

    async def tell(self, alert: Alert, text: str) -> None:
        """Post it; the same alert has the same id each time."""
        event = "alert" if alert.resolved_at is None else "alert.resolved"
        envelope = {
            "id": f"{alert.id}.{event}",
            "timestamp": milliseconds(self._now()),
            "event": event,
            "payload": payload_of(alert, text),
        }
        if (error := await self._deliver(self._subscription, envelope)) is not None:
            raise TargetFailed(error)


@dataclass(frozen=True, slots=True)
class MailServer:
    """``smtp://user:password@host:587`` (STARTTLS where it is offered) or ``smtps://…:465``."""

    host: str
    port: int
    is_tls: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, url: str) -> MailServer:
        """Return what an address says. Raises ValueError, whose message shows no secret."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            message = "must look like smtp://user:password@host:587 or smtps://user:password@host:465"
            raise ValueError(message)
        is_tls = parts.scheme == "smtps"
        try:
            port = parts.port or (465 if is_tls else 587)
        except ValueError:
            message = "has a port that there is not"
            raise ValueError(message) from None
        name = None if parts.username is None else unquote(parts.username)
        password = None if parts.password is None else unquote(parts.password)
        return cls(parts.hostname, port, is_tls, name, password)


class EmailTarget:
    """Mailboxes. A name and a password go over TLS only."""

    name = "email"

    def __init__(self, server: MailServer, sender: str, recipients: tuple[str, ...]) -> None:
        """Send through ``server``, from ``sender``."""
        self._server = server
        self._sender = sender
        self._recipients = recipients

    async def tell(self, alert: Alert, text: str) -> None:
        """Send a mail; one that resolves is an answer to the first."""
        mail = EmailMessage()
        mail["From"], mail["To"] = self._sender, ", ".join(self._recipients)
        mail["Subject"] = text if len(text) <= _LONGEST_SUBJECT else f"{text[: _LONGEST_SUBJECT - 1]}…"
        first = f"<{alert.id}@tuntas.invalid>"
        if alert.resolved_at is None:
            mail["Message-ID"] = first
        else:
            mail["Message-ID"], mail["In-Reply-To"], mail["References"] = (
                make_msgid(domain="tuntas.invalid"),
                first,
                first,
            )
        mail.set_content(f"{text}\n")
        try:
            await blocking(self._send, mail)
        except (OSError, smtplib.SMTPException) as error:
            raise TargetFailed(_said(error)) from error

    def _send(self, mail: EmailMessage) -> None:
        server, context = self._server, ssl.create_default_context()
        if server.is_tls:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=SMTP_SECONDS, context=context)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=SMTP_SECONDS)
        with connection as smtp:
            smtp.ehlo()
            is_safe = server.is_tls
            if not is_safe and smtp.has_extn("starttls"):
                smtp.starttls(context=context)
                smtp.ehlo()
                is_safe = True
            if server.username is not None:
                if not is_safe:
                    message = f"{server.host} offers no TLS, and a password goes over nothing else"
                    raise smtplib.SMTPException(message)
                smtp.login(server.username, server.password or "")
            smtp.send_message(mail)


class WhatsAppTarget:
    """A number, written to with one of the server's own sessions."""

    name = "whatsapp"

    def __init__(self, sessions: SessionService, session: str, number: str) -> None:
        """Write to ``number`` with ``session``."""
        self._sessions = sessions
        self._session = session
        self._chat_id = f"{number}@c.us"

    async def tell(self, alert: Alert, text: str) -> None:
        """Send a text, once, whatever dies meanwhile."""
        content: dict[str, Any] = {"chatId": self._chat_id, "body": text, "linkPreview": False}
        message = OutgoingMessage(MessageKind.TEXT, content)
        key = f"alert:{alert.id}:{'begin' if alert.resolved_at is None else 'end'}:{alert.since.timestamp():.0f}"
        try:
            await self._sessions.send(self._session, SendRequest(message, key, key))
        except SessionError as error:
            raise TargetFailed(str(error)) from error


def payload_of(alert: Alert, text: str) -> dict[str, Any]:
    """Return an alert as programs read it; times are in milliseconds."""
    return {
        "id": alert.id,
        "kind": alert.kind.value,
        "session": alert.session,
        "since": milliseconds(alert.since),
        "resolvedAt": None if alert.resolved_at is None else milliseconds(alert.resolved_at),
        "detail": alert.detail,
        "text": text,
    }


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        told = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return f"the mail server answered {error.smtp_code} {told}"
    return str(error) or type(error).__name__


_LONGEST_SUBJECT = 120
