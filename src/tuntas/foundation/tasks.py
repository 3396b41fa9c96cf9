"""The only place that makes raw asyncio tasks. A task here always has a name, and its crash is never silent.

Everything else uses ``asyncio.TaskGroup`` and ``asyncio.timeout``; the linter bans the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import structlog

Result = TypeVar("Result")

log = structlog.get_logger(__name__)

# One bounded pool for all blocking work (process scans, renames), so that a burst can never exhaust the machine.
_BLOCKING = ThreadPoolExecutor(max_workers=8, thread_name_prefix="tuntas-blocking")

# The event loop keeps only weak references to tasks; without this set a running task can be collected.
_ALIVE: set[asyncio.Task[Any]] = set()


def spawn(work: Coroutine[Any, Any, Result], *, name: str) -> asyncio.Task[Result]:
    """Start ``work`` in the background under ``name``; whoever holds the task must await or cancel it.

    A crash is logged when the task ends, also when nobody ever awaits it.
    """
    task = asyncio.get_running_loop().create_task(work, name=name)
    _ALIVE.add(task)
    task.add_done_callback(_finished)
    return task


def _finished(task: asyncio.Task[Any]) -> None:
    _ALIVE.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("task_crashed", task=task.get_name(), error=repr(error))


async def end(task: asyncio.Task[Any] | None) -> None:
    """Cancel ``task`` and wait until it has cleaned up. Its own error was logged when it ended.

    Our own cancellation while waiting is not swallowed.
    """
    if task is None:
        return
    task.cancel()
    await asyncio.wait([task])


async def kept_up(work: Callable[[], Coroutine[Any, Any, None]], *, name: str, pause_seconds: float = 30.0) -> None:
    """Run ``work``, which is never to end: where it fails, that is logged, and it begins anew after a pause.

    A database that is away for a moment, or a full disk, must not be the end of what tidies up.
    """
    while True:
        task = spawn(work(), name=name)
        try:
            await asyncio.wait([task])
        finally:
            await end(task)
        if task.cancelled() or task.exception() is None:
            return
        await asyncio.sleep(pause_seconds)


async def blocking(work: Callable[..., Result], /, *arguments: Any) -> Result:
    """Run blocking ``work`` off the event loop, in the one bounded pool, and return its result.

    Cancelling the caller does not stop a call that already runs in its thread: give such calls their own bounds.
    """
    return await asyncio.get_running_loop().run_in_executor(_BLOCKING, work, *arguments)


async def blocking_to_its_end(work: Callable[..., Result], /, *arguments: Any) -> Result:
    """Run blocking ``work`` like ``blocking``; a cancelled caller leaves only when the call has ended.

    For work that must not go on behind the back of whoever comes next, such as making a folder. The call must be
    bounded by itself.
    """
    future = asyncio.get_running_loop().run_in_executor(_BLOCKING, work, *arguments)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise
