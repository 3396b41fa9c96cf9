"""Cleaning a data folder: see what earlier lives have left, say it, do it, say what is still there.

Found: orphaned browsers of ours, stale Singleton locks, half-done removals, the trash, folders that no session has.
Never touched: a session's own profile, a browser whose owner lives (unless told to), an unknown folder that nobody has
named. The same code serves a running server and a stopped one's folder; the difference is who owns the live browsers.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tuntas.browser import ProcessIdentity, StillRunning, StopLimits, members
from tuntas.browser.process import matches, only_helpers_are_left
from tuntas.foundation.clock import Clock
from tuntas.foundation.tasks import blocking
from tuntas.profiles import (
    Holder,
    ProfileStore,
    RefusedPath,
    Removal,
    RemovalState,
    Remover,
    steps,
)
from tuntas.profiles.guards import checked_name
from tuntas.profiles.purge import size_bytes
from tuntas.sessions.leftovers import (
    BEING_REMOVED,
    IN_USE,
    LIVE_SESSION,
    REFUSED,
    SESSION_EXISTS,
    STILL_RUNNING,
    UNKNOWN_FOLDER,
    Doomed,
    Kept,
    Plan,
    Report,
    StrayBrowser,
    Told,
    holder_of,
)
from tuntas.sessions.locks import clear_locks, lock_in
from tuntas.sessions.model import BrowserRecord, SessionRecord
from tuntas.sessions.reconcile import Desired
from tuntas.sessions.strays import browsers_on, end_browser

_LOOK_EVERY_SECONDS = 0.05
_LIMITS = StopLimits()


@dataclass(frozen=True, slots=True)
class CleanupWish:
    """What a person asked for. ``session`` limits it to one name; ``force`` ends browsers whose owner lives too."""

    session: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """What a plan is made from. ``server_pid`` is ours when we are the running server, ``None`` without one."""

    profiles: ProfileStore
    sessions: Sequence[SessionRecord]
    removals: Sequence[Removal]
    server_pid: int | None


def survey(scene: Scene, wish: CleanupWish) -> Plan:
    """Look at everything and return what there is to do; nothing is changed. Blocking.

    Raises RefusedPath if the session's name cannot be a folder's, OSError if the profiles cannot be listed.
    """
    if wish.session is not None:
        checked_name(wish.session)
    return _Survey(scene, wish).plan()


class _Survey:
    def __init__(self, scene: Scene, wish: CleanupWish) -> None:
        self._scene = scene
        self._wish = wish
        self._root = scene.profiles.root
        self._by_folder = {record.profile_folder: record for record in scene.sessions}
        self._kept: list[Kept] = []

    def plan(self) -> Plan:
        browsers = list(self._browsers())
        removals = list(self._removals())
        used = {kept.path for kept in self._kept}
        folders = [one for one in self._folders() if one.path not in used]
        named = self._by_name()
        is_found = any((browsers, removals, folders, self._kept))
        if named is not None and not is_found and (path := self._root / named.profile_folder).is_dir():
            advice = f"Session {named.name} exists; to delete it: tuntas sessions delete {named.name}"
            self._kept.append(Kept(path, SESSION_EXISTS, message=advice))
        marks = tuple(self._marks({kept.path for kept in self._kept}))
        return Plan(tuple(browsers), marks, tuple(folders), tuple(removals), tuple(self._kept))

    def _is_wanted(self, folder: str, session: str | None = None) -> bool:
        name = self._wish.session
        return name is None or name in (folder, session, folder.partition(".")[0])

    def _by_name(self) -> SessionRecord | None:
        return next((record for record in self._scene.sessions if record.name == self._wish.session), None)

    def _browsers(self) -> Iterator[StrayBrowser]:
        seen = set()
        for browser in self._recorded():
            seen.add(browser.identity.pid)
            yield browser
        for browser in browsers_on(lambda profile: profile.parent == self._root):
            if browser.identity.pid in seen:
                continue
            record = self._by_folder.get(browser.session)
            browser = replace(browser, session=record.name if record else browser.session)
            if self._is_wanted(browser.identity.profile.name, browser.session) and self._is_to_end(browser):
                yield replace(browser, is_served=self._is_served(browser))

    def _recorded(self) -> Iterator[StrayBrowser]:
        """Yield what dead servers have left running, by their own records: these need no other proof."""
        if self._scene.server_pid is not None:
            return  # the running server's actors have done this, and go on doing it
        for record in self._scene.sessions:
            if record.browser is None or not self._is_wanted(record.profile_folder, record.name):
                continue
            identity = _identity(record.browser)
            if matches(identity) or only_helpers_are_left(identity):
                yield StrayBrowser(record.name, identity, len(members(identity)))

    def _is_served(self, browser: StrayBrowser) -> bool:
        return browser.owner is not None and browser.owner.pid == self._scene.server_pid

    def _is_to_end(self, browser: StrayBrowser) -> bool:
        if browser.owner is None:
            return True
        # A healthy server's sessions are no leftovers: they are not even mentioned unless somebody has named them.
        is_served = self._is_served(browser)
        if is_served and self._wish.session is None:
            return False
        if self._wish.force:
            return True
        reason = LIVE_SESSION if is_served else IN_USE
        self._kept.append(Kept(browser.identity.profile, reason, holder_of(browser), "It is in use; see --force."))
        return False

    def _removals(self) -> Iterator[Doomed]:
        trash = self._scene.profiles.trash
        recorded = set()
        for removal in self._scene.removals:
            place = trash.path_of(removal.trash_path.name) if removal.trash_path else removal.path
            recorded.add(place.name)
            if self._is_wanted(removal.path.name, removal.session):
                yield Doomed(removal.session, place, size_bytes(place))
        if self._wish.session is None and trash.path.is_dir():
            for path in trash.entries():
                if path.name not in recorded:
                    yield Doomed(path.name, path, size_bytes(path))

    def _folders(self) -> Iterator[Doomed]:
        being_removed = {removal.path for removal in self._scene.removals}
        for folder in self._scene.profiles.listing() if self._root.is_dir() else ():
            if folder.path in being_removed:
                continue
            record = self._by_folder.get(folder.name)
            session = record.name if record else folder.session or folder.name
            if not self._is_wanted(folder.name, session):
                continue
            if record is not None:
                # Deleted by a person, and the server died before its removal was written down.
                if record.desired is Desired.REMOVED and self._scene.server_pid is None:
                    yield Doomed(session, folder.path, size_bytes(folder.path))
            elif self._wish.session in (folder.name, session):
                yield Doomed(session, folder.path, size_bytes(folder.path))
            else:
                advice = f"No session has this folder. To delete it: tuntas cleanup --session {folder.name}"
                used_bytes = size_bytes(folder.path)
                self._kept.append(Kept(folder.path, UNKNOWN_FOLDER, message=advice, used_bytes=used_bytes))

    def _marks(self, kept: set[Path]) -> Iterator[Path]:
        if self._scene.server_pid is not None or not self._root.is_dir():
            return  # a running server clears a lock before each launch, when nobody else can launch
        for folder in self._scene.profiles.listing():
            record = self._by_folder.get(folder.name)
            if record is None or folder.path in kept or not self._is_wanted(folder.name, record.name):
                continue
            if (lock := lock_in(folder.path)) is not None:
                yield lock


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

    async def perform(self, plan: Plan, tell: Told = lambda _line: None) -> Report:
        """Do what ``plan`` says and return what came of it. Files that will not go are in the report, not raised."""
        stopped, kept = list[StrayBrowser](), list(plan.kept)
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

    async def _end(self, browser: StrayBrowser) -> tuple[Holder, ...]:
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


async def end_and_name(browser: StrayBrowser) -> tuple[Holder, ...]:
    """End a browser; return what survived, as holders of its profile (empty: all of it is gone)."""
    try:
        await end_browser(browser, _LIMITS)
    except StillRunning as error:
        profile = str(browser.identity.profile)
        return tuple(Holder(one.pid, one.name, "still running", profile) for one in error.survivors)
    return ()


def _identity(record: BrowserRecord) -> ProcessIdentity:
    return ProcessIdentity(record.pid, record.create_time, record.group, record.boot_id, Path(record.profile))
