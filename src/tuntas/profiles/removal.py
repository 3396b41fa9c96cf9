"""Remove profiles: written down first, renamed away at once, purged with patience.

The caller has already stopped the browser and proven it dead. A lock never fails or hangs a call here: the foreground
tries a few times, then says what is left and leaves it to the background, which goes on for ever. Never ended here:
any process. Never copied: any file. Never ignored: any error.

At every ``await`` the process may die or the caller be cancelled; what is on disk and in the journal then is enough to
go on from, see ``steps``.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn

import structlog

from tuntas.foundation import tasks
from tuntas.foundation.backoff import Backoff
from tuntas.foundation.clock import Clock
from tuntas.foundation.failpoints import failpoint
from tuntas.foundation.identifiers import ulid
from tuntas.profiles import sentences, steps
from tuntas.profiles.attempts import Attempts, thing_held
from tuntas.profiles.guards import located
from tuntas.profiles.ledger import RemovalEntry, RemovalLedger, next_due
from tuntas.profiles.marker import read_marker
from tuntas.profiles.model import Reason, Removal, RemovalState
from tuntas.profiles.os_errors import ErrorKind
from tuntas.profiles.ports import RemovalJournal
from tuntas.profiles.reappearance import MEANINGFUL_SECONDS, Reappearance, ReappearanceWatch, heard
from tuntas.profiles.settings import RemovalSettings
from tuntas.profiles.store import ProfileStore

log = structlog.get_logger(__name__)


class Remover:
    """Removes the profiles of one store. ``run`` must run somewhere, or nothing is purged.

    It has many methods because a removal has many steps, each of which may be the one that is tried again: none is left
    out of the order here, and apart from each other they would share all that this class keeps.
    """

    def __init__(
        self,
        store: ProfileStore,
        journal: RemovalJournal,
        clock: Clock,
        settings: RemovalSettings | None = None,
        on_change: Callable[[Removal], None] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """``on_change`` is called on the event loop after each change was written to the journal; it must not block."""
        self._store = store
        self._clock = clock
        self._settings = settings or RemovalSettings()
        self._ledger = RemovalLedger(journal, clock, on_change)
        self._chance = chance
        self._attempts = Attempts(store, self._ledger, clock, self._settings, chance)
        self._reappearances = ReappearanceWatch(store, clock, self._settings.look_again_seconds)
        self._is_resumed = False
        self._resuming = asyncio.Lock()
        self._adoption_asked = False

    async def remove(self, session: str, path: Path, *, named_by_person: bool = False) -> Removal:
        """Take a session's profile away and return how far it came: quarantined, purged or stuck.

        Never raises for files in use. When it returns quarantined or purged the name is free. A missing folder is
        purged. A removal of the same folder that is under way is joined. The folder must carry our marker unless a
        person has named it. Raises RefusedPath, and what the journal raises: then nothing was touched.
        """
        await self.resume()
        path = await tasks.blocking(located, path)
        while True:
            # Opened before the first look at the disk: two calls for one folder can never both act on it.
            entry = self._ledger.at(path) or self._opened(session, path)
            rounds_before = entry.rounds
            async with entry.lock:
                # Whoever waited here while another call tried has that call's answer: both asked the same.
                if entry.removal.name_is_free or entry.rounds != rounds_before:
                    return entry.removal
                if not self._ledger.holds(entry):
                    continue
                is_new = entry.removal.state is RemovalState.INTENT and not entry.is_recorded
                if is_new and not await self._admitted(entry, named_by_person=named_by_person):
                    return self._ledger.newest_from(path) or self._gone(session, path)
                return await self._foreground(entry)

    async def try_again(self, session: str, limit_seconds: float) -> Removal | None:
        """Have another foreground round for what stands at its old place of a session's folders, within the limit.

        Returns the first of the session's removals that is held after that, ``None`` if there is none.
        """
        await self.resume()
        try:
            async with asyncio.timeout(limit_seconds):
                for entry in self._ledger.entries():
                    if entry.removal.session == session:
                        await self._another_round(entry)
        except TimeoutError:
            log.warning("removal_still_waits", session=session)  # the background goes on with it
        left = (removal for removal in self.open_removals() if removal.session == session)
        return next((removal for removal in left if removal.is_held), None)

    async def _another_round(self, entry: RemovalEntry) -> None:
        # By the entry and never by its path, at which there may be a newcomer's folder by now.
        rounds_before = entry.rounds
        async with entry.lock:
            is_waiting = self._ledger.holds(entry) and not entry.removal.name_is_free
            if is_waiting and entry.rounds == rounds_before:
                await self._foreground(entry)

    async def run(self) -> NoReturn:
        """Go on with what is unfinished, purge what is quarantined, retry what is stuck: until cancelled.

        Sleeps until something is due, and for ever while nothing is.
        """
        await self.resume()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._turns(lambda entry: not entry.removal.name_is_free), name="profiles-take-away")
            group.create_task(self._turns(lambda entry: entry.removal.name_is_free), name="profiles-purge")
            group.create_task(self._reappearances.run(self._reappeared), name="profiles-look-again")
        raise AssertionError("the background ended by itself")

    async def resume(self) -> None:
        """Take up the journal's unfinished removals and what lies in the trash without a record. Done once.

        Await it before sessions are given folders: from then on the paths of open removals are reserved.
        """
        async with self._resuming:
            if self._is_resumed:
                return
            await tasks.blocking(self._store.prepare)
            for removal in await self._ledger.unfinished():
                removal = await tasks.blocking(steps.as_found, self._store, removal)
                entry = self._ledger.open(removal, is_recorded=True)
                if not removal.name_is_free or removal.path_is_named:
                    self._store.reserve(removal.path)
                entry.due = self._clock.monotonic()
            await self._adopt()
            self._is_resumed = True

    async def sweep(self) -> tuple[Removal, ...]:
        """Try everything that is open once, now, as ``run`` would, and return what is still open after that."""
        await self.resume()
        await self._adopt()
        for entry in self._ledger.entries():
            entry.due = None if entry.due is None else self._clock.monotonic()
            while entry.is_due(self._clock.monotonic()):
                entry.due = None
                await self._contained(entry)
        return self.open_removals()

    def wake(self) -> None:
        """Try everything that waits now, foreground attempts included: somebody says that it may work now."""
        now = self._clock.monotonic()
        for entry in self._ledger.entries():
            entry.nudge.set()
            if entry.due is not None:
                entry.due = min(entry.due, now)
        self._adoption_asked = True
        self._ledger.ring()

    def open_removals(self) -> tuple[Removal, ...]:
        """Return the removals that are not purged yet, oldest first."""
        return tuple(entry.removal for entry in self._ledger.entries() if entry.is_open())

    def _gone(self, session: str, path: Path) -> Removal:
        now = self._clock.now()
        return Removal(ulid(), session, path, RemovalState.PURGED, now, now)

    def _opened(self, session: str, path: Path) -> RemovalEntry:
        now = self._clock.now()
        self._store.reserve(path)
        return self._ledger.open(Removal(ulid(), session, path, RemovalState.INTENT, now, now))

    async def _admitted(self, entry: RemovalEntry, *, named_by_person: bool) -> bool:
        """Whether there is a folder, and one that may be removed; an entry that is not admitted is dropped."""
        is_admitted = False
        try:
            if not await tasks.blocking(self._is_nothing_ours, entry.removal):
                path, session = entry.removal.path, entry.removal.session
                admit = partial(steps.refuse, self._store, path, session, named_by_person=named_by_person)
                await tasks.blocking(admit)
                is_admitted = True
        finally:
            if not is_admitted:
                self._drop(entry)
        return is_admitted

    def _is_nothing_ours(self, removal: Removal) -> bool:
        return steps.is_gone(removal.path) or steps.is_namesakes(removal.path, removal.session)

    def _drop(self, entry: RemovalEntry) -> None:
        self._store.release(entry.removal.path)
        self._ledger.forget(entry)

    async def _intend(self, entry: RemovalEntry) -> None:
        """Have it in the journal before anything is touched; if that fails, nothing was asked of us."""
        if entry.is_recorded:
            return
        try:
            await self._ledger.record(entry)
        except Exception:
            if entry.removal.state is RemovalState.INTENT:
                self._drop(entry)
            raise
        failpoint("removal.intent")

    async def _foreground(self, entry: RemovalEntry) -> Removal:
        entry.due = None  # ours now; the background keeps off
        try:
            await self._intend(entry)
            # Somebody asks (again): counted anew, or each asking would make the background more patient.
            entry.removal = replace(entry.removal, attempts=0)
            await self._try_patiently(entry)
            if entry.removal.state is RemovalState.QUARANTINED:
                await self._name_holders(entry)
            entry.rounds += 1
            return entry.removal
        finally:
            # Also when we are cancelled: from here on it is the background's.
            if entry.due is None:
                entry.due = self._clock.monotonic()
            self._ledger.ring()

    async def _try_patiently(self, entry: RemovalEntry) -> None:
        total, session = self._settings.attempts, entry.removal.session
        for attempt in itertools.count(1):
            entry.nudge.clear()  # a wake during the attempt itself counts: it may have come too early to help
            obstacle = (await self._attempts.take_away(entry)).obstacle
            if obstacle is None:
                self._watch(entry)
                return
            holders = await self._attempts.holders(entry.removal.path)
            said = sentences.cleanup_attempt(attempt, total, session)
            log.warning(
                said,
                session=session,
                reason=obstacle.reason.value,
                error=obstacle.detail,
                holders=[f"{one.name} ({one.pid})" for one in holders],
            )
            if attempt >= total or obstacle.kind in {ErrorKind.STRUCTURAL, ErrorKind.IN_PLACE}:
                await self._attempts.leave(entry, obstacle, holders)
                return
            tried = entry.removal.attempts + 1
            in_the_way = thing_held(holders) or obstacle.path
            await self._ledger.record(
                entry,
                reason=obstacle.reason,
                obstacle_path=in_the_way,
                message=said,
                holders=holders,
                attempts=tried,
            )
            await self._pause(entry)
        raise AssertionError("unreachable")

    async def _name_holders(self, entry: RemovalEntry) -> None:
        """Look for those who use what was just renamed away: where open files do not block a rename, it proves nothing.

        Open files go with the folder; a command line still names the old path, and so nobody else gets that path.
        """
        holders = await self._attempts.holders(entry.removal.path, steps.resting_place(self._store, entry.removal))
        if holders:
            message = f"{sentences.why(Reason.IN_USE)} {sentences.held_by(holders)}"
            removal = await self._ledger.record(
                entry, reason=Reason.IN_USE, obstacle_path=thing_held(holders), holders=holders, message=message
            )
            if removal.path_is_named:
                self._store.reserve(removal.path)

    async def _pause(self, entry: RemovalEntry) -> None:
        """Wait before the next attempt; ``wake`` ends the wait. The random part keeps callers from marching in step."""
        await heard(entry.nudge, self._settings.delay_seconds * (1 + self._chance() / 2))

    async def _turns(self, is_mine: Callable[[RemovalEntry], bool]) -> NoReturn:
        """Give each entry that is due its turn, one after the other."""
        bell = self._ledger.bell()
        while True:
            bell.clear()
            if self._adoption_asked:
                await self._adopt()
            entry = next_due(filter(is_mine, self._ledger.entries()))
            if entry is None or entry.due is None:
                await bell.wait()
            elif (wait_seconds := entry.due - self._clock.monotonic()) > 0:
                await heard(bell, wait_seconds)
            else:
                entry.due = None
                await self._contained(entry)

    async def _contained(self, entry: RemovalEntry) -> None:
        """Give one entry its turn. Whatever goes wrong with it (the journal's disk is full) stays its own."""
        try:
            async with entry.lock:
                await self._turn(entry)
        except asyncio.CancelledError:
            entry.due = self._clock.monotonic()
            raise
        except Exception as error:
            entry.errors += 1
            patience = Backoff(self._settings.first_retry_seconds, self._settings.retry_ceiling_seconds)
            delay = patience.delay_seconds(entry.errors, self._chance())
            log.exception("removal_turn_failed", session=entry.removal.session, error=repr(error), retry_seconds=delay)
            entry.due = self._clock.monotonic() + delay

    async def _turn(self, entry: RemovalEntry) -> None:
        if not entry.is_recorded:
            await self._ledger.record(entry)
        if not entry.is_open():
            return
        if not entry.removal.name_is_free:
            outcome = await self._attempts.take_away(entry)
            if outcome.obstacle is None:
                self._watch(entry)
            else:
                holders = await self._attempts.holders(entry.removal.path)
                await self._attempts.leave(entry, outcome.obstacle, holders)
            return
        await self._attempts.purge(entry)
        is_young = entry.taken_at is not None and self._clock.monotonic() - entry.taken_at < MEANINGFUL_SECONDS
        if is_young and not entry.is_open():
            self._reappearances.watch_now(_place(entry))

    def _watch(self, entry: RemovalEntry) -> None:
        if entry.removal.state is RemovalState.QUARANTINED:
            self._reappearances.watch(_place(entry))

    async def _adopt(self) -> None:
        """Take in what lies in the trash without a record: it has no use any more, whatever it was."""
        self._adoption_asked = False
        try:
            orphans = await tasks.blocking(self._orphans, self._ledger.names_in_trash())
        except OSError as error:
            log.warning("trash_not_listed", error=str(error))
            return
        for path, session in orphans:
            if path.name not in self._ledger.names_in_trash():
                now = self._clock.now()
                removal = Removal(ulid(), session, path, RemovalState.QUARANTINED, now, now, trash_path=path)
                self._ledger.open(removal).due = self._clock.monotonic()
                log.info("trash_adopted", path=str(path), session=session)
        self._ledger.ring()

    def _orphans(self, known: set[str]) -> list[tuple[Path, str]]:
        found = [path for path in self._store.trash.named_entries() if path.name not in known]
        return [(path, self._session_of(path)) for path in found]

    def _session_of(self, path: Path) -> str:
        try:
            marker = read_marker(path)
        except OSError:
            marker = None  # it is asked for a name to show, no more
        return marker.session if marker and marker.session else path.name

    def _reappeared(self, place: Reappearance) -> None:
        """Take a folder away that somebody has made again where we took one from."""
        if self._ledger.at(place.path) is None:
            log.warning("profile_came_back", session=place.session, path=str(place.path), times=place.count + 1)
            entry = self._opened(place.session, place.path)
            entry.reappearances = place.count + 1
            entry.due = self._clock.monotonic()
            self._ledger.ring()


def _place(entry: RemovalEntry) -> Reappearance:
    return Reappearance(entry.removal.path, entry.removal.session, entry.reappearances)
