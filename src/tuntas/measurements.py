"""What was measured, over time: a few series, kept small. Counts and sizes; of sessions only what each one takes.

Each sample goes into one bucket of each span, so that an hour, a day and a month cost the same few rows however long
the server runs. A bucket knows its sum and how many samples it has, from which follow rates (sum) and levels (mean).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol


class Series(StrEnum):
    """What is measured."""

    SERVER_MEMORY = "server_memory"
    BROWSER_MEMORY = "browser_memory"
    """Bytes, of each session's browser with all its processes."""
    MESSAGES_IN = "messages_in"
    MESSAGES_OUT = "messages_out"
    RESTARTS = "restarts"
    """Browsers ended to be started again."""
    DELIVERIES_WAITING = "deliveries_waiting"
    DELIVERY_SECONDS = "delivery_seconds"
    """Requests to receivers: a sample each, with its time."""


class Span(StrEnum):
    """How far back one looks."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"

    @property
    def length(self) -> timedelta:
        """How far back."""
        return _LENGTHS[self]

    @property
    def step(self) -> timedelta:
        """How long a bucket is."""
        return _STEPS[self]

    def bucket(self, at: datetime) -> datetime:
        """Return when the bucket begins in which a time lies."""
        since = at - _EPOCH
        return _EPOCH + since // self.step * self.step

    def buckets(self, now: datetime) -> list[datetime]:
        """Return when each bucket of this span begins, the oldest first; the newest is the one that is being filled."""
        newest = self.bucket(now)
        count = self.length // self.step
        return [newest - self.step * back for back in reversed(range(count))]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LENGTHS = {Span.HOUR: timedelta(hours=1), Span.DAY: timedelta(days=1), Span.MONTH: timedelta(days=30)}
_STEPS = {Span.HOUR: timedelta(minutes=1), Span.DAY: timedelta(minutes=15), Span.MONTH: timedelta(hours=6)}


@dataclass(frozen=True, slots=True)
class Sample:
    """One look: ``total`` of ``count`` things. ``session`` is empty where it is the server's."""

    series: Series
    total: float
    count: int = 1
    session: str = ""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What came together in one step from ``at`` on."""

    at: datetime
    total: float
    count: int

    @property
    def mean(self) -> float:
        """What one of them was, on average."""
        return self.total / self.count if self.count else 0.0


Curve = Sequence[Bucket]
"""The buckets that there are of one series, the oldest first."""


class MeasurementStore(Protocol):
    """Keeps what was measured, for as long as the longest span."""

    async def add(self, at: datetime, samples: Sequence[Sample], sessions: Collection[str]) -> None:
        """Take in samples of one look; forget what is older than its span, and what is of sessions that are not."""
        ...

    async def read(self, span: Span, now: datetime) -> Mapping[tuple[Series, str], Curve]:
        """Return all curves over a span until ``now``, by series and session."""
        ...
