"""One attempt at a removal, bounded in time, and the writing down of what came of it.

The disk is touched in threads only (``steps``); whoever calls here holds the entry's lock. Nothing here repeats
anything: when to try again is decided by the removal's foreground and background.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import structlog

from tuntas.foundation import tasks
from tuntas.foundation.backoff import Backoff
from tuntas.foundation.clock import Clock
from tuntas.foundation.failpoints import failpoint
from tuntas.processes.holder import Holder
from tuntas.processes.holders import deleted_files, once_each
from tuntas.profiles import sentences, steps
from tuntas.profiles.ledger import RemovalEntry, RemovalLedger
from tuntas.profiles.model import Reason, Removal, RemovalState
from tuntas.profiles.os_errors import ErrorKind, Obstacle
from tuntas.profiles.purge import Bounds, Pass, purge, size_bytes
from tuntas.profiles.settings import RemovalSettings
from tuntas.profiles.shared_look import SharedLook
from tuntas.profiles.store import ProfileStore

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


# One purge runs at a time; the other two threads are for when a file system hangs and never gives a thread back.
# Their priority is the normal one: on a busy machine a thread with a nice value is taken off the processor while it
# holds the interpreter's lock, and then the event loop waits for it too (worst lag 0.4 s instead of 0.1 s).
_PURGING = ThreadPoolExecutor(max_workers=3, thread_name_prefix="tuntas-purge")

# Between two files a stopped purge ends at once; more than this is one file that hangs.
_STOP_SECONDS = 2.0


class NoAnswerError(TimeoutError):
    """A thread is stuck in the file system. ``work`` is done when it comes back, if ever."""

    def __init__(self, work: asyncio.Future[Result]) -> None:
        super().__init__("the file system does not answer")
        self.work = work


class Attempts:
    """The acts on one removal at a time."""

    def __init__(
        self,
        store: ProfileStore,
        ledger: RemovalLedger,
        clock: Clock,
        settings: RemovalSettings,
        chance: Callable[[], float],
    ) -> None:
        self._chance = chance
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._look = SharedLook(settings.scan_seconds)
        self._patience = Backoff(settings.first_retry_seconds, settings.retry_ceiling_seconds)

    async def take_away(self, entry: RemovalEntry) -> steps.StepResult:
        """Have the folder renamed away (or emptied in place) and write a success down; a failure only returns."""
        bounds = Bounds(threading.Event(), self._settings.step_seconds)
        try:
            async with asyncio.timeout(self._settings.step_seconds * 2):
                outcome = await tasks.blocking(steps.take_away, self._store, entry.removal, bounds)
        except TimeoutError:
            # The thread may still do it. The next attempt looks at the disk first, and then finds it done.
            return steps.stuck(
                Obstacle(ErrorKind.TRANSIENT, Reason.NOT_ANSWERING, "no answer", str(entry.removal.path))
            )
        finally:
            bounds.stop.set()
        if outcome.state is RemovalState.QUARANTINED:
            entry.taken_at = self._clock.monotonic()
            self._store.release(entry.removal.path)
            await self._advance(entry, RemovalState.QUARANTINED, trash_path=outcome.trash_path)
            failpoint("removal.quarantined")
        elif outcome.state is RemovalState.PURGED:
            await self._finish(entry)
        return outcome

    async def purge(self, entry: RemovalEntry) -> None:
        """Take one turn at the bytes in the trash and write down how far it came. Sets ``due`` if anything is left."""
        place = steps.resting_place(self._store, entry.removal)
        bounds = Bounds(threading.Event(), self._settings.slice_seconds)
        try:
            if entry.removal.size_bytes is None:
                size = await self._off_loop(lambda: size_bytes(place, bounds.stop), bounds)
                # In the journal with the next change: a commit of its own would delay the answer that is due just now.
                entry.removal = replace(entry.removal, size_bytes=size)
            result: Pass = await self._off_loop(lambda: purge(place, bounds=bounds), bounds)
        except NoAnswerError as silence:
            await self.leave(entry, Obstacle(ErrorKind.STRUCTURAL, Reason.NOT_ANSWERING, "no answer", str(place)), ())
            # Another thread would only hang beside it: go on when this one comes back.
            entry.due = None
            silence.work.add_done_callback(lambda _: self._is_due(entry))
            return
        obstacle = steps.chief(result)
        if result.is_complete:
            failpoint("purge.done")
            await self._finish_unless_held(entry, place)
        elif obstacle is None:
            self._is_due(entry)  # its turn is over, that is all
        else:
            holders = () if obstacle.kind is ErrorKind.STRUCTURAL else await self.holders(place)
            await self.leave(entry, obstacle, holders)

    async def _finish_unless_held(self, entry: RemovalEntry, place: Path) -> None:
        """Call it purged, unless processes still have its deleted files open: the disk is not free, somebody lives."""
        files = deleted_files(await self._look.uses(place))
        named = await self.holders(entry.removal.path) if entry.removal.path_is_named else ()
        holders = tuple({one.pid: one for one in files + named}.values())
        if not holders:
            await self._finish(entry)
            return
        message = sentences.disk_not_free_yet(len(files), holders) if files else sentences.held_by(holders)
        obstacle = Obstacle(ErrorKind.TRANSIENT, Reason.IN_USE, f"{len(files)} deleted files are still open")
        await self.leave(entry, obstacle, holders, message=message)

    async def leave(
        self, entry: RemovalEntry, obstacle: Obstacle, holders: tuple[Holder, ...], *, message: str | None = None
    ) -> Removal:
        """Write down what stands in the way, and when it will be tried again. Returns the removal."""
        before = entry.removal
        failed = before.attempts + 1
        patient = failed - self._settings.attempts + 1 if before.trash_path is None else failed
        delay = self._patience.delay_seconds(max(1, patient), self._chance())
        # A purge that met a passing trouble is not stuck yet; that the folder still has its name always is.
        passing = (
            obstacle.kind is ErrorKind.TRANSIENT and before.trash_path is not None and failed < self._settings.attempts
        )
        state = before.state if passing else RemovalState.STUCK
        command = f"tuntas cleanup --session {before.session}"
        in_the_way = thing_held(holders) or obstacle.path
        message = message or sentences.left_behind(before.session, obstacle.reason, holders, command, in_the_way)
        if state is RemovalState.STUCK:
            # Said loudly when it is news, then quietly: this goes on for ever.
            is_news = (before.state, before.reason) != (state, obstacle.reason)
            say = log.warning if is_news else log.info
            say(
                sentences.files_may_remain(before.session),
                session=before.session,
                reason=obstacle.reason.value,
                error=obstacle.detail,
                holders=[f"{one.name} ({one.pid})" for one in holders],
                command=command,
            )
        entry.due = self._clock.monotonic() + delay
        return await self._ledger.record(
            entry,
            state=state,
            reason=obstacle.reason,
            obstacle_path=in_the_way,
            message=message,
            holders=holders,
            attempts=failed,
            next_attempt_at=self._clock.now() + timedelta(seconds=delay),
        )

    async def holders(self, *paths: Path) -> tuple[Holder, ...]:
        """Return who uses the folders, as far as it can be found out in time: for naming, not as a proof."""
        return once_each(await self._look.uses(*paths))

    async def _finish(self, entry: RemovalEntry) -> None:
        self._store.release(entry.removal.path)
        await self._advance(entry, RemovalState.PURGED)
        failpoint("removal.recorded")

    async def _advance(self, entry: RemovalEntry, state: RemovalState, *, trash_path: Path | None = None) -> None:
        self._is_due(entry)  # also if the journal fails now: then it is to be written again
        await self._ledger.record(
            entry,
            state=state,
            trash_path=trash_path or entry.removal.trash_path,
            reason=None,
            obstacle_path=None,
            message=None,
            holders=(),
            attempts=0,
            next_attempt_at=None,
        )
        log.info(
            "removal_advanced", session=entry.removal.session, state=state.value, size_bytes=entry.removal.size_bytes
        )

    async def _off_loop(self, work: Callable[[], Result], bounds: Bounds) -> Result:
        """Run a long ``work`` in a purging thread; when we are cancelled it is stopped before we leave."""
        future = asyncio.get_running_loop().run_in_executor(_PURGING, work)
        try:
            await asyncio.wait({future}, timeout=bounds.seconds + self._settings.step_seconds)
        except asyncio.CancelledError:
            bounds.stop.set()
            await asyncio.wait({future}, timeout=_STOP_SECONDS)
            raise
        if not future.done():
            bounds.stop.set()
            raise NoAnswerError(future)
        return future.result()

    def _is_due(self, entry: RemovalEntry) -> None:
        entry.due = self._clock.monotonic()
        self._ledger.ring()


def thing_held(holders: tuple[Holder, ...]) -> str | None:
    """Return the first file or folder that is held; a command line only names the profile."""
    return next((one.path for one in holders if one.how != "command line"), None)
