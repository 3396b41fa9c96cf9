"""What delivery asks of the outbox. Every method is one transaction, durable when it returns."""

from __future__ import annotations

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


class Outbox(Protocol):
    """Events that were committed and are not delivered yet."""

    async def lanes(self) -> list[str]:
        """Return the lanes that have something waiting."""
        ...

    async def waiting(self, lane: str, *, limit: int) -> list[Delivery]:
        """Return the oldest waiting deliveries of a lane, in order."""
        ...

    async def delivered(self, delivery: Delivery) -> None:
        """Note that the receiver took it."""
        ...

    async def postponed(self, delivery: Delivery, *, next_attempt_at: datetime, error: str) -> None:
        """Note a failed attempt and when the next is due."""
        ...

    async def given_up(self, delivery: Delivery, *, error: str) -> None:
        """Note that the attempts are used up; it stays visible as dead."""
        ...
