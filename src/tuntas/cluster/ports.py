"""The register beneath: what a cluster asks of its engine. Few words, so that engines differ in one file each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from tuntas.cluster.records import RegisterEntry
from tuntas.foundation.user_error import UserError


class ClusterUnusable(UserError):
    """The cluster cannot be joined; the message says why, and what to do."""


class Outdated(Exception):
    """The key has another revision: nothing was written."""


class Unreachable(Exception):
    """No answer came: a write may have been done, or be done yet."""


class Register(Protocol):
    """Keys that are compared and set. Revisions grow over all keys together, in the order of the writes."""

    async def open(self) -> None:
        """Connect, and see that the engine is one that can be trusted.

        Raises:
            ClusterUnusable: it cannot be reached, does not let us in, or is not good enough.
        """
        ...

    async def write(self, key: str, value: bytes | None, expected: int) -> int:
        """Set ``key`` if its revision is ``expected`` (0: never set); return the new one. No value removes it.

        Durable on most of the engine's servers when it returns.

        Raises:
            Outdated, Unreachable.
        """
        ...

    async def read(self, key: str) -> RegisterEntry:
        """Return what stands under ``key``, as its leader has it; revision 0 where nothing ever did.

        Raises:
            Unreachable.
        """
        ...

    async def follow(
        self,
        on_all: Callable[[Sequence[RegisterEntry]], None],
        on_entry: Callable[[RegisterEntry], None],
        pause_seconds: float,
    ) -> None:
        """Tell all there is, removed keys too, and then each change in the order of revisions, until cancelled.

        ``pause_seconds``: an engine that has to be asked is asked so often.

        Raises:
            Unreachable: the connection broke; what came meanwhile was not told.
        """
        ...

    async def close(self) -> None:
        """Let go of the engine."""
        ...
