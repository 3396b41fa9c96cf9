"""Each target is told in its own time: one that fails is asked again for ever, and never in the way of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tuntas.alerts.book import Alert
from tuntas.alerts.ports import TargetFailed
from tuntas.alerts.telling import AFTER_FAILURE, AlertTeller
from tuntas.events import Bell
from tuntas.troubles import Trouble, TroubleKind

FAILURES = 200


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 26, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


class Store:
    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}

    async def unfinished(self) -> list[Alert]:
        return [one for one in self.alerts.values() if one.resolved_at is None]

    async def recent(self, *, limit: int) -> list[Alert]:
        return list(self.alerts.values())[-limit:]

    async def save(self, alerts: Sequence[Alert]) -> None:
        self.alerts.update({one.id: one for one in alerts})


class Target:
    def __init__(self, name: str) -> None:
        self.name = name
        self.is_away = False
        self.asked = 0
        self.told: list[str] = []

    async def tell(self, alert: Alert, text: str) -> None:
        self.asked += 1
        if self.is_away:
            message = "nobody is there"
            raise TargetFailed(message)
        self.told.append(text)


def test_a_target_that_has_failed_for_days_is_asked_again_and_the_others_are_told_all_the_while() -> None:
    clock, store = Clock(), Store()
    away, there = Target("webhook"), Target("email")
    away.is_away = True
    troubles: list[Trouble] = []

    async def current() -> list[Trouble]:
        return troubles

    teller = AlertTeller(store, clock, current, [away, there], lambda one: one.session or "", timedelta(0), Bell())

    async def live() -> None:
        for number in range(FAILURES):
            troubles.append(Trouble(TroubleKind.SESSION_FAILED, f"shop-{number}", clock.time, ""))
            clock.time += timedelta(seconds=AFTER_FAILURE.ceiling_seconds)
            await teller.look()
            assert len(there.told) == number + 1
        assert away.asked == FAILURES
        assert teller.targets[0].error == "nobody is there"
        away.is_away = False
        clock.time += timedelta(seconds=AFTER_FAILURE.ceiling_seconds)
        await teller.look()

    asyncio.run(live())
    assert away.told == there.told == [f"shop-{number}" for number in range(FAILURES)]
    assert teller.targets[0].error is None
