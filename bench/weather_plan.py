"""The weather: which trouble comes when, from a seed alone. Pure.

Each trouble comes by chance, with an even rate (a Poisson process). ``FACTOR`` says how much faster time runs here than
outside: the rates are those of a session that meets ``TROUBLES_A_DAY`` troubles of its own a day, which none does.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

# One minute here is eight hours outside; timeouts that outside are hours or days are set shorter by as much.
FACTOR = 480
TROUBLES_A_DAY = 4
SHARED_TROUBLES_A_DAY = 3
DAY_SECONDS = 86_400

# kind: (weight, shortest seconds, longest seconds). Those of zero seconds strike and are over.
OF_ONE = {
    "drop_socket": (6, 0.5, 8.0),
    "crash_page": (4, 0.0, 0.0),
    "hang_page": (3, 0.0, 0.0),
    "deaf": (1, 0.0, 0.0),
    "kill_browser": (3, 0.0, 0.0),
    "half_open": (3, 3.0, 10.0),
    "away": (3, 3.0, 12.0),
    "slow": (3, 5.0, 15.0),
    "service_unavailable": (3, 3.0, 10.0),
    "temp_ban": (2, 8.0, 20.0),
    "replaced": (2, 0.0, 0.0),
    "terms": (1, 5.0, 10.0),
    "update_required": (1, 5.0, 10.0),
    "disk_takes_nothing": (2, 4.0, 10.0),
    "disk_not_opened": (1, 4.0, 10.0),
    "late_module": (2, 3.0, 12.0),
    "missing_module": (2, 5.0, 15.0),
    "trickle": (2, 5.0, 15.0),
    "ciphertext_first": (2, 5.0, 15.0),
    "unlink": (1, 0.0, 0.0),
    "passkey": (1, 0.0, 0.0),
    "timelock": (2, 6.0, 20.0),
    "capping": (2, 6.0, 20.0),
}
OF_ALL = {
    "network_down": (4, 4.0, 15.0),
    "stall_load": (2, 3.0, 8.0),
    "service_unavailable": (2, 3.0, 10.0),
    "unsupported_page": (1, 3.0, 8.0),
    "needed_module_missing": (1, 5.0, 15.0),
    "page_version": (2, 0.0, 0.0),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """``session``: None for all. Times are seconds since the weather began."""

    at: float
    kind: str
    session: int | None
    seconds: float

    @property
    def until(self) -> float:
        """When it is over."""
        return self.at + self.seconds


def weather(seed: int, sessions: int, seconds: float) -> list[Trouble]:
    """Return all troubles of a run, in the order in which they come."""
    found: list[Trouble] = []
    for session in (*range(sessions), None):
        chance = random.Random(f"weather {seed} {session}")  # so that a longer run begins as a shorter one
        kinds = OF_ALL if session is None else OF_ONE
        daily = SHARED_TROUBLES_A_DAY if session is None else TROUBLES_A_DAY
        for at in _arrivals(chance, daily * FACTOR / DAY_SECONDS, seconds):
            kind = chance.choices(list(kinds), [weight for weight, _, _ in kinds.values()])[0]
            _, shortest, longest = kinds[kind]
            found.append(Trouble(at, kind, session, chance.uniform(shortest, longest)))
    return sorted(found, key=lambda one: one.at)


def _arrivals(chance: random.Random, per_second: float, seconds: float) -> Iterator[float]:
    at = chance.expovariate(per_second)
    while at < seconds:
        yield at
        at += chance.expovariate(per_second)
