"""The envelope around every published fact. Its shape is WAHA's, so that existing receivers need no change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tuntas import __version__
from tuntas.events.restrictions import Capping, Restriction, Timelock, in_force
from tuntas.foundation.identifiers import ulid

# WAHA's own name, since 2026.3, for its engine on WA-JS in a browser.
ENGINE = "WPP"


class EventName(StrEnum):
    """The facts that are published."""

    SESSION_STATUS = "session.status"
    MESSAGE = "message"
    MESSAGE_ANY = "message.any"
    MESSAGE_WAITING = "message.waiting"
    MESSAGE_ACK = "message.ack"
    MESSAGE_ACK_GROUP = "message.ack.group"
    MESSAGE_REACTION = "message.reaction"
    MESSAGE_EDITED = "message.edited"
    MESSAGE_REVOKED = "message.revoked"
    POLL_VOTE = "poll.vote"
    EVENT_RESPONSE = "event.response"
    CHAT_ARCHIVE = "chat.archive"
    GROUP_JOIN = "group.v2.join"
    GROUP_LEAVE = "group.v2.leave"
    GROUP_PARTICIPANTS = "group.v2.participants"
    GROUP_JOIN_REQUEST = "group.v2.participants.join-request"
    GROUP_UPDATE = "group.v2.update"
    LEGACY_GROUP_JOIN = "group.join"
    LEGACY_GROUP_LEAVE = "group.leave"
    PRESENCE_UPDATE = "presence.update"
    CALL_RECEIVED = "call.received"
    CALL_ACCEPTED = "call.accepted"
    CALL_REJECTED = "call.rejected"
    LABEL_UPSERT = "label.upsert"
    LABEL_DELETED = "label.deleted"
    LABEL_CHAT_ADDED = "label.chat.added"
    LABEL_CHAT_DELETED = "label.chat.deleted"
    STATE_CHANGE = "state.change"
    REMOVAL_QUARANTINED = "removal.quarantined"
    REMOVAL_STUCK = "removal.stuck"
    REMOVAL_PURGED = "removal.purged"


class SilentEvent(StrEnum):
    """Events that WAHA's clients subscribe to and that never happen here: taken, so that nobody is refused for them.

    What fails to be read WhatsApp Web keeps to itself (``…failed``); its own events are not handed on, since they hold
    whatever passes through the page.
    """

    ENGINE_EVENT = "engine.event"
    EVENT_RESPONSE_FAILED = "event.response.failed"
    POLL_VOTE_FAILED = "poll.vote.failed"


KNOWN_EVENTS = frozenset({*(name.value for name in EventName), *(name.value for name in SilentEvent)})
"""What may be subscribed to."""


@dataclass(frozen=True, slots=True)
class Me:
    """The account that a session is linked to: its id by the number, and the hidden one where the page knows it.

    ``jid``: the id with this device's number, None where the page did not say.
    ``timelock``, ``capping``: what WhatsApp does not let it do for a while; None where the page did not say.
    """

    id: str
    push_name: str | None
    lid: str | None = None
    timelock: Timelock | None = None
    capping: Capping | None = None
    jid: str | None = None

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Me:
        """Return the account that was written as its attributes."""
        plain = {name: value for name, value in found.items() if name not in ("timelock", "capping")}
        timelock, capping = found.get("timelock"), found.get("capping")
        return cls(
            **plain,
            timelock=None if timelock is None else Timelock(**timelock),
            capping=None if capping is None else Capping(**capping),
        )

    @property
    def restriction(self) -> tuple[Restriction | None, str | None]:
        """What is in force, and until when and how, for people."""
        return in_force(self.timelock, self.capping)

    def restrictions_payload(self) -> dict[str, Any]:
        """Return what restricts the account in WAHA's shape."""
        is_locked = self.timelock is not None and self.timelock.is_active
        return {
            "reachoutTimelock": self.timelock.payload() if self.timelock is not None and is_locked else None,
            "messageCapping": None if self.capping is None else self.capping.payload(),
        }

    def payload(self) -> dict[str, Any]:
        """Return the account in WAHA's shape."""
        return {
            "id": self.id,
            "pushName": self.push_name,
            "lid": self.lid,
            "jid": self.jid,
        } | self.restrictions_payload()


@dataclass(frozen=True, slots=True)
class Event:
    """One published fact of one session. ``timestamp`` is Unix time in milliseconds; the id never changes.

    ``subject`` names what happens only once (a message): a second event of this name about it is not published.
    """

    name: EventName
    session: str
    timestamp: int
    payload: Mapping[str, Any] = field(repr=False)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    me: Me | None = None
    subject: str | None = None
    id: str = field(default_factory=lambda: f"evt_{ulid()}")

    def envelope(self) -> dict[str, Any]:
        """Return the JSON document that receivers get."""
        return {
            "id": self.id,
            "timestamp": self.timestamp,
            "event": self.name.value,
            "session": self.session,
            "metadata": dict(self.metadata),
            "me": None if self.me is None else self.me.payload(),
            "payload": dict(self.payload),
            "engine": ENGINE,
            "environment": {"version": __version__, "engine": ENGINE, "tier": "CORE", "browser": "chromium"},
        }
