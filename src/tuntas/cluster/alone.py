"""Ownership where there is one server: its data folder's lock is all that it takes."""

from __future__ import annotations

import asyncio

FENCE = 1


class Alone:
    """Implements ``tuntas.sessions.ports.Ownership``: whoever holds the data folder owns all that is in it."""

    def __init__(self, name: str = "this server") -> None:
        """Own everything, as ``name``."""
        self._name = name
        self._never = asyncio.Event()

    def fence(self, session_id: str) -> int | None:  # noqa: ARG002
        """Return the one fence there is."""
        return FENCE

    def owner(self, session_id: str) -> str | None:  # noqa: ARG002
        """Return this server's name."""
        return self._name

    async def create(self, session_id: str) -> int:  # noqa: ARG002
        """Own it, like all others."""
        return FENCE

    async def forget(self, session_id: str) -> None:
        """Nothing is kept of it."""

    def changed(self) -> asyncio.Event:
        """Return what is never set."""
        return self._never
