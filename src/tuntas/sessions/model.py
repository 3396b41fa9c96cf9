"""What is known of a session: the part that is stored, and what a browser told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tuntas.events import Acknowledgement, Capping, EventName, Me, Message, Subscription, Timelock, identified
from tuntas.foundation.proxy import Proxy
from tuntas.sessions.capabilities import PageFacts
from tuntas.sessions.machine import Desired, State, Status
from tuntas.sessions.pacing import Pace

SESSION_NAME_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What a client set for a session. ``document`` is what was sent, for giving it back unchanged.

    ``damage``: why the stored one could not be read; all else is empty then.
    """

    document: Mapping[str, Any] = field(default_factory=dict, repr=False)
    subscriptions: tuple[Subscription, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    pace: Pace | None = None
    proxy: Proxy | None = None
    damage: str | None = None

    def ignored(self, unless_told: frozenset[str] = frozenset()) -> frozenset[str]:
        """Which kinds of chats the session does not want to know of: ``status``, ``groups``, ``channels`` …

        ``unless_told``: the server's, of which each counts where the session says nothing of it.
        """
        ignore = self.document.get("ignore")
        told = ignore if isinstance(ignore, Mapping) else {}
        return frozenset(kind for kind, is_on in {**dict.fromkeys(unless_told, True), **told}.items() if is_on)

    @property
    def downloads_media(self) -> bool | None:
        """Whether files are fetched as their messages arrive; None: as the server's setting says."""
        media = self.document.get("media")
        download = media.get("download") if isinstance(media, Mapping) else None
        return download if isinstance(download, bool) else None

    @property
    def is_debug(self) -> bool:
        """Whether each thing that the page tells is logged, without what it says."""
        return self.document.get("debug") is True

    def following(self, earlier: SessionConfig) -> SessionConfig:
        """Return this configuration as the one after ``earlier``: webhooks that are the same keep their ids."""
        return replace(self, subscriptions=identified(self.subscriptions, earlier.subscriptions))


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
    """The stored session, an attribute a column. ``id`` tells two sessions apart that bore one name in turn.

    ``seen_until``: the time (Unix seconds) of the newest message whose event is written; None before the first link.
    ``again_in_seconds``: of a failed session, how long after ``changed_at`` it starts by itself; None for never.
    ``unlinked_me``: the account whose link the phone has removed, until one is linked again.
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
    again_in_seconds: float | None = None
    unlinked_me: Me | None = None


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
class PasskeyAsked:
    """The account's passkey has to sign before this device is accepted; WebAuthn's request options, as JSON."""

    options: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PasskeyCodeShown:
    """The passkey has signed; phone and page show this code, and a person has to say that it is the same."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PasskeyRefused:
    """Nothing came of the passkey; the page goes back to its QRs."""

    detail: str


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
    """The page or its browser is dead or unusable. ``again_in_seconds``: to try again earlier would do harm."""

    reason: str
    detail: str
    again_in_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Lacking:
    """The page does not have yet, or has no more, what we call. It is looked for on: modules may come late."""

    names: str


@dataclass(frozen=True, slots=True)
class PageKnown:
    """What the page is and what it can do; told again when that changes."""

    facts: PageFacts


@dataclass(frozen=True, slots=True)
class RestrictionsSeen:
    """What WhatsApp does not let the account do for a while; None is what the page does not know."""

    timelock: Timelock | None
    capping: Capping | None


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
    QrShown
    | Scanned
    | PasskeyAsked
    | PasskeyCodeShown
    | PasskeyRefused
    | Connected
    | Disconnected
    | Unlinked
    | PageLost
    | Lacking
    | PageKnown
    | RestrictionsSeen
    | Weighed
    | MessageSeen
    | AckSeen
    | Told
)
