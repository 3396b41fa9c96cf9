"""Measures once a minute what the curves on the dashboard show, and keeps it.

What is counted while it happens is read from the counters of ``/metrics``: what came since the last look is what is
kept, so that a restart costs a minute of counting and never makes a curve jump.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from tuntas.foundation.clock import Clock
from tuntas.foundation.metrics import MESSAGES, RESTARTS, WEBHOOK_SECONDS, counted
from tuntas.foundation.tasks import blocking
from tuntas.measurements import MeasurementStore, Sample, Series
from tuntas.processes.browsers import RunningBrowser
from tuntas.processes.memory import process_memory_bytes
from tuntas.sessions.model import SessionRecord

EVERY_SECONDS = 60.0
# To look at all browsers takes a second of a core with 200 of them: at most one part in two hundred goes into it.
PAUSE_PER_SECOND = 200.0


class Measurer:
    """Looks at everything once a minute; ``run`` does the work."""

    def __init__(
        self,
        store: MeasurementStore,
        clock: Clock,
        sessions: Callable[[], Sequence[SessionRecord]],
        browsers: Callable[[], Sequence[RunningBrowser]],
        deliveries: Callable[[], Awaitable[Mapping[str, int]]],
    ) -> None:
        """``browsers`` blocks; ``deliveries`` returns how many there are, by their state."""
        self._store = store
        self._clock = clock
        self._sessions = sessions
        self._browsers = browsers
        self._deliveries = deliveries
        self._counted = _counters()
        self._browsers_due = 0.0

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Measure, and keep it."""
        sessions = self._sessions()
        samples = [
            Sample(Series.SERVER_MEMORY, await blocking(process_memory_bytes, os.getpid())),
            Sample(Series.DELIVERIES_WAITING, (await self._deliveries())["waiting"]),
            *self._since_last_look(),
            *await self._of_browsers({one.profile_folder: one.name for one in sessions}),
        ]
        await self._store.add(self._clock.now(), samples, {one.name for one in sessions})

    def _since_last_look(self) -> list[Sample]:
        before, self._counted = self._counted, _counters()
        grown = {
            series: (total - before[series][0], count - before[series][1])
            for series, (total, count) in self._counted.items()
        }
        return [Sample(series, total, int(count)) for series, (total, count) in grown.items() if count]

    async def _of_browsers(self, names: Mapping[str, str]) -> list[Sample]:
        begun = self._clock.monotonic()
        if begun < self._browsers_due:
            return []
        thread_seconds = time.monotonic()
        found = await blocking(self._browsers)
        self._browsers_due = begun + PAUSE_PER_SECOND * (time.monotonic() - thread_seconds)
        return [
            Sample(Series.BROWSER_MEMORY, one.memory_bytes, session=names[one.profile.name])
            for one in found
            if one.profile.name in names
        ]


def _counters() -> dict[Series, tuple[float, float]]:
    """Return what was counted since the server began, as sum and number."""
    came, went, restarts = counted(MESSAGES, direction="in"), counted(MESSAGES, direction="out"), counted(RESTARTS)
    return {
        Series.MESSAGES_IN: (came, came),
        Series.MESSAGES_OUT: (went, went),
        Series.RESTARTS: (restarts, restarts),
        Series.DELIVERY_SECONDS: (counted(WEBHOOK_SECONDS, "_sum"), counted(WEBHOOK_SECONDS, "_count")),
    }
