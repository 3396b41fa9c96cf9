"""The nouns of the sandbox: phones, the devices linked to them, the messages between them.

Plain records. What may happen to them is written in ``phones.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tuntas.sandbox.content import NOTHING, Content

SENT, DELIVERED, READ = 1, 2, 3
"""Acknowledgements as WhatsApp numbers them: by the server, by the recipient's device, by its reader."""

Event = dict[str, Any]


@dataclass(slots=True)
class Phone:
    """A phone with WhatsApp on it. ``lid`` is the hidden id (digits) that stands for the number in groups."""

    number: str
    name: str
    lid: str

    def describe(self) -> dict[str, str]:
        """Return the phone as pages and clients see it."""
        return {"number": self.number, "name": self.name, "lid": self.lid}


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """What identifies a page: its id and its two public keys, base64 as the page writes them."""

    device: str
    noise_key: str
    identity_key: str


@dataclass(slots=True)
class Device:
    """A linked device, and what it has not yet stored: ``inbox`` maps a growing sequence number to an event."""

    keys: DeviceKeys
    number: str
    next_sequence: int = 1
    inbox: dict[int, Event] = field(default_factory=dict)

    def put(self, event: Event) -> None:
        """Queue ``event`` for the device."""
        self.inbox[self.next_sequence] = event
        self.next_sequence += 1


@dataclass(frozen=True, slots=True)
class Quote:
    """The message that another one answers, as the answer carries it."""

    id: str
    sender: str
    text: str

    def describe(self) -> dict[str, str]:
        """Return the quote as pages and clients see it."""
        return {"id": self.id, "from": self.sender, "text": self.text}


@dataclass(slots=True)
class Message:
    """A message from one number to another, and what became of it. ``timestamp`` is Unix time in seconds."""

    id: str
    sender: str
    recipient: str
    text: str
    timestamp: int
    ack: int
    quoted: Quote | None = None
    content: Content = NOTHING
    edited: bool = False
    revoked: bool = False
    pinned: bool = False
    reactions: dict[str, str] = field(default_factory=dict)
    """By the number of who reacted."""
    starred: set[str] = field(default_factory=set)
    """By whom."""
    votes: dict[str, list[str]] = field(default_factory=dict)
    """By the number of who voted: the options chosen."""

    def describe(self) -> dict[str, Any]:
        """Return the message as the control API shows it; what is not there is left out."""
        became = {
            "quoted": None if self.quoted is None else self.quoted.describe(),
            "edited": self.edited,
            "revoked": self.revoked,
            "pinned": self.pinned,
            "reactions": dict(self.reactions),
            "starred": sorted(self.starred),
            "votes": dict(self.votes),
        }
        return {
            "id": self.id,
            "from": self.sender,
            "to": self.recipient,
            "text": self.text,
            "timestamp": self.timestamp,
            "ack": self.ack,
            **self.content.model_dump(exclude_defaults=True),
            **{name: value for name, value in became.items() if value},
        }

    @classmethod
    def from_description(cls, values: dict[str, Any]) -> Message:
        """Return the message that ``describe`` described."""
        quoted = values.get("quoted")
        return cls(
            values["id"],
            values["from"],
            values["to"],
            values["text"],
            values["timestamp"],
            values["ack"],
            None if quoted is None else Quote(quoted["id"], quoted["from"], quoted["text"]),
            Content.model_validate({name: values[name] for name in Content.model_fields if name in values}),
            edited=values.get("edited", False),
            revoked=values.get("revoked", False),
            pinned=values.get("pinned", False),
            reactions=values.get("reactions", {}),
            starred=set(values.get("starred", [])),
            votes=values.get("votes", {}),
        )
