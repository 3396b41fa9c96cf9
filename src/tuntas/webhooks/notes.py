"""What came of attempts, brought to the outbox together: every transaction is a synced write, and there is one disk.

What comes while a transaction runs goes into the next one, so a hundred failing receivers cost the healthy ones a few
writes and not a hundred.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from tuntas.webhooks.ports import Outbox, Outcome


class Notes:
    """Writes outcomes down; whoever gave some waits until they are durable."""

    def __init__(self, outbox: Outbox) -> None:
        """Write to ``outbox``."""
        self._outbox = outbox
        self._turn = asyncio.Lock()
        self._next = _Batch()

    async def write(self, outcomes: Sequence[Outcome], *, patience_seconds: float = 0.0) -> None:
        """Write ``outcomes`` down; raises what the outbox raised.

        ``patience_seconds``: how long they can wait for others that go with them.
        """
        if not outcomes:
            return
        batch = self._next
        batch.outcomes.extend(outcomes)
        if patience_seconds:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience_seconds):
                    await batch.begun.wait()
        async with self._turn:
            if batch.begun.is_set():
                if batch.error is not None:
                    message = "The outbox could not be written."
                    raise OSError(message) from batch.error
                return
            self._next = _Batch()
            batch.begun.set()
            try:
                await self._outbox.note(batch.outcomes)
            except BaseException as error:
                batch.error = error
                raise


class _Batch:
    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.begun = asyncio.Event()
        self.error: BaseException | None = None
