"""Background tasks and blocking work: nothing runs on behind anybody's back."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tuntas.foundation.tasks import blocking_to_its_end, end, kept_up, spawn


def test_work_that_must_end_is_over_when_its_cancelled_caller_leaves() -> None:
    begun, may_end, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait(10)
        done.set()

    async def main() -> None:
        caller = spawn(blocking_to_its_end(work), name="caller")
        await asyncio.to_thread(begun.wait, 10)
        caller.cancel()
        await asyncio.sleep(0)
        assert not caller.done()
        may_end.set()
        await asyncio.wait([caller])
        assert caller.cancelled()
        assert done.is_set()

    asyncio.run(main())


def test_a_task_is_ended_only_when_it_has_cleaned_up() -> None:
    cleaned = False

    async def work() -> None:
        nonlocal cleaned
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned = True

    async def main() -> None:
        task = spawn(work(), name="work")
        await asyncio.sleep(0)
        await end(task)
        assert cleaned

    asyncio.run(main())


def test_a_crash_is_logged_even_when_nobody_waits(capsys: pytest.CaptureFixture[str]) -> None:
    async def work() -> None:
        message = "broken"
        raise ValueError(message)

    async def main() -> None:
        task = spawn(work(), name="unwatched")
        await asyncio.wait([task])
        assert isinstance(task.exception(), ValueError)

    asyncio.run(main())
    told = capsys.readouterr()
    assert "task_crashed" in told.out + told.err
    assert "unwatched" in told.out + told.err


def test_work_that_fails_is_told_and_begins_anew_and_can_still_be_ended(capsys: pytest.CaptureFixture[str]) -> None:
    begun: list[str] = []

    async def main() -> None:
        goes_on = asyncio.Event()

        async def work() -> None:
            begun.append("once more")
            if len(begun) < 3:
                message = "the database is away"
                raise OSError(message)
            goes_on.set()
            await asyncio.Event().wait()

        task = spawn(kept_up(work, name="pruning", pause_seconds=0.0), name="kept up")
        async with asyncio.timeout(10):
            await goes_on.wait()
            await end(task)
        assert task.cancelled()

    asyncio.run(main())
    assert len(begun) == 3
    assert capsys.readouterr().out.count("the database is away") == 2
