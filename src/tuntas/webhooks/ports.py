"""What delivery asks of the store. Every method is one transaction, durable when it returns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tuntas.events import Subscription


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one receiver. ``lane`` names session and receiver; order is kept within a lane.

    ``subscription`` is as the session's configuration has it now. ``hopeless``: why it can never be delivered.
    ``is_last``: its session is deleted, so that nothing of its lane is tried again once an attempt has failed.
    """

    id: int
    lane: str
    session: str
    event_id: str
    body: str = field(repr=False)
    subscription: Subscription
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    hopeless: str | None = None
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver took it."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Postponed:
    """An attempt has failed, and when the next is due."""

    delivery: Delivery
    error: str
    next_attempt_at: datetime


@dataclass(frozen=True, slots=True)
class GivenUp:
    """It is not tried again; it stays visible as dead. ``was_tried``: by an attempt that is not counted yet."""

    delivery: Delivery
    error: str
    was_tried: bool = True


@dataclass(frozen=True, slots=True)
class LaneEnded:
    """Nothing that waits in the lane is tried again."""

    lane: str
    reason: str


Outcome = Delivered | Postponed | GivenUp | LaneEnded


@dataclass(frozen=True, slots=True)
class LaneHead:
    """A lane that has something waiting, and what is known of its oldest delivery."""

    lane: str
    session: str
    url: str
    since: datetime
    next_attempt_at: datetime
    attempts: int
    error: str | None


@dataclass(frozen=True, slots=True)
class LaneReport:
    """How a lane is, for a person. ``since``: when the event was written that waits longest, None if none does."""

    session: str
    url: str = field(repr=False)
    since: datetime | None
    failures: int
    error: str | None
    is_stuck: bool


@dataclass(frozen=True, slots=True)
class DeliveryNote:
    """What is known of a delivery, for a person. ``state`` is waiting, delivered or dead."""

    id: int
    event_id: str
    event: str
    session: str
    url: str
    state: str
    attempts: int
    error: str | None
    created_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries are meant: all that each given field allows. Times are those of the events."""

    id: int | None = None
    before_id: int | None = None
    event_ids: Collection[str] | None = None
    session: str | None = None
    state: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """A published event. ``place`` grows with each; ``body`` is the JSON document that receivers get."""

    place: int
    event_id: str
    session: str
    event: str
    body: str = field(repr=False)


class Outbox(Protocol):
    """Events that were committed and are not delivered yet."""

    async def lanes(self) -> list[str]:
        """Return the lanes that have something waiting."""
        ...

    async def waiting(self, lane: str, *, limit: int) -> list[Delivery]:
        """Return the oldest waiting deliveries of a lane, in order."""
        ...

    async def heads(self) -> list[LaneHead]:
        """Return the oldest waiting delivery of each lane that has one."""
        ...

    async def note(self, outcomes: Sequence[Outcome]) -> None:
        """Write down what came of attempts; what has ended meanwhile stays ended."""
        ...

    async def counts(self, sessions: frozenset[str] | None = None) -> dict[str, int]:
        """Return how many deliveries are in each state; of these sessions only, where some are named."""
        ...

    async def oldest_waiting(self) -> datetime | None:
        """Return when the event was written that has waited longest for its delivery; None if none waits."""
        ...

    async def notes(self, wanted: DeliveryFilter, *, limit: int) -> list[DeliveryNote]:
        """Return what is known of the newest deliveries that are meant, newest first."""
        ...

    async def replay(self, wanted: DeliveryFilter, now: datetime) -> set[str]:
        """Have the ended deliveries that are meant made again, each in its old place; return their lanes."""
        ...


class EventLog(Protocol):
    """All events that were published."""

    async def newest(self) -> int:
        """Return the place of the newest event; 0 if there is none."""
        ...

    async def place_of(self, event_id: str) -> int | None:
        """Return the place of an event, None if it is not known, or not any more."""
        ...

    async def after(
        self, place: int, sessions: Collection[str] | None, names: Collection[str] | None, *, limit: int
    ) -> list[LoggedEvent]:
        """Return the events behind ``place``, oldest first, of these sessions and names; None means all."""
        ...

    async def recent(self, session: str, names: Collection[str] | None, *, limit: int) -> list[LoggedEvent]:
        """Return the newest events of a session, newest first; names None means all."""
        ...

    async def about(self, session_id: str, message_token: str, *, limit: int) -> list[LoggedEvent]:
        """Return the events about one message of a session, oldest first."""
        ...
