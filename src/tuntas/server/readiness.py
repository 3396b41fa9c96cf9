"""Whether a server can do what it is there for, and if not, why: what ``GET /readyz`` tells a load balancer."""

from __future__ import annotations

import asyncio

from tuntas.foundation.tasks import blocking
from tuntas.profiles import ProfileStore
from tuntas.storage import Database, DatabaseUnusable

DATABASE_SECONDS = 2.0


class Readiness:
    """Asked anew each time; remembers only whether the sessions are there."""

    def __init__(self, database: Database, profiles: ProfileStore, stopping: asyncio.Event) -> None:
        """Look at ``database`` and the volume of ``profiles``; ``stopping`` is set once the server is to end."""
        self._database = database
        self._profiles = profiles
        self._stopping = stopping
        self.is_loaded = False

    async def obstacle(self) -> str | None:
        """Return what stands in the way of work, None if nothing does."""
        if self._stopping.is_set():
            return "The server is stopping."
        if not self.is_loaded:
            return "The sessions are not read yet."
        try:
            await self._database.check(timeout_seconds=DATABASE_SECONDS)
            await blocking(self._profiles.require_room, self._profiles.root)
        except (DatabaseUnusable, OSError) as error:
            return str(error)
        return None
