"""How many sessions may be starting at one moment, so that a boot with many does not hold the door."""

from __future__ import annotations

import asyncio


class Slot:
    """The right to be starting. Give it back with ``leave``; twice is harmless."""

    def __init__(self, semaphore: asyncio.Semaphore) -> None:
        """Hold one place of ``semaphore``."""
        self._semaphore: asyncio.Semaphore | None = semaphore

    def leave(self) -> None:
        """Let the next one start."""
        semaphore, self._semaphore = self._semaphore, None
        if semaphore is not None:
            semaphore.release()


class BootGate:
    """Lets a few sessions start at one moment, in the order in which they came."""

    def __init__(self, places: int) -> None:
        """Open with ``places`` places."""
        self._semaphore = asyncio.Semaphore(places)

    async def enter(self) -> Slot:
        """Wait for a place and take it."""
        await self._semaphore.acquire()
        return Slot(self._semaphore)
