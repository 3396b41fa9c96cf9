"""The faults and variants a tester has switched on, and whom each one meets. Pure; time is an argument.

What lasts is kept here until it is cleared or its time is up. What happens once to the pages that are connected
(``hang_page``, ``crash_page``, ``replaced``) is carried out at once, so nothing of it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, isinf
from typing import Any


@dataclass(frozen=True, slots=True)
class FaultScope:
    """Whom a fault meets: the devices of one phone, one device, or, where both are ``None``, everybody."""

    number: str | None = None
    device: str | None = None
    module: str | None = None
    """What it is about, where a fault is about one module: of those there may be several."""

    def meets(self, device: str, number: str | None) -> bool:
        """Return whether a page, by its device id and the number it is linked to, is meant."""
        return self.device in (None, device) and self.number in (None, number)

    @property
    def everybody(self) -> bool:
        """Whether the fault is not limited at all."""
        return self.number is None and self.device is None


@dataclass(frozen=True, slots=True)
class Standing:
    """A fault that lasts: what was asked for beside its kind and its scope, and until when it counts."""

    values: dict[str, Any]
    until: float = inf


@dataclass(slots=True)
class Faults:
    """What is switched on, by kind; of one kind there is one for each scope."""

    _standing: dict[str, dict[FaultScope, Standing]] = field(default_factory=dict)

    def put(self, kind: str, scope: FaultScope, values: dict[str, Any], until: float = inf) -> None:
        """Switch a fault on, in place of one of the same kind and scope."""
        self._standing.setdefault(kind, {})[scope] = Standing(values, until)

    def remove(self, kind: str, scope: FaultScope | None = None) -> None:
        """Switch off what there is of a kind, or only what has this scope."""
        if scope is None:
            self._standing.pop(kind, None)
        else:
            self._standing.get(kind, {}).pop(scope, None)

    def clear(self) -> None:
        """Switch everything off."""
        self._standing.clear()

    def of(self, kind: str, now: float) -> dict[FaultScope, Standing]:
        """Return what there is of a kind, whomever it meets."""
        return {scope: each for scope, each in self._standing.get(kind, {}).items() if now < each.until}

    def meeting(self, kind: str, device: str, number: str | None, now: float) -> Standing | None:
        """Return the fault of this kind that meets a page, the newest if there are several."""
        found = [each for scope, each in self.of(kind, now).items() if scope.meets(device, number)]
        return found[-1] if found else None

    def everybodys(self, kind: str, now: float) -> Standing | None:
        """Return the fault of this kind that is not limited to anybody."""
        return self.of(kind, now).get(FaultScope())

    def delay_seconds(self, device: str, number: str | None, now: float) -> float:
        """Return how long an answer to this page takes."""
        slow = [each for scope, each in self.of("slow", now).items() if scope.meets(device, number)]
        return max((each.values["seconds"] for each in slow), default=0.0)

    def load_delay_seconds(self, now: float) -> float:
        """Return how long the page's address takes to answer; infinity where it never does."""
        stalled, slow = self.everybodys("stall_load", now), self.everybodys("slow", now)
        stall_seconds = 0.0 if stalled is None else stalled.values["seconds"]
        return max(inf if stall_seconds is None else stall_seconds, 0.0 if slow is None else slow.values["seconds"])

    def describe(self, now: float) -> dict[str, list[dict[str, Any]]]:
        """Return what is switched on, as the control API shows it."""
        return {
            kind: [
                {"number": scope.number, "device": scope.device}
                | ({} if scope.module is None else {"module": scope.module})
                | {"seconds_left": _left(each.until - now)}
                | each.values
                for scope, each in self.of(kind, now).items()
            ]
            for kind in self._standing
            if self.of(kind, now)
        }


def _left(seconds: float) -> float | None:
    return None if isinf(seconds) else round(seconds, 3)
