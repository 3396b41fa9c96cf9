"""Folders that come back to where they were taken from. Looks and reports; what to do is the removal's.

A rename is no fence: a browser that was wrongly taken for dead makes its folder again within seconds. So the old place
is looked at again, soon after the rename and once more later. Never long after: by then it may be somebody's restored
backup. A new session's folder is never meant, for it appears together with its marker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import structlog

from tuntas.foundation import tasks
from tuntas.foundation.backoff import Backoff
from tuntas.foundation.clock import Clock
from tuntas.profiles import steps
from tuntas.profiles.store import ProfileStore

log = structlog.get_logger(__name__)

# From this long after the rename on, what is at the old place is not ours to judge.
MEANINGFUL_SECONDS = 60.0

_CEILING_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Reappearance:
    """A folder at the place from which a session's profile was taken ``count`` times before."""

    path: Path
    session: str
    count: int


class ReappearanceWatch:
    """Looks again at old places when it is time; sleeps for ever while there is none."""

    def __init__(self, store: ProfileStore, clock: Clock, look_again_seconds: float) -> None:
        self._store = store
        self._clock = clock
        # Each return makes the next look later: a writer that never ends must not keep us renaming all day.
        self._patience = Backoff(look_again_seconds, max(look_again_seconds, _CEILING_SECONDS))
        self._looks: list[tuple[float, Reappearance]] = []
        self._bell = asyncio.Event()

    def watch(self, place: Reappearance) -> None:
        """Look at ``place`` again in a while: by and by longer, the more often it has come back already."""
        self._look(place, self._patience.delay_seconds(place.count + 1, 1.0))

    def watch_now(self, place: Reappearance) -> None:
        """Look at ``place`` again as soon as may be."""
        self._look(place, 0.0)

    def _look(self, place: Reappearance, wait_seconds: float) -> None:
        self._looks.append((self._clock.monotonic() + wait_seconds, place))
        self._bell.set()

    async def run(self, on_reappearance: Callable[[Reappearance], None]) -> NoReturn:
        """Call ``on_reappearance`` for each folder that has come back, until cancelled."""
        while True:
            self._bell.clear()
            now = self._clock.monotonic()
            for look in [look for look in self._looks if look[0] <= now]:
                self._looks.remove(look)
                if await self._is_back(look[1].path):
                    on_reappearance(look[1])
            due = min((due for due, _ in self._looks), default=None)
            if due is None:
                await self._bell.wait()
            elif due > self._clock.monotonic():
                await heard(self._bell, due - self._clock.monotonic())

    async def _is_back(self, path: Path) -> bool:
        try:
            return await tasks.blocking(steps.came_back, self._store, path)
        except OSError as error:
            log.warning("old_place_not_seen", path=str(path), error=str(error))
            return False


async def heard(bell: asyncio.Event, seconds: float) -> bool:
    """Wait for ``bell``, at most ``seconds``; whether it rang."""
    try:
        async with asyncio.timeout(seconds):
            await bell.wait()
    except TimeoutError:
        return False
    return True
