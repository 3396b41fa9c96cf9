"""The nouns of the sandbox: phones, the devices linked to them, the messages between them.

Plain records. What may happen to them is written in ``phones.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tuntas.sandbox.content import NOTHING, Content

SENT, DELIVERED, READ = 1, 2, 3
"""Acknowledgements as WhatsApp numbers them: by the server, by the recipient's device, by its reader."""

PHONE_OPTIONS = ("lid_migrated", "number_hidden", "refuses_groups", "business")
STATUS = "status@broadcast"
"""Where status posts go: to everybody whom their sender knows."""
Event = dict[str, Any]


@dataclass(slots=True)
class Phone:
    """A phone with WhatsApp on it. ``lid`` is the hidden id (digits) that stands for the number in groups."""

    number: str
    name: str
    lid: str
    lid_migrated: bool = False
    """Whether its account knows everybody by hidden ids, as WhatsApp migrates accounts one by one."""
    number_hidden: bool = False
    """Whether others know it by its hidden id only."""
    refuses_groups: bool = False
    """Whether its owner is in groups by invitation only."""
    business: bool = False
    """Whether it runs WhatsApp Business."""

    def describe(self) -> dict[str, Any]:
        """Return the phone as pages and clients see it; what is not so is left out."""
        options = {name: True for name in PHONE_OPTIONS if getattr(self, name)}
        return {"number": self.number, "name": self.name, "lid": self.lid} | options


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
    type: str = "chat"

    def describe(self) -> dict[str, str]:
        """Return the quote as pages and clients see it."""
        kind = {} if self.type == "chat" else {"type": self.type}
        return {"id": self.id, "from": self.sender, "text": self.text, **kind}


@dataclass(slots=True)
class PhoneMessage:
    """A message from one number to another, and what became of it: an attribute for each fact that a page is told.

    ``timestamp`` is Unix time in seconds.
    """

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
    responses: dict[str, str] = field(default_factory=dict)
    """By the number of who answered an invitation: what they said."""
    audience: list[str] = field(default_factory=list)
    """Who was sent a status post, by their numbers."""

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
            "responses": dict(self.responses),
            "audience": list(self.audience),
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
    def from_description(cls, values: dict[str, Any]) -> PhoneMessage:
        """Return the message that ``describe`` described."""
        quoted = values.get("quoted")
        return cls(
            values["id"],
            values["from"],
            values["to"],
            values["text"],
            values["timestamp"],
            values["ack"],
            None if quoted is None else Quote(quoted["id"], quoted["from"], quoted["text"], quoted.get("type", "chat")),
            Content.model_validate({name: values[name] for name in Content.model_fields if name in values}),
            edited=values.get("edited", False),
            revoked=values.get("revoked", False),
            pinned=values.get("pinned", False),
            reactions=values.get("reactions", {}),
            starred=set(values.get("starred", [])),
            votes=values.get("votes", {}),
            responses=values.get("responses", {}),
            audience=values.get("audience", []),
        )
