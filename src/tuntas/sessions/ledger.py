"""A session's pen: every change of what is stored goes through here, once, in one transaction.

A move commits the new state, its line in the story and its event together, and only then believes it; a crash
before the commit leaves the old truth, a crash after it leaves the new one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from tuntas.events import Event, EventName, Message
from tuntas.events.messages import Acknowledgement
from tuntas.foundation.clock import Clock, milliseconds
from tuntas.foundation.killpoints import killpoint
from tuntas.sessions.machine import WITH_BROWSER, State, Trigger, next_state, shown_status
from tuntas.sessions.model import SessionRecord, StateChange
from tuntas.sessions.ports import SessionStore


class Ledger:
    """Holds one session's record as the store has it."""

    def __init__(self, record: SessionRecord, store: SessionStore, clock: Clock) -> None:
        """Start with ``record`` as it was just read or inserted."""
        self.record = record
        self._store = store
        self._clock = clock
        self._is_staged = False
        self._story: deque[str] = deque(maxlen=6)
        self._statuses = deque([(record.status, milliseconds(record.changed_at))], maxlen=3)
        self._log = structlog.get_logger(__name__).bind(session=record.name)

    async def move(self, trigger: Trigger, reason: str, detail: str | None = None, *, asked_by: str = "system") -> None:
        """Go through the transition table, and write what comes of it.

        Raises:
            ImpossibleTransition: the table has no such way.
        """
        before = self.record
        after = next_state(before.state, trigger, tuple(self._story))
        status = shown_status(after, before.status)
        now = self._clock.now()
        browser = before.browser if after in WITH_BROWSER else None
        record = replace(before, state=after, status=status, changed_at=now, reason=reason, browser=browser)
        change = StateChange(now, before.state, after, status, reason, detail, asked_by)
        statuses = self._statuses.copy()
        events: list[Event] = []
        if status is not before.status:
            statuses.append((status, milliseconds(now)))
            recent = [{"status": shown.value, "timestamp": at} for shown, at in statuses]
            payload = {"name": record.name, "status": status.value, "statuses": recent}
            events.append(self._event(record, EventName.SESSION_STATUS, payload))
        killpoint(f"{trigger}.uncommitted")
        if after is State.REMOVED:
            await self._store.delete(record, change, events)
        else:
            await self._store.save(record, change, events)
        killpoint(f"{trigger}.committed")
        self.record, self._statuses = record, statuses
        self._is_staged = False
        self._story.append(f"{trigger.value} → {after.value} ({reason})")
        self._log.info("state_changed", before=before.state.value, after=after.value, reason=reason, detail=detail)

    async def save(self, **changed: Any) -> None:
        """Write fields of the record that are not its state."""
        record = replace(self.record, **changed)
        await self._store.save(record, None, [])
        self.record = record
        self._is_staged = False

    def stage(self, **changed: Any) -> None:
        """Change fields that the next write takes along; nobody may be answered on the strength of them before it.

        Each write is synced to the disk. Where a move follows at once, one is enough.
        """
        self.record = replace(self.record, **changed)
        self._is_staged = True

    async def flush(self) -> None:
        """Write what is staged, if anything is."""
        if self._is_staged:
            await self.save()

    async def publish_message(self, message: Message) -> None:
        """Send out a message's events: ``message.any`` for every one, ``message`` for those of others."""
        names = [EventName.MESSAGE_ANY] if message.from_me else [EventName.MESSAGE, EventName.MESSAGE_ANY]
        payload = message.payload()
        events = [replace(self._event(self.record, name, payload), subject=message.id) for name in names]
        record = replace(self.record, seen_until=max(message.timestamp, self.record.seen_until or 0))
        await self._store.publish(record, events)
        self.record = record

    async def publish_acknowledgement(self, acknowledgement: Acknowledgement) -> None:
        """Send out that a message has come further."""
        event = self._event(self.record, EventName.MESSAGE_ACK, acknowledgement.payload())
        await self._store.publish(self.record, [event])

    async def publish_told(self, name: EventName, payload: Mapping[str, Any]) -> None:
        """Send out a fact in the page's own words."""
        await self._store.publish(self.record, [self._event(self.record, name, dict(payload))])

    def _event(self, record: SessionRecord, name: EventName, payload: dict[str, Any]) -> Event:
        at = milliseconds(self._clock.now())
        return Event(name, record.name, at, payload, metadata=record.config.metadata, me=record.me)
