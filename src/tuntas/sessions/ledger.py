"""A session's pen: every change of what is stored goes through here, once, in one transaction.

A move's new state, its line in the story and its event are committed together; a crash before the commit leaves the old
truth, a crash after it leaves the new one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any, assert_never

import structlog

from tuntas.events import Acknowledgement, Event, EventName, Message
from tuntas.foundation.clock import Clock, milliseconds
from tuntas.foundation.failpoints import failpoint
from tuntas.foundation.metrics import MESSAGES
from tuntas.sessions.effects import Publish, Transition
from tuntas.sessions.machine import State, Trigger
from tuntas.sessions.model import SessionRecord, StateChange, Told
from tuntas.sessions.ports import SessionStore


class Ledger:
    """Writes what becomes of one session."""

    def __init__(self, record: SessionRecord, store: SessionStore, clock: Clock) -> None:
        """Start with ``record`` as it was just read or inserted."""
        self._store = store
        self._clock = clock
        self._statuses = deque([(record.status, milliseconds(record.changed_at))], maxlen=3)
        self._last_reason: str | None = None
        self._log = structlog.get_logger(__name__).bind(session=record.name)

    async def commit(self, record: SessionRecord, transition: Transition | None) -> SessionRecord:
        """Write ``record``, and what its move means if it has moved; return it as the store has it then."""
        if transition is None:
            await self._store.save(record, None, [])
            return record
        now = self._clock.now()
        record = replace(record, changed_at=now)
        change = StateChange(
            now,
            transition.before,
            record.state,
            record.status,
            transition.reason,
            transition.detail,
            transition.asked_by,
        )
        statuses = self._statuses.copy()
        events: list[Event] = []
        # A passkey's next challenge is news, too, and so is a fault while the status says nothing of it: told once.
        is_new_status = record.status is not statuses[-1][0] or transition.data is not None
        if is_new_status:
            statuses.append((record.status, milliseconds(now)))
        if is_new_status or (transition.trigger is Trigger.FAULT and transition.reason != self._last_reason):
            recent = [{"status": shown.value, "timestamp": at} for shown, at in statuses]
            payload: dict[str, Any] = {
                "name": record.name,
                "status": record.status.value,
                "statuses": recent,
                "reason": transition.reason,
                "detail": transition.detail,
            }
            if transition.data is not None:
                payload["data"] = dict(transition.data)
            events.append(self._event(record, EventName.SESSION_STATUS, payload))
        failpoint(f"{transition.trigger}.uncommitted")
        if record.state is State.REMOVED:
            await self._store.delete(record, change, events)
        else:
            await self._store.save(record, change, events)
        failpoint(f"{transition.trigger}.committed")
        self._statuses = statuses
        if transition.trigger in (Trigger.FAULT, Trigger.CONNECTED):
            self._last_reason = transition.reason
        self._log.info(
            "state_changed",
            before=transition.before.value,
            after=record.state.value,
            reason=transition.reason,
            detail=transition.detail,
        )
        return record

    async def publish(self, record: SessionRecord, publish: Publish) -> None:
        """Write the events of what the page told, and how far the session has seen."""
        match fact := publish.fact:
            case Message():
                names = _names_of(fact)
                payload = fact.payload()
                events = [replace(self._event(record, name, payload), subject=fact.id) for name in names]
                moment = "late_message" if publish.is_late else "message"
                failpoint(f"{moment}.seen")
                await self._store.publish(record, events)
                failpoint(f"{moment}.published")
                if not fact.is_unreadable:
                    MESSAGES.labels("out" if fact.from_me else "in").inc()
            case Acknowledgement():
                await self._store.publish(record, [self._event(record, EventName.MESSAGE_ACK, fact.payload())])
            case Told(name, payload):
                told = self._event(record, name, dict(payload))
                subject = str(payload.get("id"))[:LONGEST_SUBJECT] if name in _TOLD_ONCE else None
                await self._store.publish(record, [replace(told, subject=subject)])
            case _:
                assert_never(fact)

    def _event(self, record: SessionRecord, name: EventName, payload: dict[str, Any]) -> Event:
        at = milliseconds(self._clock.now())
        return Event(name, record.name, at, payload, metadata=record.config.metadata, me=record.me)


# A page may tell of these again after a start.
_TOLD_ONCE = frozenset({EventName.EVENT_RESPONSE})
LONGEST_SUBJECT = 128


def _names_of(message: Message) -> list[EventName]:
    """Return as which events a message is told: ``message.any`` for every one, ``message`` for those of others."""
    if message.is_unreadable:
        return [EventName.MESSAGE_WAITING]
    return [EventName.MESSAGE_ANY] if message.from_me else [EventName.MESSAGE, EventName.MESSAGE_ANY]
