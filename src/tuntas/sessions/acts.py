"""What an actor does to its browser and its profile, one act at a time.

What an act finds out comes back as an observation, like what the page tells by itself; nothing here knows the session's
state or changes it.
"""

from __future__ import annotations

import errno
from pathlib import Path

import structlog

from tuntas.foundation.identifiers import ulid
from tuntas.foundation.tasks import blocking, blocking_to_its_end
from tuntas.profiles import (
    HolderScanTimedOut,
    Reason,
    RefusedPath,
    Removal,
    RemovalState,
    clear_stale_singleton,
    trim_caches,
)
from tuntas.sessions.arrivals import Arrivals
from tuntas.sessions.errors import PageUnavailable
from tuntas.sessions.gate import Slot
from tuntas.sessions.model import Disconnected, PageLost, SessionRecord, Weighed
from tuntas.sessions.ports import LaunchRefused, Sink, WhatsAppPage
from tuntas.sessions.surroundings import Surroundings

log = structlog.get_logger(__name__)


class Acts:
    """One session's browser, and the acts on it."""

    def __init__(self, around: Surroundings) -> None:
        """Begin without a browser."""
        self.page: WhatsAppPage | None = None
        self.removal: Removal | None = None
        """What became of the profile that was removed last."""
        self._around = around
        self._slot: Slot | None = None
        self._sink: Sink = lambda _: None

    async def launch(self, record: SessionRecord, sink: Sink) -> None:
        """Wait for a place at the gate, prepare the profile and open a page; all that is observed goes to ``sink``."""
        self._sink = sink
        self._slot = await self._around.gate.enter()
        profiles = self._around.profiles
        try:
            # To its end: a start that is cancelled here must not make the folder after its removal.
            path = await blocking_to_its_end(profiles.create, record.profile_folder, record.name)
            await blocking(profiles.require_room, path)
            await self._trim_caches(record.name, path)
            # What a browser that died on another host or under a recycled pid left would keep this one from starting.
            await blocking(clear_stale_singleton, path)
            self.page = await self._around.engine.open(path, sink)
        except LaunchRefused as refused:
            sink(PageLost(refused.reason, refused.detail, permanent=refused.permanent))
        except (OSError, RefusedPath, HolderScanTimedOut) as error:
            is_full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
            sink(PageLost("disk_full" if is_full else "profile_unusable", str(error)))

    async def _trim_caches(self, name: str, profile: Path) -> None:
        try:
            if freed := await blocking(trim_caches, profile, self._around.limits.cache_bytes):
                log.info("caches_removed", session=name, bytes=freed)
        except OSError as error:
            # A session can work with a cache that is too large; the next launch tries again.
            log.warning("caches_not_removed", session=name, error=str(error))

    def leave_gate(self) -> None:
        """Let the next session start; harmless when this one holds no place."""
        slot, self._slot = self._slot, None
        if slot is not None:
            slot.leave()

    async def probe(self, *, tend: bool) -> None:
        """Ask the page for life, and look how large its browser has become if asked to."""
        assert self.page is not None
        try:
            alive = await self.page.probe()
            weight_bytes = await self.page.tend() if alive and tend else None
        except PageUnavailable as error:
            self._sink(PageLost("page_hung", str(error)))
            return
        if not alive:
            self._sink(Disconnected("the page says that it is not connected"))
        elif weight_bytes is not None:
            self._sink(Weighed(weight_bytes))

    async def catch_up(self, arrivals: Arrivals) -> None:
        """Ask the page for what came while nobody listened."""
        assert self.page is not None
        try:
            await arrivals.ask(self.page)
        except PageUnavailable as error:
            # To go on without would be to pass over what was missed.
            self._sink(PageLost("page_hung", str(error)))

    async def log_out(self, name: str) -> None:
        """Unlink the device, as far as the page confirms it."""
        assert self.page is not None
        try:
            await self.page.log_out()
        except PageUnavailable as error:
            # The keys are removed all the same; the phone keeps an entry that can no longer be used.
            log.warning("logout_not_confirmed", session=name, detail=str(error))

    async def end_browser(self, record: SessionRecord) -> None:
        """End the browser, gently unless its profile goes too; returns when its whole tree is gone."""
        if self.page is not None:
            # What a gentle end would write down goes with the profile, and it takes the longest part of a deletion.
            how = await self.page.end(gracefully=not record.discard_profile)
            log.info("browser_ended", session=record.name, how=how)

    async def discard_profile(self, record: SessionRecord) -> None:
        """Remove the profile as far as the foreground attempts go; what became of it is in ``removal``."""
        path = self._around.profiles.path_of(record.profile_folder)
        try:
            self.removal = await self._around.remover.remove(record.name, path)
        except RefusedPath as error:
            # Not a folder of ours any more (its marker is gone, or it became a link): it is told, and left alone.
            now = self._around.clock.now()
            state, reason = RemovalState.STUCK, Reason.REFUSED
            self.removal = Removal(ulid(), record.name, path, state, now, now, reason=reason, message=str(error))
            log.error("profile_left_alone", session=record.name, detail=str(error))

    async def abandon(self) -> None:
        """Leave nothing behind: no place at the gate, no browser."""
        self.leave_gate()
        page, self.page = self.page, None
        if page is not None:
            await page.end(gracefully=False)
