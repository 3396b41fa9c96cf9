"""What the routes work with: the services of the running server, and what only the API needs beside them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request

from tuntas.alerts.telling import AlertTeller
from tuntas.api.addresses import PublicAddress
from tuntas.api.quotas import Quotas
from tuntas.api.received_files import ReceivedFiles
from tuntas.backup.runs import BackupRuns
from tuntas.events import Bell
from tuntas.foundation.request_body import BodyLimit
from tuntas.foundation.tickets import Tickets
from tuntas.services import Services
from tuntas.sessions.access import Caller
from tuntas.sessions.page_calls import PageCall
from tuntas.sessions.ports import Conversion
from tuntas.troubles import Troubles
from tuntas.webhooks.ports import LaneReport


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """How much a client may send: as a rule, and where a request carries a file as base64."""

    usual: BodyLimit
    with_file: BodyLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiContext(Services):
    """The running server, as far as the API needs it.

    ``bell`` rings when the log of events has grown, ``news`` then and whenever anything else has changed: a session,
    its QR, a key. ``obstacle`` says what keeps the server from being ready.
    """

    bell: Bell
    news: Bell
    body_limits: BodyLimits
    files: ReceivedFiles
    profiles_dir: Path
    obstacle: Callable[[], Awaitable[str | None]]
    lanes: Callable[[], Sequence[LaneReport]]
    quotas: Quotas
    tickets: Tickets
    public_address: PublicAddress
    conversion: Conversion
    backups: BackupRuns
    troubles: Troubles
    alert_teller: AlertTeller


def _context(request: Request) -> ApiContext:
    """Return the context as this request's key may see it: with its own sessions only."""
    context: ApiContext = request.app.state.context
    caller: Caller | None = getattr(request.state, "caller", None)
    return context if caller is None else context.as_seen_by(caller)


ContextHere = Annotated[ApiContext, Depends(_context)]


async def ask_page(context: ApiContext, session: str, call: PageCall, /, **asked: Any) -> Any:
    """Ask the page of a session that is WORKING; see ``SessionService.ask_page``."""
    return await context.sessions.ask_page(session, call, asked)
