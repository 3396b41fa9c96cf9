"""What the removal of profiles asks of the rest of the house: a place to write down what it is about to do.

The database lives elsewhere; this room must not know it.
"""

from __future__ import annotations

from typing import Protocol

from tuntas.profiles.model import Removal


class RemovalJournal(Protocol):
    """Removals, kept through any crash."""

    async def put(self, removal: Removal) -> None:
        """Insert or update by ``removal.id``. Durable when it returns: a power cut a moment later loses nothing."""
        ...

    async def unfinished(self) -> list[Removal]:
        """Return every removal whose state is not ``purged``, oldest first."""
        ...
