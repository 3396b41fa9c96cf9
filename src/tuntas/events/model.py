"""The envelope around every published fact. Its shape is WAHA's, so that existing receivers need no change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tuntas import __version__
from tuntas.foundation.identifiers import ulid

# WAHA's own name, since 2026.3, for its engine on WA-JS in a browser.
ENGINE = "WPP"


class EventName(StrEnum):
    """The facts that are published."""

    SESSION_STATUS = "session.status"
    MESSAGE = "message"
    MESSAGE_ANY = "message.any"
    MESSAGE_ACK = "message.ack"
    MESSAGE_REACTION = "message.reaction"
    MESSAGE_EDITED = "message.edited"
    MESSAGE_REVOKED = "message.revoked"
    POLL_VOTE = "poll.vote"
    CHAT_ARCHIVE = "chat.archive"
    GROUP_JOIN = "group.v2.join"
    GROUP_LEAVE = "group.v2.leave"
    GROUP_PARTICIPANTS = "group.v2.participants"
    GROUP_UPDATE = "group.v2.update"
    PRESENCE_UPDATE = "presence.update"
    REMOVAL_QUARANTINED = "removal.quarantined"
    REMOVAL_STUCK = "removal.stuck"
    REMOVAL_PURGED = "removal.purged"


@dataclass(frozen=True, slots=True)
class Me:
    """The account that a session is linked to."""

    id: str
    push_name: str | None

    def payload(self) -> dict[str, Any]:
        """Return the account in WAHA's shape."""
        return {"id": self.id, "pushName": self.push_name}


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
