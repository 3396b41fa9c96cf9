"""What a session's decision asks to be done, as values. Carried out in the order in which they are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tuntas.events import Acknowledgement, Message
from tuntas.sessions.errors import SessionError
from tuntas.sessions.machine import State, Trigger
from tuntas.sessions.model import Told


class Operation(StrEnum):
    """What takes time; a session has at most one under way."""

    REST = "rest"  # none
    LAUNCH = "launch"
    CATCH_UP = "catch_up"  # ask the page for what came while nobody listened
    RECONNECT = "reconnect"  # have a page whose connection is lost connect at once
    ECHO = "echo"  # write to oneself and listen for the receipt
    PROBE = "probe"  # ask a working page for life
    LOG_OUT = "log_out"  # tell WhatsApp, before the browser is ended
    END_BROWSER = "end_browser"
    DISCARD_PROFILE = "discard_profile"


# A browser's end and a removal are never cancelled: half of either would be worse than its whole.
CANCELLABLE = frozenset({Operation.LAUNCH, Operation.CATCH_UP, Operation.RECONNECT, Operation.ECHO, Operation.PROBE})


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin an operation; its end is told under ``number``. ``tend``: a probe looks how large the browser is, too."""

    operation: Operation
    number: int
    tend: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel the operation under way, and go on when it has cleaned up."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A move through the table, and the line of the story that comes of it; ``data`` goes out with the status."""

    trigger: Trigger
    before: State
    reason: str
    detail: str | None
    asked_by: str
    data: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Commit:
    """Write the record, with the line of its story and its event if it has moved, in one transaction."""

    transition: Transition | None = None


@dataclass(frozen=True, slots=True)
class Publish:
    """Write what the page told as events that go out. ``is_late``: it was asked for, or held for what was."""

    fact: Message | Acknowledgement | Told
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class LeaveGate:
    """This session is not starting any more: let the next one start."""


@dataclass(frozen=True, slots=True)
class FollowNetwork:
    """From now on, or no longer, be told whether WhatsApp's servers can be reached."""

    is_on: bool


@dataclass(frozen=True, slots=True)
class CountRestart:
    """A browser is ended to be started again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The command of this id has come true."""

    command: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """The command of this id will not come true."""

    command: int
    error: SessionError


Effect = Begin | Cancel | Commit | Publish | LeaveGate | FollowNetwork | CountRestart | Answer | Refuse
