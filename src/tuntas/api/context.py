"""What the routes work with, handed in by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request

from tuntas.api.fetching import Limits
from tuntas.api.received_files import ReceivedFiles
from tuntas.events import Bell
from tuntas.profiles import Removal
from tuntas.sessions.access import Caller, Keys
from tuntas.sessions.cleanup import CleanupWish
from tuntas.sessions.leftovers import Plan, Report
from tuntas.sessions.service import SessionService
from tuntas.webhooks.ports import DeliveryFilter, EventLog, Outbox


@dataclass(frozen=True, slots=True)
class Gateway:
    """The running server, as far as the API needs it."""

    sessions: SessionService
    open_removals: Callable[[], Sequence[Removal]]
    keys: Keys
    now: Callable[[], datetime]
    outbox: Outbox
    event_log: EventLog
    bell: Bell
    replay: Callable[[DeliveryFilter], Awaitable[int]]
    clean_up: Callable[[CleanupWish, bool], Awaitable[tuple[Plan, Report]]]
    fetch_limits: Limits
    files: ReceivedFiles
    profiles_dir: Path
    version: str
    wa_js_version: str
    browser: str
    obstacle: Callable[[], Awaitable[str | None]]

    def as_seen_by(self, caller: Caller) -> Gateway:
        """Return the gateway as a key that is limited to some sessions may see it."""
        return replace(
            self,
            sessions=self.sessions.as_seen_by(caller),
            open_removals=lambda: [one for one in self.open_removals() if caller.may_use(one.session)],
        )


def _gateway(request: Request) -> Gateway:
    """Return the gateway as this request's key may see it: with its own sessions only."""
    gateway: Gateway = request.app.state.gateway
    caller: Caller | None = getattr(request.state, "caller", None)
    return gateway if caller is None or caller.sessions is None else gateway.as_seen_by(caller)


GatewayHere = Annotated[Gateway, Depends(_gateway)]


async def ask_page(gateway: Gateway, session: str, call: str, /, **asked: Any) -> Any:
    """Ask the page of a session that is WORKING; see ``WhatsAppPage.ask`` and ``SessionService.with_page``."""
    return await gateway.sessions.with_page(session, lambda page: page.ask(call, asked))
