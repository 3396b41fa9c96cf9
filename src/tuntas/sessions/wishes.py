"""What arrives in an actor's mailbox."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum

from tuntas.profiles import Removal
from tuntas.sessions.model import Observation, SessionRecord


class WishKind(StrEnum):
    """What a person can ask of a session; the values are the reasons in its story."""

    START = "start_requested"
    STOP = "stop_requested"
    RESTART = "restart_requested"
    LOG_OUT = "logout_requested"
    REMOVE = "delete_requested"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a wish came to: the session as it was then, and the removal if there was one."""

    record: SessionRecord
    removal: Removal | None = None


@dataclass(slots=True)
class Wish:
    """A wish and the future that its asker awaits; answered when the fact is true, not before."""

    kind: WishKind
    asked_by: str
    answer: asyncio.Future[Outcome] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(frozen=True, slots=True)
class Reconfigure:
    """A new configuration; a running session is restarted with it."""

    record: SessionRecord
    wish: Wish


@dataclass(frozen=True, slots=True)
class Observed:
    """Something that a page saw; a ``generation`` that is not the current one is a dead browser speaking."""

    generation: int
    observation: Observation


@dataclass(frozen=True, slots=True)
class WorkDone:
    """The act that was under way has ended."""

    task: asyncio.Task[None]


@dataclass(frozen=True, slots=True)
class PageFree:
    """Nobody's call into the page is under way any more."""


@dataclass(frozen=True, slots=True)
class ShutDown:
    """The server stops: end the browser, keep what is desired."""
