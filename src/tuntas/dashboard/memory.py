"""How much memory each session's browser uses. Measured only while somebody looks, and never so often that it costs.

To measure is to read a file of every browser process: with 200 sessions that is a second or more of a thread. So one
measurement serves all pages, and the pause after it grows with what it took.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tuntas.events import Bell
from tuntas.foundation.tasks import blocking
from tuntas.processes.browsers import RunningBrowser

LEAST_PAUSE_SECONDS = 10.0
# At most one part in twenty of one core goes into looking.
PAUSE_PER_SECOND = 20.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What one browser, with all its processes, uses."""

    memory_bytes: int
    processes: int
    pid: int


class MemoryMeter:
    """Measures while it is being asked; ``run`` does the work."""

    def __init__(self, measure: Callable[[], Sequence[RunningBrowser]], news: Bell) -> None:
        """``measure`` blocks; ``news`` is rung when there are new numbers."""
        self._measure = measure
        self._news = news
        self._asked = asyncio.Event()
        self._latest: Mapping[str, Usage] = {}

    def latest(self) -> Mapping[str, Usage]:
        """Return the last numbers by profile folder, and ask for newer ones."""
        self._asked.set()
        return self._latest

    async def run(self) -> None:
        """Measure for ever, whenever somebody has asked since the last time."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            begun = time.monotonic()
            found = await blocking(self._measure)
            took_seconds = time.monotonic() - begun
            self._latest = {one.profile.name: Usage(one.memory_bytes, one.processes, one.pid) for one in found}
            self._news.ring()
            await asyncio.sleep(max(LEAST_PAUSE_SECONDS, PAUSE_PER_SECOND * took_seconds))
