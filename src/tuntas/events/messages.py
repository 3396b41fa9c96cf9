"""A WhatsApp message and its acknowledgement, as the rest of Tuntas knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


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
    reply_to: str | None = None
    kind: str = "chat"
    details: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What only some messages have, by the payload's own names: ``media``, ``location``, ``vCards``, ``poll`` …"""

    def payload(self) -> dict[str, Any]:
        """Return the message in WAHA's shape."""
        return {
            "id": self.id,
            "timestamp": self.timestamp,
            "from": self.sender,
            "fromMe": self.from_me,
            "source": self.source,
            "to": self.recipient,
            "body": self.body,
            "hasMedia": self.has_media,
            "media": None,
            "ack": int(self.ack),
            "ackName": self.ack.name,
            "replyTo": None if self.reply_to is None else {"id": self.reply_to},
            "vCards": [],
            "_data": {"type": self.kind},
            **self.details,
        }


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A message that has come further than before."""

    message_id: str
    sender: str
    recipient: str
    from_me: bool
    ack: AckLevel

    def payload(self) -> dict[str, Any]:
        """Return the acknowledgement in WAHA's shape."""
        return {
            "id": self.message_id,
            "from": self.sender,
            "to": self.recipient,
            "participant": None,
            "fromMe": self.from_me,
            "ack": int(self.ack),
            "ackName": self.ack.name,
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
