"""Who asked to be told of what: one webhook of one session."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from tuntas.events.model import EventName


class RetryPolicy(StrEnum):
    """How the wait between attempts grows."""

    CONSTANT = "constant"
    LINEAR = "linear"
    EXPONENTIAL = "exponential"


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how patiently a delivery is tried again; the defaults are WAHA's."""

    policy: RetryPolicy = RetryPolicy.CONSTANT
    delay_seconds: float = 2.0
    attempts: int = 15


@dataclass(frozen=True, slots=True)
class Subscription:
    """A receiver's address and what it wants. ``*`` among the events means all of them."""

    url: str
    events: tuple[str, ...]
    hmac_key: str | None = field(default=None, repr=False)
    retries: Retries = Retries()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def wants(self, name: EventName) -> bool:
        """Say whether this receiver asked for events called ``name``."""
        return "*" in self.events or name.value in self.events
