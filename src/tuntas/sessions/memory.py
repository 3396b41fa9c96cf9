"""What a session knows of itself while it runs: a value that only its lifecycle makes anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tuntas.events import Message
from tuntas.sessions.capabilities import NOTHING_KNOWN, PageFacts
from tuntas.sessions.commands import Command
from tuntas.sessions.effects import Operation
from tuntas.sessions.faults import NETWORK, Blame, blame_for
from tuntas.sessions.limits import Limits
from tuntas.sessions.machine import PASSKEY, WITH_BROWSER, Desired, State
from tuntas.sessions.model import PageLost, SessionRecord
from tuntas.sessions.recycling import Growth

# Pages that are asked for life. One that loads is busy by nature, and has a deadline instead.
ASKED = frozenset({State.SCAN_QR_CODE, State.WORKING}) | PASSKEY

# Why a session rests, until somebody asks for its QR.
NOT_SCANNED = "qr_not_scanned"

NO_FAULT = PageLost("none", "")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A command that has not come true yet. ``generation``: of the browser that was there when it was given."""

    command: Command
    generation: int


@dataclass(frozen=True, slots=True)
class Memory:
    """All that a session's decision looks at, and nothing else: it has an attribute for each fact that decides.

    ``record`` is what the store has. ``operation`` is under way, the ``number``-th; ``generation`` counts browsers.
    ``data``: what clients need for the status, beside it: a passkey's challenge, or a code to compare.
    ``linked``: the page is logged in, so a logout means something. ``start_asked``: a person asked again, after we gave
    up. ``end_asked``: a restart or a logout wants this browser's end. ``logged_out``: whether WhatsApp confirmed a
    logout, None before one. ``profile_gone``: the profile has been removed as far as it can be in the foreground.
    ``behind``: what came while nobody listened was not asked for yet, and newer messages are ``held``. ``tries``:
    restarts in a row after faults, since the last stable run; ``faults``: those of them that were ours.
    ``is_network_away``: WhatsApp cannot be reached, as far as this session follows the network.
    ``reconnect_at``: the network is back, and the page is to be told then, for it would wait on. ``lacking``: what the
    page does not have that every session needs, as far as it told. ``facts``: what it is and can do. ``due_at``: the
    deadline of a live state, or the next start. ``rest_at``: a QR is not shown for longer.
    ``probe_at``: when a live page is to be asked for life; ``echo_at``: when to write to oneself. ``hears_echoes``: the
    last one was heard, so that silence would be news.
    """

    record: SessionRecord
    limits: Limits
    operation: Operation = Operation.REST
    number: int = 0
    generation: int = 0
    waiting: tuple[Waiting, ...] = ()
    qr: str | None = field(default=None, repr=False)
    data: Mapping[str, Any] | None = field(default=None, repr=False)
    linked: bool = False
    start_asked: bool = False
    end_asked: bool = False
    logged_out: bool | None = None
    profile_gone: bool = False
    shutting_down: bool = False
    behind: bool = False
    held: tuple[Message, ...] = field(default=(), repr=False)
    rest_at: float | None = None
    growth: Growth = field(default_factory=Growth)
    tries: int = 0
    faults: int = 0
    is_network_away: bool = False
    reconnect_at: float | None = None
    follows_network: bool = False
    lacking: str | None = None
    facts: PageFacts = NOTHING_KNOWN
    last_fault: PageLost = NO_FAULT
    due_at: float | None = None
    probe_at: float | None = None
    echo_at: float | None = None
    hears_echoes: bool = False
    working_since: float | None = None
    reason: str = "created"
    asked_by: str = "system"
    story: tuple[str, ...] = ()

    @property
    def end_is_wanted(self) -> bool:
        """Whether the browser that is there should go, for good or for another."""
        return self.end_asked or self.shutting_down or self.record.desired is not Desired.RUNNING

    @property
    def rests(self) -> bool:
        """Whether it was stopped since nobody scanned its QR."""
        record = self.record
        return (record.state, record.desired, record.reason) == (State.STOPPED, Desired.STOPPED, NOT_SCANNED)

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will ever be done."""
        if self.record.state is State.REMOVED:
            return True
        is_at_rest = self.operation is Operation.REST and self.record.state not in WITH_BROWSER
        return self.shutting_down and is_at_rest

    @property
    def blame(self) -> Blame:
        """Who has to mend what happened last."""
        return blame_for(
            self.last_fault.reason,
            is_network_away=self.is_network_away,
            takes_over=self.limits.after_replacement == "take_over",
        )

    @property
    def needs_network(self) -> bool:
        """Whether what comes next depends on the network: a connection is lost, or could not be made."""
        match self.record.state:
            case State.RECONNECTING:
                return True
            case State.WAITING | State.RECOVERING | State.STARTING:
                return self.tries > 0 and (self.follows_network or self.last_fault.reason in NETWORK)
            case _:
                return False

    def wakes_at(self, now: float) -> float | None:
        """Return when to look again though nothing comes in; None for never."""
        # A moment that has passed yet asks for nothing (a failed session's) must not become a busy loop.
        rest_at = self.rest_at if self.record.state is State.SCAN_QR_CODE else None
        moments = (self.due_at, rest_at, self.probe_at, self.reconnect_at, self.echo_at, self.growth.recycle_at)
        return min((at for at in moments if at is not None and at > now), default=None)
