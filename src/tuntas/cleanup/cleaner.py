"""Carries a cleanup's plan out on a data folder, and says what is still there. Files that will not go are reported.

Never touched: what the plan does not name. A running server's own sessions are stopped by their actors, not from here.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path

from tuntas.cleanup.leftovers import (
    BEING_REMOVED,
    IN_USE,
    REFUSED,
    SESSION_EXISTS,
    STILL_RUNNING,
    Doomed,
    FoundBrowser,
    Kept,
    Plan,
    Report,
    Tell,
)
from tuntas.cleanup.locks import clear_locks
from tuntas.cleanup.orphans import end_and_name
from tuntas.foundation.clock import Clock
from tuntas.foundation.tasks import blocking
from tuntas.profiles import Holder, ProfileStore, RefusedPath, Removal, RemovalState, Remover, steps
from tuntas.profiles.purge import size_bytes

_LOOK_EVERY_SECONDS = 0.05


class Cleaner:
    """Carries out plans on one data folder."""

    def __init__(
        self,
        profiles: ProfileStore,
        remover: Remover,
        clock: Clock,
        *,
        stop_session: Callable[[str], Awaitable[object]] | None = None,
        known_folders: Callable[[], Collection[str]] = tuple,
        is_swept_elsewhere: bool = False,
        limit_seconds: float = 60.0,
    ) -> None:
        """Take what only a running server has: ``stop_session``, and ``known_folders``, which sessions have now.

        ``is_swept_elsewhere``: ``remover.run`` is running. Then the purge is waited for at most ``limit_seconds``, and
        goes on after that.
        """
        self._profiles = profiles
        self._remover = remover
        self._clock = clock
        self._stop_session = stop_session
        self._known_folders = known_folders
        self._is_swept_elsewhere = is_swept_elsewhere
        self._limit_seconds = limit_seconds

    async def perform(self, plan: Plan, tell: Tell = lambda _line: None) -> Report:
        """Do what ``plan`` says and return what came of it. Files that will not go are in the report, not raised."""
        stopped, kept = list[FoundBrowser](), list(plan.kept)
        for browser in plan.browsers:
            tell(f"Ending browser {browser.identity.pid} of session {browser.session}")
            survivors = await self._end(browser)
            if survivors:
                kept.append(Kept(browser.identity.profile, STILL_RUNNING, survivors))
            else:
                stopped.append(browser)
        cleared, locked = await blocking(clear_locks, plan.marks)
        kept.extend(locked)
        for folder in plan.folders:
            tell(f"Removing {folder.path}")
            if (refused := await self._take_away(folder)) is not None:
                kept.append(refused)
        doomed = (*plan.folders, *plan.removals)
        if doomed:
            tell(f"Purging {len(doomed)} folders")
            await self._sweep(doomed)
        kept.extend(await blocking(self._left, doomed, {one.path for one in kept}))
        names = {one.path for one in kept}
        gone = [one for one in doomed if one.path not in names]
        remaining = await blocking(lambda: sum(size_bytes(self._place(one)) for one in doomed))
        freed = max(0, sum(one.used_bytes for one in doomed) - remaining)
        return Report((*cleared, *gone), tuple(kept), tuple(stopped), freed)

    async def _end(self, browser: FoundBrowser) -> tuple[Holder, ...]:
        if browser.is_served and self._stop_session is not None:
            await self._stop_session(browser.session)
            return ()
        return await end_and_name(browser)

    async def _take_away(self, folder: Doomed) -> Kept | None:
        if folder.path.name in self._known_folders():
            return Kept(folder.path, SESSION_EXISTS, message="A session was given this folder in the meantime.")
        try:
            await self._remover.remove(folder.session, folder.path, named_by_person=True)
        except RefusedPath as error:
            return Kept(folder.path, REFUSED, message=str(error))
        return None

    async def _sweep(self, doomed: Sequence[Doomed]) -> None:
        if not self._is_swept_elsewhere:
            await self._remover.sweep()
            return
        begun = self._clock.now()
        self._remover.wake()
        paths = [one.path for one in doomed]
        try:
            async with asyncio.timeout(self._limit_seconds):
                # The background does the work; what it has reached has no event that somebody else could wait for.
                while not await blocking(self._is_settled, paths, begun):  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_EVERY_SECONDS)
        except TimeoutError:
            return

    def _is_settled(self, paths: Sequence[Path], begun: datetime) -> bool:
        opened = self._opened()
        for path in paths:
            removal = opened.get(path)
            if removal is None and not os.path.lexists(path):
                continue
            if removal is None or removal.state is not RemovalState.STUCK or removal.updated_at < begun:
                return False
        return True

    def _left(self, doomed: Sequence[Doomed], already: set[Path]) -> list[Kept]:
        opened = self._opened()
        left = []
        for one in doomed:
            if one.path in already:
                continue
            removal = opened.get(one.path)
            if removal is not None:
                reason = removal.reason.value if removal.reason else BEING_REMOVED
                left.append(Kept(one.path, reason, removal.holders, removal.message))
            elif steps.came_back(self._profiles, one.path):
                left.append(Kept(one.path, IN_USE, message="It came back: a process still writes there."))
        return left

    def _place(self, one: Doomed) -> Path:
        """Return where the rest of a folder lies now."""
        if os.path.lexists(one.path):
            return one.path
        removal = self._opened().get(one.path)
        return steps.resting_place(self._profiles, removal) if removal else one.path

    def _opened(self) -> dict[Path, Removal]:
        """Return the open removals by where their folders were and by where they lie now."""
        removals = self._remover.open_removals()
        by_old_path = {removal.path: removal for removal in removals}
        return by_old_path | {steps.resting_place(self._profiles, removal): removal for removal in removals}
