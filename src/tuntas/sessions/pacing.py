"""How fast one session may send. A token bucket as two pure functions; time is an argument.

WhatsApp restricts accounts that send like machines do. So sends are spaced by default: a few at once, as a person
answering would, then a steady pace.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """``burst`` sends at once, then ``per_minute``; 0 a minute means without any pace."""

    per_minute: float = 60.0
    burst: int = 10

    @property
    def interval_seconds(self) -> float:
        """The time between two sends once the burst is used up; 0 without a pace."""
        return 60.0 / self.per_minute if self.per_minute > 0 else 0.0


def wait_seconds(pace: Pace, spent_until: float, now: float) -> float:
    """Return how long the next send must wait, given the bucket's mark ``spent_until`` (monotonic seconds)."""
    return max(0.0, spent_until - (pace.burst - 1) * pace.interval_seconds - now)


def after_send(pace: Pace, spent_until: float, now: float) -> float:
    """Return the bucket's new mark after a send at ``now``."""
    return max(spent_until, now) + pace.interval_seconds
