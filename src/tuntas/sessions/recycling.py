"""When a working session's browser has grown too large: a fresh one takes its place, before the machine suffers. Pure.

A page that lives for months grows. Nothing may be lost by the change: what is under way is waited for within a limit,
sends that come meanwhile wait for the next page, and what arrives meanwhile that page is asked for. It must never
become a loop: a browser that is large again soon is left alone until the pause is over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tuntas.sessions.limits import Limits

REASON = "recycled"

_EVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Growth:
    """One session's browser, judged by its memory. Times are monotonic seconds.

    ``detail``: why a fresh browser is due, None while this one is good. ``recycle_at``: until then calls that are under
    way are waited for. ``is_change``: the next start is such a change. ``allowed_at``: no change before then.
    ``look_at``: when to look again how large the browser is; a look reads the whole process table.
    """

    detail: str | None = None
    recycle_at: float | None = None
    is_change: bool = False
    allowed_at: float = _EVER
    look_at: float = _EVER

    @property
    def is_overgrown(self) -> bool:
        """Whether a fresh browser is due."""
        return self.detail is not None

    def wants_look(self, now: float) -> bool:
        """Say whether it is time to look how large the browser has become."""
        return now >= self.look_at

    def may_recycle(self, now: float, *, in_use: bool) -> bool:
        """Say whether the browser may be ended: its calls are through, or have had their time."""
        return self.is_overgrown and (not in_use or (self.recycle_at is not None and now >= self.recycle_at))

    def weighed(self, memory_bytes: int, limits: Limits, now: float) -> Growth:
        """Judge what was found."""
        looked = replace(self, look_at=now + limits.tend_seconds)
        limit_bytes = limits.recycle_bytes
        if not limit_bytes or memory_bytes <= limit_bytes or self.is_overgrown or now < self.allowed_at:
            return looked
        detail = f"the browser takes {memory_bytes / 1e6:.0f} MB, more than {limit_bytes / 1e6:.0f} MB"
        return replace(looked, detail=detail, recycle_at=now + limits.recycle_wait_seconds)

    def begun(self, limits: Limits, now: float) -> Growth:
        """Take it that the browser is ended for its size.

        It stays overgrown until it is forgotten: a send that comes before the change is written must wait too.
        """
        return replace(self, is_change=True, allowed_at=now + limits.recycle_pause_seconds)

    def forgotten(self) -> Growth:
        """Take it that the browser goes, or has gone, whatever for."""
        return Growth(allowed_at=self.allowed_at)
