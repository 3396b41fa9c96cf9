"""When a working session's browser has grown too large: a fresh one takes its place, before the machine suffers.

A page that lives for months grows. Nothing may be lost by the change: what is under way is waited for within a limit,
sends that come meanwhile wait for the next page, and what arrives meanwhile that page is asked for. It must never
become a loop: a browser that is large again soon is left alone until the pause is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tuntas.foundation.clock import Clock
from tuntas.sessions.surroundings import Limits

REASON = "recycled"


class Uses:
    """Calls into a session's page that are under way."""

    def __init__(self, on_free: Callable[[], None]) -> None:
        """Tell ``on_free`` whenever none is under way any more."""
        self._on_free = on_free
        self._count = 0

    @property
    def is_any(self) -> bool:
        """Whether one is under way."""
        return self._count > 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count a call for as long as the block lasts."""
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1
            if self._count == 0:
                self._on_free()


class Growth:
    """One session's browser, judged by its memory. Used by its actor alone; times are monotonic seconds."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        """Begin with a browser that nobody has weighed."""
        self._limits = limits
        self._clock = clock
        self._allowed_at = float("-inf")
        self._look_at = float("-inf")
        self.detail: str | None = None
        """Why a fresh browser is due; None while this one is good."""
        self.recycle_at: float | None = None
        """Until then calls that are under way are waited for."""
        self.is_change = False
        """Whether the next start is such a change."""

    @property
    def is_overgrown(self) -> bool:
        """Whether a fresh browser is due."""
        return self.detail is not None

    @property
    def wants_look(self) -> bool:
        """Whether it is time to look how large the browser has become; a look reads the whole process table."""
        return self._clock.monotonic() >= self._look_at

    def weighed(self, memory_bytes: int) -> None:
        """Judge what was found."""
        limit_bytes, now = self._limits.recycle_bytes, self._clock.monotonic()
        self._look_at = now + self._limits.tend_seconds
        if limit_bytes and memory_bytes > limit_bytes and not self.is_overgrown and now >= self._allowed_at:
            self.detail = f"the browser takes {memory_bytes / 1e6:.0f} MB, more than {limit_bytes / 1e6:.0f} MB"
            self.recycle_at = now + self._limits.recycle_wait_seconds

    def begin(self) -> str:
        """Take it that the browser is ended for its size; return what to write into the story.

        It stays overgrown until it is forgotten: a send that comes before the change is written must wait too.
        """
        self.is_change = True
        self._allowed_at = self._clock.monotonic() + self._limits.recycle_pause_seconds
        return self.detail or ""

    def forget(self) -> None:
        """Take it that the browser goes, or has gone, whatever for."""
        self.detail = self.recycle_at = None
        self.is_change = False
        self._look_at = float("-inf")
