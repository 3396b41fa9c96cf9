"""The stores that sessions write to, in memory: as true to their ports as the SQL ones, without a database or a thread.

One set of tests (``component/test_stores.py``) holds both kinds to the same promises. Nothing is durable, of course.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from tuntas.events import Event, Message
from tuntas.foundation.clock import Clock
from tuntas.profiles.guards import folded
from tuntas.sessions.errors import NameTaken
from tuntas.sessions.model import SessionRecord, StateChange
from tuntas.sessions.ports import SendEntry, SendNote
from tuntas.webhooks.ports import LoggedEvent


class MemorySessionStore:
    """Implements ``tuntas.sessions.ports.SessionStore``, and keeps the log of events that it wrote."""

    def __init__(self) -> None:
        self._sessions: dict[str, SessionRecord] = {}
        self._stories: dict[str, list[StateChange]] = defaultdict(list)
        self.log = MemoryEventLog()

    async def load(self) -> list[SessionRecord]:
        return sorted(self._sessions.values(), key=lambda one: one.created_at)

    async def insert(self, record: SessionRecord) -> None:
        if any(folded(record.name) == folded(one.name) or record.id == one.id for one in self._sessions.values()):
            raise NameTaken(record.name)
        self._sessions[record.id] = record

    async def save(self, record: SessionRecord, change: StateChange | None, events: Sequence[Event]) -> None:
        if record.id in self._sessions:
            self._sessions[record.id] = record
        if change is not None:
            self._stories[record.id].append(change)
        self.log.write(record, events)

    async def publish(self, record: SessionRecord, events: Sequence[Event]) -> None:
        if (stored := self._sessions.get(record.id)) is not None:
            self._sessions[record.id] = replace(stored, seen_until=record.seen_until)
        self.log.write(record, events)

    async def unreadable(self, record: SessionRecord) -> list[str]:
        return self.log.unreadable(record)

    async def delete(self, record: SessionRecord, change: StateChange, events: Sequence[Event]) -> None:
        self._sessions.pop(record.id, None)
        self._stories[record.id].append(change)
        self.log.write(record, events)

    async def history(self, record: SessionRecord, *, limit: int) -> list[StateChange]:
        return self._stories[record.id][-limit:]


class MemoryEventLog:
    """The part of ``tuntas.webhooks.ports.EventLog`` that reads forward."""

    def __init__(self) -> None:
        self._events: list[LoggedEvent] = []
        self._subjects: dict[tuple[str, str, str], None] = {}

    def write(self, record: SessionRecord, events: Sequence[Event]) -> None:
        """Add events; of what happens only once the first one counts."""
        for event in events:
            if event.subject is not None:
                subject = (record.id, event.name.value, event.subject)
                if subject in self._subjects:
                    continue
                self._subjects[subject] = None
            body = json.dumps(event.envelope(), ensure_ascii=False, separators=(",", ":"))
            place = len(self._events) + 1
            self._events.append(LoggedEvent(place, event.id, record.name, event.name.value, body))

    def unreadable(self, record: SessionRecord) -> list[str]:
        waiting = [subject for one, name, subject in self._subjects if (one, name) == (record.id, "message.waiting")]
        return [one for one in waiting if (record.id, "message.any", one) not in self._subjects]

    async def after(
        self, place: int, sessions: Collection[str] | None, names: Collection[str] | None, *, limit: int
    ) -> list[LoggedEvent]:
        wanted = [
            one
            for one in self._events[place:]
            if (sessions is None or one.session in sessions) and (names is None or one.event in names)
        ]
        return wanted[:limit]


class MemorySendJournal:
    """Implements ``tuntas.sessions.ports.SendJournal``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[tuple[str, str], tuple[SendEntry, datetime]] = {}
        self._notes: dict[tuple[str, str], SendNote] = {}

    async def begin(self, session_id: str, key: str, fingerprint: str, token: str) -> SendEntry:
        known = self._entries.get((session_id, key))
        if known is not None:
            return known[0]
        entry = SendEntry(fingerprint, token, None, is_new=False)
        self._entries[session_id, key] = (entry, self._clock.now())
        return replace(entry, is_new=True)

    async def finish(self, session_id: str, key: str, message: Message, begun_at: datetime) -> None:
        if (known := self._entries.get((session_id, key))) is not None:
            self._entries[session_id, key] = (replace(known[0], answer=message), known[1])
            self._notes[session_id, known[0].token] = SendNote(known[1], begun_at, self._clock.now())

    async def note(self, session_id: str, token: str, fingerprint: str, note: SendNote) -> None:
        entry = SendEntry(fingerprint, token, None, is_new=False)
        self._entries.setdefault((session_id, token), (entry, note.asked_at))
        self._notes.setdefault((session_id, token), note)

    async def noted(self, session_id: str, token: str) -> SendNote | None:
        if (session_id, token) in self._notes:
            return self._notes[session_id, token]
        asked = [at for (one, _), (entry, at) in self._entries.items() if (one, entry.token) == (session_id, token)]
        return SendNote(asked[0], None, None) if asked else None

    async def forget(self, session_id: str, key: str) -> None:
        self._entries.pop((session_id, key), None)

    async def prune(self, before: datetime) -> None:
        self._entries = {key: one for key, one in self._entries.items() if one[1] >= before}
