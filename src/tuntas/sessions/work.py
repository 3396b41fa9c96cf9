"""The one act that a session has under way. Its end is told; it may be cancelled only where that leaves nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tuntas.foundation.killpoints import killpoint
from tuntas.foundation.tasks import end, spawn
from tuntas.sessions.reconcile import Act

# A browser's end and a removal are never cancelled: half of either would be worse than its whole.
CANCELLABLE = frozenset({Act.LAUNCH, Act.CATCH_UP, Act.PROBE})


class Work:
    """At most one act at a time."""

    def __init__(self, session: str, on_end: Callable[[asyncio.Task[None]], None]) -> None:
        """Tell ``on_end`` about every act's end, cancelled ones too."""
        self._session = session
        self._on_end = on_end
        self._task: asyncio.Task[None] | None = None
        self.act = Act.REST

    @property
    def is_under_way(self) -> bool:
        """True from ``begin`` until the act's end was taken or it was cancelled."""
        return self._task is not None

    def begin(self, act: Act, work: Callable[[], Awaitable[None]]) -> None:
        """Start an act; there must be none under way."""
        assert self._task is None, self.act

        async def working() -> None:
            killpoint(f"{act}.begun")
            await work()
            killpoint(f"{act}.ended")

        self.act = act
        self._task = spawn(working(), name=f"session {self._session}: {act}")
        self._task.add_done_callback(self._on_end)

    def take(self, task: asyncio.Task[None]) -> Act | None:
        """Take the end of an act and return which it was, or None if it is not the one under way.

        Raises:
            Exception: what the act raised; acts handle what they expect, so this is a defect or a broken machine.
        """
        if task is not self._task:
            return None  # it was cancelled, and what it left has been seen to
        self._task = None
        task.result()
        return self.act

    async def cancel(self) -> None:
        """Cancel the act under way, if there is one, and wait until it has cleaned up."""
        task, self._task = self._task, None
        await end(task)

    async def cancel_if_pointless(self) -> None:
        """Cancel the act under way if it is one that leaves nothing; the others run to their end."""
        if self.act in CANCELLABLE:
            await self.cancel()
