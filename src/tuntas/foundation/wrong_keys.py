"""Wrong keys, slowed and logged, whoever brings them: each address gets its answers later and later.

A right key is never slowed, so a stranger behind the same proxy keeps nobody out. What is kept is bounded, and so is
how many answers wait: beyond that, the answer comes at once, and says that there are too many.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import structlog

FREE_TRIES = 10
FIRST_SECONDS = 0.1
MOST_SECONDS = 2.0
FORGOTTEN_AFTER_SECONDS = 600.0
LOGGED_EVERY_SECONDS = 60.0
MOST_ADDRESSES = 1000
MOST_WAITING = 64
# All addresses together, for there are many.
MOST_LINES_A_MINUTE = 20

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Tries:
    count: int = 0
    unlogged: int = 0
    at: float = 0.0
    logged_at: float = float("-inf")


class WrongKeys:
    """What is known of those who brought wrong keys, at both doors."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Know nobody."""
        self._clock = clock
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        self._waiting = 0
        self._lines = 0
        self._lines_since = float("-inf")

    async def slow(self, address: str) -> bool:
        """Note a wrong key from ``address``; return when it may be answered. False: too many wait already."""
        seconds = self.note(address)
        if seconds == 0.0:
            return True
        if self._waiting >= MOST_WAITING:
            return False
        self._waiting += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._waiting -= 1
        return True

    def note(self, address: str) -> float:
        """Note a wrong key from ``address``; return how many seconds its answer should take."""
        now = self._clock()
        tries = self._tries.pop(address, None)
        if tries is None or now - tries.at > FORGOTTEN_AFTER_SECONDS:
            tries = _Tries()
        self._tries[address] = tries  # the newest is the last to be forgotten
        if len(self._tries) > MOST_ADDRESSES:
            self._tries.popitem(last=False)
        tries.count += 1
        tries.unlogged += 1
        tries.at = now
        self._log(address, tries, now)
        late = tries.count - FREE_TRIES
        return 0.0 if late <= 0 else min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** min(late - 1, 16))

    def _log(self, address: str, tries: _Tries, now: float) -> None:
        if now - tries.logged_at < LOGGED_EVERY_SECONDS:
            return
        if now - self._lines_since >= LOGGED_EVERY_SECONDS:
            self._lines, self._lines_since = 0, now
        if self._lines >= MOST_LINES_A_MINUTE:
            return
        self._lines += 1
        log.warning("wrong_keys", address=address, times=tries.unlogged)
        tries.unlogged, tries.logged_at = 0, now
