"""Who asks at one moment who uses a folder shares one look; nobody is told by a look that began before the question."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from support.until import until
from tuntas.foundation.tasks import end, spawn
from tuntas.processes.holder import Holder
from tuntas.processes.holders import UsesFound
from tuntas.profiles import shared_look
from tuntas.profiles.shared_look import SharedLook


class Looks:
    """Stands for the scan: each look waits until it may end, and says of every folder which look it was."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.asked: list[list[str]] = []
        self.may_end = threading.Semaphore(0)
        patch.setattr(shared_look, "uses_of", self)

    def __call__(self, *groups: tuple[Path, ...], deadline_seconds: float) -> UsesFound:
        self.asked.append([group[0].name for group in groups])
        number = len(self.asked)
        assert self.may_end.acquire(timeout=deadline_seconds)
        return UsesFound(tuple((Holder(number, "a", "open file", str(group[0])),) for group in groups), in_time=True)


def pids(found: tuple[Holder, ...]) -> list[int]:
    return [one.pid for one in found]


def test_those_who_ask_during_a_look_share_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        looks, look = Looks(monkeypatch), SharedLook(60.0)
        first = spawn(look.uses(Path("/first")), name="first")
        await until(lambda: looks.asked == [["first"]])
        later = [spawn(look.uses(Path(f"/{number}")), name=str(number)) for number in range(40)]
        await asyncio.sleep(0)
        looks.may_end.release(2)
        assert pids(await first) == [1]
        for number, one in enumerate(later):
            (holder,) = await one
            assert (holder.pid, holder.path) == (2, f"/{number}")
        assert len(looks.asked) == 2

    asyncio.run(main())


def test_who_goes_away_in_the_middle_of_a_look_leaves_the_others_their_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        looks, look = Looks(monkeypatch), SharedLook(60.0)
        first = spawn(look.uses(Path("/first")), name="first")
        await until(lambda: looks.asked)
        second = spawn(look.uses(Path("/second")), name="second")
        third = spawn(look.uses(Path("/third")), name="third")
        looks.may_end.release()
        await until(lambda: looks.asked == [["first"], ["second", "third"]])
        ending = spawn(end(second), name="second goes away")
        looks.may_end.release(2)
        await ending
        (holder,) = await third
        assert holder.path == "/third"
        await first

    asyncio.run(main())
