"""What is wrong now, over sessions, deliveries, removals and the server itself.

It is the one answer that both doors give, and that people are told elsewhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tuntas.canary.course import Known
from tuntas.foundation.clock import Clock
from tuntas.profiles import RemovalState
from tuntas.services import Services
from tuntas.sessions.machine import State
from tuntas.sessions.model import SessionRecord
from tuntas.webhooks.ports import DeliveryFilter, LaneReport, Outbox

MOST_GIVEN_UP = 200
"""How many of the newest deliveries that were given up are looked at."""


class TroubleKind(StrEnum):
    """What can be wrong so that somebody has to see to it."""

    SESSION_FAILED = "session_failed"
    SCAN_NEEDED = "scan_needed"
    ACCOUNT_RESTRICTED = "account_restricted"
    DELIVERIES_GIVEN_UP = "deliveries_given_up"
    RECEIVER_STUCK = "receiver_stuck"
    REMOVAL_HELD = "removal_held"
    SERVER_NOT_READY = "server_not_ready"
    PAGE_UNUSABLE = "page_unusable"
    TEST = "test"
    """Nothing is wrong: somebody tries whether alerts arrive."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong. ``session`` None: it is the server's. ``detail``: a reason's code, or words."""

    kind: TroubleKind
    session: str | None
    since: datetime
    detail: str

    @property
    def key(self) -> tuple[str, str | None]:
        """What makes it the same trouble later."""
        return self.kind.value, self.session


class Troubles:
    """Looks at everything; whose key is limited to sessions sees what is wrong with those, and with the server."""

    def __init__(
        self,
        outbox: Outbox,
        lanes: Callable[[], Sequence[LaneReport]],
        obstacle: Callable[[], Awaitable[str | None]],
        unusable_page: Callable[[], Known | None],
        clock: Clock,
    ) -> None:
        """``lanes`` tells how deliveries go, ``obstacle`` what keeps the server from being ready.

        ``unusable_page`` is WhatsApp's page where the canary has found that no session can work with it.
        """
        self._outbox = outbox
        self._lanes = lanes
        self._obstacle = obstacle
        self._unusable_page = unusable_page
        self._clock = clock
        self._stored: list[Trouble] = []

    async def refresh(self) -> bool:
        """Look at what costs a question to the database or the disk; return whether that has changed."""
        before = self._stored
        found: dict[str, Trouble] = {}
        for one in await self._outbox.notes(DeliveryFilter(state="dead"), limit=MOST_GIVEN_UP):
            at = one.finished_at or one.created_at
            found.setdefault(one.session, Trouble(TroubleKind.DELIVERIES_GIVEN_UP, one.session, at, one.error or ""))
        self._stored = list(found.values())
        if (obstacle := await self._obstacle()) is not None:
            known = next((one for one in before if one.kind is TroubleKind.SERVER_NOT_READY), None)
            since = self._clock.now() if known is None else known.since
            self._stored.insert(0, Trouble(TroubleKind.SERVER_NOT_READY, None, since, obstacle))
        return self._stored != before

    def of(self, services: Services) -> list[Trouble]:
        """Return what is wrong, what came first first; of deliveries and the server as it was at the last refresh."""
        records = services.sessions.all()
        allowed = services.sessions.allowed(None)
        found = [one for one in self._stored if one.session is None or allowed is None or one.session in allowed]
        if (page := self._unusable_page()) is not None:
            found.append(Trouble(TroubleKind.PAGE_UNUSABLE, None, page.since, ", ".join(page.lacks)))
        for record in records:
            found += _of_session(record)
        names = {one.name for one in records}
        stuck = {one.session: one for one in reversed(self._lanes()) if one.is_stuck and one.session in names}
        found += [
            Trouble(TroubleKind.RECEIVER_STUCK, session, one.since or self._clock.now(), one.error or "")
            for session, one in stuck.items()
        ]
        found += [
            Trouble(TroubleKind.REMOVAL_HELD, one.session, one.created_at, one.reason.value if one.reason else "")
            for one in services.open_removals()
            if one.is_held and one.state is not RemovalState.INTENT
        ]
        return sorted(found, key=lambda one: (one.session is not None, one.since))


def _of_session(record: SessionRecord) -> list[Trouble]:
    found = []
    if record.state is State.FAILED:
        found.append(Trouble(TroubleKind.SESSION_FAILED, record.name, record.changed_at, record.reason))
    # A new session that shows its first QR has somebody before it; one whose phone took the link away may have nobody.
    elif record.unlinked_me is not None and record.state in (State.SCAN_QR_CODE, State.STOPPED):
        found.append(Trouble(TroubleKind.SCAN_NEEDED, record.name, record.changed_at, "unlinked"))
    if record.me is not None and (restriction := record.me.restriction[0]) is not None:
        found.append(Trouble(TroubleKind.ACCOUNT_RESTRICTED, record.name, record.changed_at, restriction.value))
    return found
