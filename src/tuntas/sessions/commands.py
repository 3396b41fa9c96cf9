"""What arrives at a session: commands, what its page saw, ends of operations. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tuntas.events import Message
from tuntas.sessions.model import BrowserRecord, Observation, PageLost, SessionConfig


class CommandKind(StrEnum):
    """What a person can ask of a session; the values are the reasons in its story."""

    START = "start_requested"
    STOP = "stop_requested"
    RESTART = "restart_requested"
    LOG_OUT = "logout_requested"
    REMOVE = "delete_requested"
    RETIRE = "export_requested"


@dataclass(frozen=True, slots=True)
class Command:
    """A command. ``id`` tells whom to answer, when the fact is true and not before."""

    id: int
    kind: CommandKind
    asked_by: str


@dataclass(frozen=True, slots=True)
class Reconfigure:
    """A new configuration; a running session is restarted with it, by ``command``."""

    config: SessionConfig
    command: Command


@dataclass(frozen=True, slots=True)
class Observed:
    """Something that a page saw; a ``generation`` that is not the current one is a dead browser speaking."""

    generation: int
    observation: Observation


@dataclass(frozen=True, slots=True)
class Launched:
    """A launch's result: the browser; None where a word of the page says why there is none."""

    browser: BrowserRecord | None


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """A catch-up's result: what the page told, oldest first; None if it did not answer.

    ``is_all``: there is nothing newer.
    """

    found: tuple[Message, ...] | None
    is_all: bool = True


@dataclass(frozen=True, slots=True)
class Echoed:
    """An echo's result: whether the receipt was heard; None where nothing could be sent."""

    is_heard: bool | None


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """A logout's result: whether the page said that WhatsApp knows of it."""

    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Discarded:
    """A removal's result: the folder that the session's next profile will have."""

    next_folder: str


Result = Launched | CaughtUp | Echoed | LoggedOut | Discarded | None


@dataclass(frozen=True, slots=True)
class OperationDone:
    """An operation has ended. ``number`` tells it from one that was cancelled and whose end comes late."""

    number: int
    result: Result = None


@dataclass(frozen=True, slots=True)
class Booted:
    """A server has read this session from the store, and no browser of an earlier one is left.

    ``age_seconds``: so long it has been in the state that was read.
    """

    reason: str
    age_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """Look what is next. ``in_use``: somebody's call into the page is under way at this moment."""

    in_use: bool = False


@dataclass(frozen=True, slots=True)
class NetworkSeen:
    """Whether WhatsApp's servers can be reached from here, and what is in the way; told while it is followed."""

    is_away: bool
    obstacle: PageLost | None = None


@dataclass(frozen=True, slots=True)
class PageChanged:
    """WhatsApp has put out another build of its page."""


@dataclass(frozen=True, slots=True)
class PageFree:
    """Nobody's call into the page is under way any more."""


@dataclass(frozen=True, slots=True)
class QrAsked:
    """Somebody wants to scan: a session that rests since nobody did comes back."""

    asked_by: str


@dataclass(frozen=True, slots=True)
class ShutDown:
    """The server stops: end the browser, keep what is desired."""


Input = (
    Command
    | Reconfigure
    | Observed
    | OperationDone
    | Booted
    | Look
    | NetworkSeen
    | PageChanged
    | PageFree
    | QrAsked
    | ShutDown
)
