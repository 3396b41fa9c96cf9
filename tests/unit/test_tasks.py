"""Background tasks and blocking work: nothing runs on behind anybody's back."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tuntas.foundation.tasks import blocking_to_its_end, end, spawn


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
