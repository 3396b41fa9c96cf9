"""For work that must be finished once begun, such as killing a tree: cancellation waits, and is never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


async def finish(work: asyncio.Task[Result], *, on_cancel: Callable[[], None] = lambda: None) -> Result:
    """Wait until ``work`` is done, however often the caller is cancelled, then pass a cancellation on.

    ``on_cancel`` is called at each one, to make the work hurry. The work itself must be bounded.
    """
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled = error
            on_cancel()
    if cancelled is not None:
        if not work.cancelled():
            work.exception()  # the caller is leaving; spawn() has logged it
        raise cancelled
    return work.result()
