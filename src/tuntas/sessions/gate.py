"""How many sessions may be starting at one moment, so that a boot with many does not hold the door.

A few at most, and one at a time while the machine is at its limit: starts that slow each other down run into their
deadlines and start again, and then nothing ever comes up. One may always start, however busy the machine is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_LOOK_EVERY_SECONDS = 0.5


class BootGate:
    """Lets a few sessions start at one moment, in the order in which they came."""

    def __init__(self, places: int, is_busy: Callable[[], bool]) -> None:
        """Open with ``places`` places; ``is_busy`` says whether the machine is at its limit, and is asked often."""
        self._places = places
        self._is_busy = is_busy
        self._starting = 0
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()

    @property
    def is_idle(self) -> bool:
        """Whether none is starting and none waits for a place."""
        return self._starting == 0 and not self._turn.locked()

    async def enter(self) -> Slot:
        """Wait for a place and take it."""
        async with self._turn:  # asyncio's locks are fair: first come, first served
            while not self._has_room():
                self._changed.clear()
                try:
                    async with asyncio.timeout(_LOOK_EVERY_SECONDS if self._starting < self._places else None):
                        await self._changed.wait()
                except TimeoutError:
                    continue
            self._starting += 1
        return Slot(self._left)

    def _has_room(self) -> bool:
        return self._starting == 0 or (self._starting < self._places and not self._is_busy())

    def _left(self) -> None:
        self._starting -= 1
        self._changed.set()


class Slot:
    """The right to be starting. Give it back with ``leave``; twice is harmless."""

    def __init__(self, on_leave: Callable[[], None]) -> None:
        """Hold one place; ``on_leave`` gives it back."""
        self._on_leave: Callable[[], None] | None = on_leave

    def leave(self) -> None:
        """Let the next one start."""
        on_leave, self._on_leave = self._on_leave, None
        if on_leave is not None:
            on_leave()
