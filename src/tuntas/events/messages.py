"""A WhatsApp message and its acknowledgement, as the rest of Tuntas knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

# WhatsApp Web's own word for what it cannot read yet.
UNREADABLE = "ciphertext"


class AckLevel(IntEnum):
    """How far a message has come; numbers and names are WAHA's (and whatsapp-web.js's)."""

    ERROR = -1
    PENDING = 0
    SERVER = 1
    DEVICE = 2
    READ = 3
    PLAYED = 4


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat. ``timestamp`` is Unix time in seconds; ids look like ``true_<chat>_<hex>``."""

    id: str
    timestamp: int
    sender: str
    recipient: str
    from_me: bool
    body: str = field(repr=False)  # bodies never reach a log, not even through repr
    source: str = "app"
    ack: AckLevel = AckLevel.PENDING
    has_media: bool = False
    reply_to: Mapping[str, Any] | None = field(default=None, repr=False)
    """What it answers, by the payload's own names: ``id``, ``participant``, ``body`` …"""
    kind: str = "chat"
    details: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What only some messages have, by the payload's own names: ``media``, ``location``, ``vCards``, ``poll`` …"""

    @property
    def is_unreadable(self) -> bool:
        """Whether it came encrypted and its text is not there yet, or never will be."""
        return self.kind == UNREADABLE

    def payload(self) -> dict[str, Any]:
        """Return the message in WAHA's shape."""
        media = self.details.get("media") or {}
        return {
            "id": self.id,
            "timestamp": self.timestamp,
            "from": self.sender,
            "fromMe": self.from_me,
            "source": self.source,
            "to": self.recipient,
            "participant": "",
            "author": self.details.get("participant"),
            "body": self.body,
            "hasMedia": self.has_media,
            "media": None,
            "mediaUrl": media.get("url") or "",
            "ack": int(self.ack),
            "ackName": self.ack.name,
            "replyTo": None if self.reply_to is None else {**self.reply_to, "media": None},
            "vCards": [],
            "_data": {"type": self.kind},
            **self.details,
            "location": _place(self.details.get("location")),
        }


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A message that has come further than before."""

    message_id: str
    sender: str
    recipient: str
    from_me: bool
    ack: AckLevel
    recipient_pn: str | None = None

    def payload(self) -> dict[str, Any]:
        """Return the acknowledgement in WAHA's shape."""
        return {
            "id": self.message_id,
            "from": self.sender,
            "to": self.recipient,
            "toPn": self.recipient_pn,
            "participant": None,
            "fromMe": self.from_me,
            "ack": int(self.ack),
            "ackName": self.ack.name,
        }


def _place(location: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a place in WAHA's shape, where degrees are texts."""
    if location is None:
        return None
    description = location.get("description")
    return {
        "latitude": str(location.get("latitude")),
        "longitude": str(location.get("longitude")),
        "live": bool(location.get("live", False)),
        "name": location.get("name", description),
        "address": location.get("address"),
        "url": location.get("url"),
        "description": description,
        "thumbnail": location.get("thumbnail"),
    }


def message_of(plain: Mapping[str, Any]) -> Message:
    """Return the message that the page wrote down as plain values. Raises KeyError, ValueError, TypeError."""
    return Message(
        id=str(plain["id"]),
        timestamp=int(plain["t"]),
        sender=str(plain["from"]),
        recipient=str(plain["to"]),
        from_me=bool(plain["fromMe"]),
        body=str(plain["body"]),
        source=str(plain.get("source", "app")),
        ack=AckLevel(max(-1, min(4, int(plain["ack"])))),  # WhatsApp has finer error levels below -1
        has_media=bool(plain.get("hasMedia", False)),
        reply_to=plain.get("replyTo"),
        kind=str(plain.get("type", "chat")),
        details=dict(plain.get("details") or {}),
    )
