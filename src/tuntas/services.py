"""What both doors, the API and the dashboard, ask of a running server, handed in by the composition root.

Each door has a context that adds the few things which only it needs. Here because it names services of rooms that must
not know each other, and below the doors because these must not know each other either.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Self

from tuntas.canary.watch import CanaryWatch
from tuntas.cleanup.leftovers import Plan, Report
from tuntas.cleanup.survey import CleanupCommand
from tuntas.foundation.tickets import Tickets
from tuntas.foundation.wrong_keys import WrongKeys
from tuntas.profiles import Removal
from tuntas.sessions.access import Caller, Keys
from tuntas.sessions.approving import Approvals
from tuntas.sessions.ports import SendNote
from tuntas.sessions.service import SessionService
from tuntas.webhooks.ports import DeliveryFilter, EventLog, Outbox


@dataclass(frozen=True, slots=True)
class Versions:
    """What is at work."""

    tuntas: str
    wa_js: str
    browser: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services that both doors use.

    ``send_note`` says what is known of the sending of a message, by the session's id and the message's token.
    ``finish_removal`` tries, for a while, what is left of the deleted session of this name; returns what is held still.
    """

    sessions: SessionService
    canary: CanaryWatch
    keys: Keys
    approvals: Approvals
    now: Callable[[], datetime]
    open_removals: Callable[[], Sequence[Removal]]
    outbox: Outbox
    event_log: EventLog
    send_note: Callable[[str, str], Awaitable[SendNote | None]]
    replay: Callable[[DeliveryFilter], Awaitable[int]]
    clean_up: Callable[[CleanupCommand, bool], Awaitable[tuple[Plan, Report]]]
    versions: Versions
    wrong_keys: WrongKeys
    sign_in_links: Tickets
    finish_removal: Callable[[str], Awaitable[Removal | None]]

    def as_seen_by(self, caller: Caller) -> Self:
        """Return them as this caller may see them: with its own sessions only, if its key is limited to some."""
        if caller.sessions is None:
            return self
        return replace(
            self,
            sessions=self.sessions.as_seen_by(caller),
            approvals=self.approvals.as_seen_by(caller),
            open_removals=lambda: [one for one in self.open_removals() if caller.may_use(one.session)],
        )

    def as_arguments(self) -> dict[str, Any]:
        """Return the services by name, for the making of a door's context."""
        return {field.name: getattr(self, field.name) for field in fields(Services)}
