"""Says that there is news, to those in this process who follow something: the log of events, a session.

It carries no event: whoever hears the bell looks for what is new where it is kept, at its own pace, so that a slow
listener costs nothing and misses nothing.
"""

from __future__ import annotations

import asyncio


class Bell:
    """Rings for everybody who listens at that moment. Take ``next`` before looking, and await it after."""

    def __init__(self) -> None:
        self._next = asyncio.Event()
        self.is_silent = False

    def silence(self) -> None:
        """Ring for the last time: nothing more is to be expected, and whoever follows should end."""
        self.is_silent = True
        self.ring()

    def ring(self) -> None:
        """Wake all who wait."""
        rung, self._next = self._next, asyncio.Event()
        rung.set()

    def next(self) -> asyncio.Event:
        """Return what the next ring will set."""
        return self._next
