"""What is known of a session: the part that is stored, and what a browser told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tuntas.events import Acknowledgement, EventName, Me, Message, Subscription
from tuntas.sessions.machine import State, Status
from tuntas.sessions.pacing import Pace
from tuntas.sessions.reconcile import Desired

SESSION_NAME_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What a client set for a session. ``document`` is what was sent, for giving it back unchanged."""

    document: Mapping[str, Any] = field(default_factory=dict, repr=False)
    subscriptions: tuple[Subscription, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    pace: Pace | None = None


@dataclass(frozen=True, slots=True)
class BrowserRecord:
    """A browser as it was seen after its launch; enough to recognise it after a crash of the server."""

    pid: int
    create_time: float
    group: int
    boot_id: str
    profile: str
    executable: str
    version: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """The stored session. ``id`` tells two sessions apart that bore one name, one after the other.

    ``seen_until``: the time (Unix seconds) of the newest message whose event is written; None before the first link.
    """

    id: str
    name: str
    config: SessionConfig
    desired: Desired
    state: State
    status: Status
    profile_folder: str
    created_at: datetime
    changed_at: datetime
    reason: str = "created"
    discard_profile: bool = False
    me: Me | None = None
    browser: BrowserRecord | None = None
    seen_until: int | None = None


@dataclass(frozen=True, slots=True)
class StateChange:
    """One line of a session's story."""

    at: datetime
    before: State
    after: State
    status: Status
    reason: str
    detail: str | None
    asked_by: str


# What a page observes. Each arrives at the actor with the generation of the browser that it came from.
@dataclass(frozen=True, slots=True)
class QrShown:
    """A new QR; ``value`` is what a phone scans."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Scanned:
    """A phone has accepted this device; the account is loading."""


@dataclass(frozen=True, slots=True)
class Connected:
    """Logged in, synchronised and connected: messages can be sent."""

    me: Me


@dataclass(frozen=True, slots=True)
class Disconnected:
    """WhatsApp's own socket is not connected; the page tries again by itself."""

    detail: str


@dataclass(frozen=True, slots=True)
class Unlinked:
    """The device was removed from the account, by the phone or by a logout in the page."""

    detail: str


@dataclass(frozen=True, slots=True)
class PageLost:
    """The page or its browser is dead or unusable. ``permanent``: starting again cannot help."""

    reason: str
    detail: str
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class Weighed:
    """How much memory the browser's whole tree takes."""

    memory_bytes: int


@dataclass(frozen=True, slots=True)
class MessageSeen:
    """A message came in or went out."""

    message: Message


@dataclass(frozen=True, slots=True)
class AckSeen:
    """A message has come further."""

    acknowledgement: Acknowledgement


@dataclass(frozen=True, slots=True)
class Told:
    """The page told a fact that is published as it is; the payload is in WAHA's shape."""

    name: EventName
    payload: Mapping[str, Any] = field(repr=False)


Observation = (
    QrShown | Scanned | Connected | Disconnected | Unlinked | PageLost | Weighed | MessageSeen | AckSeen | Told
)
