"""Who asked to be told of what: one webhook of one session."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tuntas.events.model import EventName

EVERYWHERE = "everywhere"
"""What the receiver of all sessions' events is called."""


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
    """A receiver's address and what it wants. ``*`` among the events means all of them.

    ``id`` tells the webhooks of a session apart and stays when one is corrected: what waits for it follows it to its
    new address. Without one it comes from the address.
    """

    url: str = field(repr=False)  # it may have a password in it
    events: tuple[str, ...]
    hmac_key: str | None = field(default=None, repr=False)
    retries: Retries = Retries()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    id: str = ""

    def __post_init__(self) -> None:
        if not self.id:
            object.__setattr__(self, "id", _id_of(self.url))

    def wants(self, name: EventName) -> bool:
        """Say whether this receiver asked for events called ``name``."""
        return "*" in self.events or name.value in self.events


def identified(wanted: Sequence[Subscription], known: Sequence[Subscription] = ()) -> tuple[Subscription, ...]:
    """Return ``wanted`` with the ids that the same webhooks have among ``known``, each id once.

    A webhook is the same if its address is, or else if it has the place of one whose address is gone.
    """
    ids: dict[int, str] = {}
    left = list(known)
    for place, one in enumerate(wanted):
        if (same := next((old for old in left if old.url == one.url), None)) is not None:
            ids[place] = same.id
            left.remove(same)
    for place in range(min(len(wanted), len(known))):
        if place not in ids and known[place] in left:
            ids[place] = known[place].id
    taken = {*ids.values(), *(old.id for old in known)}
    for place, one in enumerate(wanted):
        if place not in ids:
            ids[place] = _unused(_id_of(one.url), taken)
            taken.add(ids[place])
    return tuple(replace(one, id=ids[place]) for place, one in enumerate(wanted))


def _unused(wanted: str, taken: set[str]) -> str:
    number, chosen = 1, wanted
    while chosen in taken:
        number += 1
        chosen = f"{wanted}-{number}"
    return chosen


def _id_of(url: str) -> str:
    return hashlib.sha256(url.encode(errors="replace")).hexdigest()[:16]
