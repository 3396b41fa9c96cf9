"""The events of all sessions as they happen, by session and kind: what receivers are told, for people."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from tuntas.dashboard import words
from tuntas.dashboard.activity import Activity, activity_of
from tuntas.dashboard.fragments import Fragment, follow
from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.search import session_of
from tuntas.events import EventName
from tuntas.webhooks.ports import LoggedEvent

SHOWN = 100
# How far back a first look at all sessions goes.
LOOKED_THROUGH = 500


@dataclass(frozen=True, slots=True)
class MonitorLine:
    """An event as a line, and whose it is."""

    session: str
    event_id: str
    line: Activity


class Monitor:
    """One reader's look at the log; it reads what is new only."""

    def __init__(self, request: PageRequest) -> None:
        """Read what the address asks for."""
        query = request.http.query_params
        name = query.get("event", "")
        self.session = session_of(query)
        self.event = name if name in set(EventName) else ""
        self._request = request
        self._place: int | None = None
        self._lines: deque[MonitorLine] = deque(maxlen=SHOWN)

    @property
    def query(self) -> str:
        """The same as a part of an address."""
        return f"?{urlencode({'session': self.session, 'event': self.event})}"

    async def look(self) -> Sequence[Fragment]:
        """Return the newest events that are asked for, newest first."""
        log = self._request.context.event_log
        names = {self.event} if self.event else None
        if self._place is None:
            self._place = max(0, await log.newest() - LOOKED_THROUGH)
            if self.session and self._sees(self.session):
                older = await log.recent(self.session, names, limit=SHOWN)
                self._take([one for one in reversed(older) if one.place <= self._place])
        sessions = {self.session} if self.session else self._only()
        while found := await log.after(self._place, sessions, names, limit=LOOKED_THROUGH):
            self._take(found)
            self._place = found[-1].place
        lines = tuple(reversed(self._lines))
        value = tuple(one.event_id for one in lines)
        return [Fragment("monitor", value, lambda: self._request.html("monitor_lines.html", lines=lines))]

    def _take(self, found: Sequence[LoggedEvent]) -> None:
        for one in found:
            if self._sees(one.session) and (line := activity_of(one)) is not None:
                self._lines.append(MonitorLine(one.session, one.event_id, line))

    def _only(self) -> frozenset[str] | None:
        return None if self._request.caller is None else self._request.caller.sessions

    def _sees(self, session: str) -> bool:
        return self._request.caller is not None and self._request.caller.may_use(session)


async def show(request: PageRequest) -> Response:
    """Show the newest events."""
    monitor = Monitor(request)
    (found,) = await monitor.look()
    names = {name.value: words.event(name.value) for name in EventName}
    return request.page("monitor.html", monitor=monitor, found=found, names=names)


async def live(request: PageRequest) -> Response:
    """Stream what happens."""
    return follow(request, Monitor(request).look)
