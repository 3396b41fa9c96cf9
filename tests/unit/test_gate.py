"""The gate at which starting sessions wait for each other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import psutil
import pytest

from support.until import until
from tuntas.foundation import load
from tuntas.foundation.tasks import end, spawn
from tuntas.sessions.gate import BootGate, Slot


class Crowd:
    """Sessions that want to start: who is in, in which order, and the machine's load as it is told."""

    def __init__(self, places: int) -> None:
        self.is_busy = False
        self.came_in: list[int] = []
        self.slots: dict[int, Slot] = {}
        self._gate = BootGate(places, lambda: self.is_busy)

    async def come(self, number: int) -> None:
        self.slots[number] = await self._gate.enter()
        self.came_in.append(number)


def played(story: Callable[[Crowd], Awaitable[None]], places: int = 3) -> None:
    async def play() -> None:
        await story(Crowd(places))

    asyncio.run(play())


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_few_start_at_once_in_their_order_and_the_next_when_one_is_done() -> None:
    async def story(crowd: Crowd) -> None:
        waiting = [spawn(crowd.come(number), name=f"start {number}") for number in range(5)]
        await turns()
        assert crowd.came_in == [0, 1, 2]
        crowd.slots[1].leave()
        crowd.slots[1].leave()
        await turns()
        assert crowd.came_in == [0, 1, 2, 3]
        crowd.slots[0].leave()
        await asyncio.wait(waiting)
        assert crowd.came_in == [0, 1, 2, 3, 4]

    played(story)


def test_a_busy_machine_starts_one_at_a_time_and_never_none() -> None:
    async def story(crowd: Crowd) -> None:
        crowd.is_busy = True
        waiting = [spawn(crowd.come(number), name=f"start {number}") for number in range(3)]
        await turns()
        assert crowd.came_in == [0]
        crowd.slots[0].leave()
        await turns()
        assert crowd.came_in == [0, 1]
        crowd.is_busy = False
        await until(lambda: crowd.came_in == [0, 1, 2])
        await asyncio.wait(waiting)

    played(story)


def test_a_start_that_is_given_up_at_the_gate_keeps_nobody_out() -> None:
    async def story(crowd: Crowd) -> None:
        await crowd.come(0)
        given_up = spawn(crowd.come(1), name="start 1")
        next_one = spawn(crowd.come(2), name="start 2")
        await turns()
        await end(given_up)
        crowd.slots[0].leave()
        await next_one
        assert crowd.came_in == [0, 2]

    played(story, places=1)


def test_a_machine_is_at_its_limit_when_its_processors_are_busy_or_its_memory_is_scarce(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    percents = iter([99.0, 20.0, 20.0])
    free = 8_000_000_000
    clock = iter([0.0, 0.0, 1.0, 1.0, 2.0, 2.0])
    monkeypatch.setattr(psutil, "cpu_percent", lambda interval: next(percents))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free))
    monkeypatch.setattr(load, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    machine = load.MachineLoad()
    assert machine.is_high()
    assert not machine.is_high()
    free = 200_000_000
    assert machine.is_high()
