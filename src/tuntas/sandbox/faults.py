"""The faults a tester has switched on, and whom each one meets. Pure; time is an argument.

``drop_socket``, ``slow``, ``stall_load`` and ``remove_module`` last until they are cleared or run out; ``hang_page``
and ``crash_page`` happen once to the pages that are connected, so nothing of them is kept here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a fault meets: the devices of one phone, one device, or, where both are ``None``, everybody."""

    number: str | None = None
    device: str | None = None

    def meets(self, device: str, number: str | None) -> bool:
        """Return whether a page, by its device id and the number it is linked to, is meant."""
        return self.device in (None, device) and self.number in (None, number)

    @property
    def everybody(self) -> bool:
        """Whether the fault is not limited at all."""
        return self.number is None and self.device is None


@dataclass(slots=True)
class Faults:
    """What is switched on."""

    refused_until: dict[Scope, float] = field(default_factory=dict)
    slow_seconds: dict[Scope, float] = field(default_factory=dict)
    stall_seconds: float | None = None
    """How long the page's address takes to answer; ``None`` is not stalled, infinity is never."""
    removed_modules: set[str] = field(default_factory=set)

    def refuses(self, device: str, number: str | None, now: float) -> bool:
        """Return whether this page may not connect at the moment."""
        return any(now < until and scope.meets(device, number) for scope, until in self.refused_until.items())

    def delay_seconds(self, device: str, number: str | None) -> float:
        """Return how long an answer to this page takes."""
        return max(
            (seconds for scope, seconds in self.slow_seconds.items() if scope.meets(device, number)), default=0.0
        )

    def load_delay_seconds(self) -> float:
        """Return how long the page's address takes to answer; infinity where it never does."""
        return max(self.stall_seconds or 0.0, self.slow_seconds.get(Scope(), 0.0))

    def clear(self) -> None:
        """Switch everything off."""
        self.refused_until.clear()
        self.slow_seconds.clear()
        self.stall_seconds = None
        self.removed_modules.clear()

    def describe(self, now: float) -> dict[str, Any]:
        """Return what is switched on, as the control API shows it."""
        return {
            "drop_socket": [
                {"number": scope.number, "device": scope.device, "seconds_left": round(until - now, 3)}
                for scope, until in self.refused_until.items()
                if until > now
            ],
            "slow": [
                {"number": scope.number, "device": scope.device, "seconds": seconds}
                for scope, seconds in self.slow_seconds.items()
            ],
            "stall_load": None if self.stall_seconds is None else min(self.stall_seconds, 1e9),
            "remove_module": sorted(self.removed_modules),
        }
