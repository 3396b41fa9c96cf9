"""What delivery asks of the store. Every method is one transaction, durable when it returns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tuntas.events import Subscription


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one receiver. ``lane`` names session and receiver; order is kept within a lane."""

    id: int
    lane: str
    session: str
    event_id: str
    body: str = field(repr=False)
    subscription: Subscription
    attempts: int
    next_attempt_at: datetime


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
    event_id: str | None = None
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

    async def delivered(self, delivered: Sequence[Delivery]) -> None:
        """Note that the receiver took them."""
        ...

    async def postponed(self, delivery: Delivery, *, next_attempt_at: datetime, error: str) -> None:
        """Note a failed attempt and when the next is due."""
        ...

    async def given_up(self, delivery: Delivery, *, error: str) -> None:
        """Note that the attempts are used up; it stays visible as dead."""
        ...

    async def counts(self) -> dict[str, int]:
        """Return how many deliveries are in each state."""
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
