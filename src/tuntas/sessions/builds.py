"""Looks whether WhatsApp has put out another build of its page, while a session waits for just that.

When no session does, nothing is asked. What a new build means for a session, its own decision says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import structlog

from tuntas.sessions.actor import SessionActor
from tuntas.sessions.faults import is_of_this_build
from tuntas.sessions.machine import State
from tuntas.sessions.ports import Builds

log = structlog.get_logger(__name__)


class BuildWatch:
    """One look for all sessions that failed because of the page as it was."""

    def __init__(self, builds: Builds, actors: Callable[[], Iterable[SessionActor]], interval_seconds: float) -> None:
        """Ask ``builds`` every ``interval_seconds``, for those of ``actors`` that wait."""
        self._builds = builds
        self._actors = actors
        self._interval_seconds = interval_seconds

    async def run(self) -> None:
        """Look for ever."""
        # WhatsApp gives out several builds at one time, now this one and then that: only one never seen is news.
        seen: set[str] = set()
        while True:
            waiting = [one for one in self._actors() if _waits(one)]
            build = await self._builds.current() if waiting else None
            if build is not None and build not in seen:
                if seen:
                    log.info("page_changed", build=build, sessions=len(waiting))
                    for actor in waiting:
                        actor.page_changed()
                seen.add(build)
            elif not waiting:
                seen.clear()  # nobody has looked since
            await asyncio.sleep(self._interval_seconds)


def _waits(actor: SessionActor) -> bool:
    if actor.record.config.proxy is not None:
        return False  # the look is the server's own, and nothing is asked past a session's proxy
    return actor.record.state is State.FAILED and is_of_this_build(actor.record.reason)
