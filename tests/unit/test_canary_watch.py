"""The canary waits for its moment, and one look that fails is not the last one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from support.until import until
from tuntas.canary import watch
from tuntas.canary.book import CanaryBook
from tuntas.canary.report import CanaryReport
from tuntas.canary.watch import CanaryWatch
from tuntas.foundation.clock import SystemClock
from tuntas.foundation.tasks import end, spawn
from tuntas.sessions.gate import BootGate

VERY_OFTEN = 1e-9


class Looks:
    def __init__(self) -> None:
        self.count = 0
        self.told = 0

    async def look(self) -> CanaryReport:
        self.count += 1
        if self.count == 1:
            message = "a defect"
            raise RuntimeError(message)
        return CanaryReport("u", qr=True, required=[])

    def tell(self) -> None:
        self.told += 1


def test_it_waits_until_no_session_starts_and_outlives_a_look_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "CALM_LOOK_SECONDS", 0.001)
    asyncio.run(_waits_and_goes_on(tmp_path))


async def _waits_and_goes_on(tmp_path: Path) -> None:
    gate, looks, asked = BootGate(3, lambda: False), Looks(), 0

    def is_calm() -> bool:
        nonlocal asked
        asked += 1
        return gate.is_idle

    starting = await gate.enter()
    canary = CanaryWatch(looks.look, is_calm, CanaryBook(tmp_path / "kept"), SystemClock(), VERY_OFTEN, looks.tell)
    task = spawn(canary.run(), name="canary")
    try:
        async with asyncio.timeout(20):
            await until(lambda: asked > 5)
            assert looks.count == 0
            starting.leave()
            await until(lambda: canary.course.known is not None and looks.told >= 2)
    finally:
        await end(task)


def test_one_that_waits_at_the_gate_makes_it_no_calm_moment() -> None:
    asyncio.run(_one_waits())


async def _one_waits() -> None:
    gate = BootGate(1, lambda: False)
    inside = await gate.enter()
    waiting = spawn(gate.enter(), name="waits")
    await asyncio.sleep(0)
    inside.leave()
    assert not gate.is_idle
    (await waiting).leave()
    assert gate.is_idle


def test_one_that_is_off_does_nothing_at_all(tmp_path: Path) -> None:
    looks = Looks()
    canary = CanaryWatch(looks.look, lambda: True, CanaryBook(tmp_path / "kept"), SystemClock(), 0, looks.tell)
    asyncio.run(canary.run())
    assert (looks.count, canary.is_on, canary.next_at) == (0, False, None)
