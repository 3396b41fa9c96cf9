"""What earlier lives have left in a data folder, and what a cleanup would do about it. Looks; changes nothing.

Found: orphaned browsers of ours, stale Singleton locks, half-done removals, the trash, folders that no session has.
Spared: a session's own profile, a browser whose owner lives (unless told otherwise), an unknown folder that nobody has
named. The same code serves a running server and a stopped one's folder; the difference is who owns the live browsers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tuntas.cleanup.leftovers import (
    IN_USE,
    LIVE_SESSION,
    SESSION_EXISTS,
    UNKNOWN_FOLDER,
    Doomed,
    FoundBrowser,
    Kept,
    Plan,
    holder_of,
)
from tuntas.cleanup.orphans import found_on
from tuntas.processes import ProcessIdentity, members
from tuntas.processes.members import matches, only_helpers_are_left
from tuntas.processes.singleton import lock_in
from tuntas.profiles import ProfileStore, Removal, RemovalState
from tuntas.profiles.guards import checked_name
from tuntas.profiles.purge import size_bytes
from tuntas.sessions.machine import Desired
from tuntas.sessions.model import BrowserRecord, SessionRecord


@dataclass(frozen=True, slots=True)
class CleanupCommand:
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


def survey(scene: Scene, wish: CleanupCommand) -> Plan:
    """Look at everything and return what there is to do; nothing is changed. Blocking.

    Raises RefusedPath if the session's name cannot be a folder's, OSError if the profiles cannot be listed.
    """
    if wish.session is not None:
        checked_name(wish.session)
    return _Survey(scene, wish).plan()


class _Survey:
    def __init__(self, scene: Scene, wish: CleanupCommand) -> None:
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

    def _browsers(self) -> Iterator[FoundBrowser]:
        seen = set()
        for browser in self._recorded():
            seen.add(browser.identity.pid)
            yield browser
        for browser in found_on(lambda profile: profile.parent == self._root):
            if browser.identity.pid in seen:
                continue
            record = self._by_folder.get(browser.session)
            browser = replace(browser, session=record.name if record else browser.session)
            if self._is_wanted(browser.identity.profile.name, browser.session) and self._is_to_end(browser):
                yield replace(browser, is_served=self._is_served(browser))

    def _recorded(self) -> Iterator[FoundBrowser]:
        """Yield what dead servers have left running, by their own records: these need no other proof."""
        if self._scene.server_pid is not None:
            return  # the running server's actors have done this, and go on doing it
        for record in self._scene.sessions:
            if record.browser is None or not self._is_wanted(record.profile_folder, record.name):
                continue
            identity = _identity(record.browser)
            if matches(identity) or only_helpers_are_left(identity):
                yield FoundBrowser(record.name, identity, len(members(identity)))

    def _is_served(self, browser: FoundBrowser) -> bool:
        return browser.owner is not None and browser.owner.pid == self._scene.server_pid

    def _is_to_end(self, browser: FoundBrowser) -> bool:
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
            if self._is_wanted(removal.path.name, removal.session) and not self._is_as_good_as_done(removal, place):
                yield Doomed(removal.session, place, size_bytes(place))
        if self._wish.session is None and trash.path.is_dir():
            for path in trash.entries():
                if path.name not in recorded:
                    yield Doomed(path.name, path, size_bytes(path))

    def _is_as_good_as_done(self, removal: Removal, place: Path) -> bool:
        # Its last byte is gone, and the running server looks whether anybody has files of it open: the more browsers
        # run on this machine, the longer. There is nothing that a cleanup could do.
        is_served = self._scene.server_pid is not None
        return is_served and removal.state is RemovalState.QUARANTINED and not os.path.lexists(place)

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


def _identity(record: BrowserRecord) -> ProcessIdentity:
    return ProcessIdentity(record.pid, record.create_time, record.group, record.boot_id, Path(record.profile))
