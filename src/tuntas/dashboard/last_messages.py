"""The newest message of each session, for the overview. Read from the log of events; one reader serves all pages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tuntas.foundation.clock import from_milliseconds
from tuntas.sessions.model import SessionRecord
from tuntas.webhooks.ports import EventLog, LoggedEvent

_NAMES = frozenset({"message.any"})
_BATCH = 500
_LONGEST_TEXT = 140


@dataclass(frozen=True, slots=True)
class LastMessage:
    """A message, as a line. ``chat`` is whom it went to or came from."""

    at: datetime
    from_me: bool
    chat: str
    text: str = field(repr=False)


class LastMessages:
    """Follows the log from where it is when somebody first asks; before that it reads nothing."""

    def __init__(self, event_log: EventLog, living: Callable[[], Iterable[str]]) -> None:
        """Read from ``event_log``; what is not among ``living``, the names of all sessions, is forgotten."""
        self._log = event_log
        self._living = living
        self._place: int | None = None
        self._known: dict[str, LastMessage | None] = {}
        self._turn = asyncio.Lock()

    async def of(self, sessions: Sequence[SessionRecord]) -> Mapping[str, LastMessage]:
        """Return the newest message of those of ``sessions`` that have one, by name."""
        async with self._turn:
            if self._place is None:
                self._place = await self._log.newest()
            for session in sessions:
                if session.name not in self._known:
                    newest = await self._log.recent(session.name, _NAMES, limit=1)
                    self._known[session.name] = message_of(newest[0]) if newest else None
            await self._follow(self._place)
            living = set(self._living())
            self._known = {name: message for name, message in self._known.items() if name in living}
        found = {one.name: self._known.get(one.name) for one in sessions}
        # Names can be used again: what an earlier session of this name had is not this one's.
        begun = {one.name: one.created_at for one in sessions}
        return {name: message for name, message in found.items() if message is not None and message.at >= begun[name]}

    async def _follow(self, place: int) -> None:
        while found := await self._log.after(place, None, _NAMES, limit=_BATCH):
            for event in found:
                if event.session in self._known:
                    self._known[event.session] = message_of(event)
            place = found[-1].place
        self._place = place


def message_of(event: LoggedEvent) -> LastMessage:
    """Return the message that an event tells of."""
    envelope = json.loads(event.body)
    payload = envelope["payload"]
    from_me = bool(payload["fromMe"])
    text = str(payload["body"] or "")
    return LastMessage(
        at=from_milliseconds(envelope["timestamp"]),
        from_me=from_me,
        chat=str(payload["to"] if from_me else payload["from"]),
        text=f"{text[:_LONGEST_TEXT]}…" if len(text) > _LONGEST_TEXT else text,
    )
