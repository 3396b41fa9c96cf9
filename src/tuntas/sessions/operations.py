"""What a session does to its browser and its profile, one operation at a time.

What an operation finds out comes back as an observation, like what the page tells by itself; nothing here knows the
session's state or changes it.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable
from pathlib import Path
from typing import assert_never

import structlog

from tuntas.events import message_of
from tuntas.foundation.failpoints import failpoint
from tuntas.foundation.identifiers import ulid
from tuntas.foundation.tasks import blocking, blocking_to_its_end, end, spawn
from tuntas.profiles import Reason, RefusedPath, Removal, RemovalState, trim_caches
from tuntas.sessions.arrivals import Arrivals
from tuntas.sessions.commands import CaughtUp, Discarded, Echoed, Launched, LoggedOut, Result
from tuntas.sessions.dependencies import Dependencies
from tuntas.sessions.effects import Begin, Operation
from tuntas.sessions.errors import PageRefused, PageUnavailable
from tuntas.sessions.gate import Slot
from tuntas.sessions.model import Disconnected, PageLost, SessionRecord, Weighed
from tuntas.sessions.page_calls import PageCall
from tuntas.sessions.ports import LaunchRefused, Sink, WhatsAppPage

# Clocks of phones differ by a little, and times are whole seconds; what is known already is not told twice.
_OVERLAP_SECONDS = 60
_MESSAGES_PER_CHAT = 1000

log = structlog.get_logger(__name__)

Ended = Callable[[int, asyncio.Task[Result]], None]


class Operations:
    """One session's browser, and the operation on it that is under way."""

    def __init__(self, dependencies: Dependencies, on_end: Ended) -> None:
        """Begin without a browser; ``on_end`` is told of every operation's end, of cancelled ones too."""
        self.page: WhatsAppPage | None = None
        self.removal: Removal | None = None
        """What became of the profile that was removed last."""
        self._dependencies = dependencies
        self._on_end = on_end
        self._task: asyncio.Task[Result] | None = None
        self._slot: Slot | None = None
        self._sink: Sink = lambda _: None
        self._arrivals: Arrivals | None = None

    def begin(self, begin: Begin, record: SessionRecord, sink: Sink) -> None:
        """Start an operation on the session ``record``; what it observes goes to ``sink``."""
        operation = begin.operation

        async def working() -> Result:
            failpoint(f"{operation}.begun")
            result = await self._carry_out(begin, record, sink)
            failpoint(f"{operation}.ended")
            return result

        self._task = spawn(working(), name=f"session {record.name}: {operation}")
        self._task.add_done_callback(lambda task: self._on_end(begin.number, task))

    async def cancel(self) -> None:
        """Cancel the operation under way, if there is one, and wait until it has cleaned up."""
        task, self._task = self._task, None
        await end(task)

    async def _carry_out(self, begin: Begin, record: SessionRecord, sink: Sink) -> Result:
        match begin.operation:
            case Operation.LAUNCH:
                return await self._launch(record, sink)
            case Operation.CATCH_UP:
                return await self._catch_up(record)
            case Operation.RECONNECT:
                await self._reconnect(record.name)
            case Operation.ECHO:
                return await self._echo(record.name)
            case Operation.PROBE:
                await self._probe(tend=begin.tend)
            case Operation.LOG_OUT:
                return await self._log_out(record.name)
            case Operation.END_BROWSER:
                await self._end_browser(record)
            case Operation.DISCARD_PROFILE:
                return await self._discard_profile(record)
            case Operation.REST:
                raise AssertionError(begin)
            case _:
                assert_never(begin.operation)
        return None

    async def _launch(self, record: SessionRecord, sink: Sink) -> Launched:
        """Wait for a place at the gate, prepare the profile and open a page; all that is observed goes to ``sink``."""
        self._arrivals = self._arrivals_of(record, sink)
        self._sink = sink = self._arrivals.take
        self._slot = await self._dependencies.gate.enter()
        profiles = self._dependencies.profiles
        try:
            # To its end: a start that is cancelled here must not make the folder after its removal.
            path = await blocking_to_its_end(profiles.create, record.profile_folder, record.name)
            await blocking(profiles.require_room, path)
            await self._trim_caches(record.name, path)
            self.page = await self._dependencies.engine.open(path, sink, record.config.proxy)
        except LaunchRefused as refused:
            sink(PageLost(refused.reason, refused.detail, refused.again_in_seconds))
        except (OSError, RefusedPath) as error:
            is_full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
            sink(PageLost("disk_full" if is_full else "profile_unusable", str(error)))
        return Launched(None if self.page is None else self.page.record)

    async def _trim_caches(self, name: str, profile: Path) -> None:
        try:
            if freed := await blocking(trim_caches, profile, self._dependencies.limits.cache_bytes):
                log.info("caches_removed", session=name, bytes=freed)
        except OSError as error:
            # A session can work with a cache that is too large; the next launch tries again.
            log.warning("caches_not_removed", session=name, error=str(error))

    def leave_gate(self) -> None:
        """Let the next session start; harmless when this one holds no place."""
        slot, self._slot = self._slot, None
        if slot is not None:
            slot.leave()

    async def _probe(self, *, tend: bool) -> None:
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

    async def _reconnect(self, name: str) -> None:
        """Have the page connect now: by itself it waits the longer, the longer the network was away."""
        assert self.page is not None
        try:
            await self.page.ask(PageCall.RECONNECT, {})
        except (PageUnavailable, PageRefused) as error:
            # It has its deadline anyhow.
            log.warning("reconnect_not_asked", session=name, error=str(error))

    async def _echo(self, name: str) -> Echoed:
        """Write to oneself and listen for the receipt, which comes the way that all messages come."""
        assert self.page is not None
        seconds = self._dependencies.limits.echo_timeout_seconds
        try:
            is_heard = bool(await self.page.ask(PageCall.ECHO, {"seconds": seconds}))
        except PageUnavailable as error:
            self._sink(PageLost("page_hung", str(error)))
            return Echoed(None)
        except PageRefused as error:
            log.warning("echo_not_sent", session=name, error=str(error))
            return Echoed(None)
        log.log(logging.INFO if is_heard else logging.WARNING, "echo", session=name, is_heard=is_heard)
        return Echoed(is_heard)

    async def _catch_up(self, record: SessionRecord) -> CaughtUp:
        """Ask the page for what came since the last message that there is an event of, and what could not be read."""
        assert self.page is not None
        assert record.seen_until is not None
        asked = {
            "since": record.seen_until - _OVERLAP_SECONDS,
            "seen": record.seen_until,
            "limit": _MESSAGES_PER_CHAT,
            "waiting": await self._dependencies.store.unreadable(record),
        }
        try:
            found = await self.page.ask(PageCall.MESSAGES_SINCE, asked)
        except PageUnavailable as error:
            # To go on without would be to pass over what was missed.
            self._sink(PageLost("page_hung", str(error)))
            return CaughtUp(None)
        except PageRefused as error:
            # This page cannot tell, nor would another: to go on is better than to stand still.
            log.error("not_caught_up", session=record.name, detail=str(error))
            found = {"messages": [], "isAll": True}
        assert self._arrivals is not None
        messages = await self._arrivals.complete(message_of(one) for one in found["messages"])
        return CaughtUp(tuple(messages), bool(found["isAll"]))

    def _arrivals_of(self, record: SessionRecord, sink: Sink) -> Arrivals:
        wanted = record.config.downloads_media
        is_wanted = self._dependencies.downloads_media if wanted is None else wanted
        ignored = record.config.ignored(self._dependencies.ignored)
        return Arrivals(record, sink, lambda: self.page, self._dependencies.files if is_wanted else None, ignored)

    async def _log_out(self, name: str) -> LoggedOut:
        """Unlink the device, as far as the page confirms it."""
        assert self.page is not None
        try:
            await self.page.log_out()
        except PageUnavailable as error:
            # The keys are removed all the same; the phone keeps an entry that can no longer be used.
            log.warning("logout_not_confirmed", session=name, detail=str(error))
            return LoggedOut(is_confirmed=False)
        return LoggedOut(is_confirmed=True)

    async def _end_browser(self, record: SessionRecord) -> None:
        """End the browser, gently unless its profile goes too; returns when its whole tree is gone."""
        if self._arrivals is not None:
            await self._arrivals.close()
        if self.page is not None:
            # What a gentle end would write down goes with the profile, and it takes the longest part of a deletion.
            how = await self.page.end(gracefully=not record.discard_profile)
            self.page = None
            log.info("browser_ended", session=record.name, how=how)

    async def _discard_profile(self, record: SessionRecord) -> Discarded:
        """Remove the profile as far as the foreground attempts go; what became of it is in ``removal``."""
        profiles = self._dependencies.profiles
        path = profiles.path_of(record.profile_folder)
        try:
            self.removal = await self._dependencies.remover.remove(record.name, path)
        except RefusedPath as error:
            # Not a folder of ours any more (its marker is gone, or it became a link): it is told, and left alone.
            now = self._dependencies.clock.now()
            state, reason = RemovalState.STUCK, Reason.REFUSED
            self.removal = Removal(ulid(), record.name, path, state, now, now, reason=reason, message=str(error))
            log.error("profile_left_alone", session=record.name, detail=str(error))
        return Discarded(await blocking(profiles.folder_for, record.name))

    async def abandon(self) -> None:
        """Leave nothing behind, whatever is under way: no operation, no place at the gate, no browser."""
        await self.cancel()
        self.leave_gate()
        if self._arrivals is not None:
            await self._arrivals.close()
        page, self.page = self.page, None
        if page is not None:
            await page.end(gracefully=False)
