"""Time as a thing that is handed in, so that plans stay pure and tests need no sleeping.

``monotonic`` is for deadlines, ``now`` for what people and databases read. Neither stands in for the other: wall
clocks jump.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Return the wall-clock time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back; only differences mean anything."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """Return the wall-clock time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        return time.monotonic()


def milliseconds(moment: datetime) -> int:
    """Return Unix time in milliseconds, the unit of WAHA's event timestamps."""
    return int(moment.timestamp() * 1000)


def from_milliseconds(timestamp: int) -> datetime:
    """Return the moment of such a time."""
    return datetime.fromtimestamp(timestamp / 1000, UTC)
