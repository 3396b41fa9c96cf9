"""What the pages work with, handed in by the composition root. The API has its own list: two doors, no shared code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from tuntas.dashboard.last_messages import LastMessages
from tuntas.dashboard.memory import MemoryMeter
from tuntas.events import Bell
from tuntas.profiles import Removal
from tuntas.sessions.access import Caller, Keys
from tuntas.sessions.cleanup import CleanupWish
from tuntas.sessions.leftovers import Plan, Report
from tuntas.sessions.service import SessionService
from tuntas.webhooks.ports import DeliveryFilter, EventLog, Outbox


class Finding(Protocol):
    """One line of ``tuntas doctor``; ``level`` is fine, warning or broken."""

    @property
    def check(self) -> str:
        """What was looked at."""
        ...

    @property
    def level(self) -> str:
        """How bad it is."""
        ...

    @property
    def detail(self) -> str:
        """What was seen."""
        ...

    @property
    def advice(self) -> str:
        """What to do; empty when there is nothing to do."""
        ...


@dataclass(frozen=True, slots=True)
class About:
    """The versions of what is at work."""

    version: str
    wa_js: str
    browser: str


@dataclass(frozen=True, slots=True)
class Desk:
    """The running server, as far as the dashboard needs it.

    ``examine`` blocks for some seconds. ``news`` rings when anything has changed that a page may show. ``secret``
    signs the cookies: whoever has it is signed in as anybody.
    """

    sessions: SessionService
    keys: Keys
    now: Callable[[], datetime]
    open_removals: Callable[[], Sequence[Removal]]
    outbox: Outbox
    event_log: EventLog
    replay: Callable[[DeliveryFilter], Awaitable[int]]
    clean_up: Callable[[CleanupWish, bool], Awaitable[tuple[Plan, Report]]]
    examine: Callable[[], Sequence[Finding]]
    on_deleted: Callable[[], None]
    last_messages: LastMessages
    memory: MemoryMeter
    news: Bell
    about: About
    sign_in_days: float
    secret: str = field(repr=False)

    def as_seen_by(self, caller: Caller) -> Desk:
        """Return the desk as a key that is limited to some sessions may see it."""
        return replace(
            self,
            sessions=self.sessions.as_seen_by(caller),
            open_removals=lambda: [one for one in self.open_removals() if caller.may_use(one.session)],
        )
