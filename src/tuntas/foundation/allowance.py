"""So much at once, and so much a second after that: what somebody may use of us. Pure; time is an argument."""

from __future__ import annotations


class Allowance:
    """A bucket that fills by itself: ``at_once`` fit in, ``per_second`` come back."""

    def __init__(self, at_once: float, per_second: float) -> None:
        """Start full."""
        self._at_once = at_once
        self._per_second = per_second
        self._left = at_once
        self._seen_at: float | None = None

    def take(self, amount: float, now: float) -> bool:
        """Use ``amount`` at ``now`` (monotonic seconds) and return True; or False, if it is not there."""
        if self._seen_at is not None:
            self._left = min(self._at_once, self._left + (now - self._seen_at) * self._per_second)
        self._seen_at = now
        if amount > self._left:
            return False
        self._left -= amount
        return True
