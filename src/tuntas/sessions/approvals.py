"""Messages that somebody asked to send and may not send: they wait until a person approves them. As values.

A person decides about what is shown, so all of a message is shown: nothing may go out that nobody has seen.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from tuntas.sessions.outgoing import FileSource, MessageKind, OutgoingMessage

# What a message's own words are called, by which of them it has; the first is shown without its name.
_WORDS = ("body", "text", "caption", "name", "title")


class ApprovalStatus(StrEnum):
    """What became of a message that waits, or waited."""

    WAITING = "waiting"
    APPROVED = "approved"
    """It goes out as soon as its session can send."""
    SENT = "sent"
    FAILED = "failed"
    """It was approved and did not go out, or nobody knows whether it did; ``error`` says which."""
    DENIED = "denied"
    EXPIRED = "expired"
    """Nobody decided in time."""
    CANCELLED = "cancelled"
    """Its session was deleted."""


OPEN = frozenset({ApprovalStatus.WAITING, ApprovalStatus.APPROVED})


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: its key's mark, and what it is called."""

    mark: str
    name: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of it. ``by``: who decided; ``message_id``: what was sent; ``error``: why it was not (yet)."""

    status: ApprovalStatus = ApprovalStatus.WAITING
    by: str | None = None
    message_id: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be sent. ``key`` is the asker's own for this request, ``token`` what it chose of the message's id.

    ``message``: None as soon as it is never sent (again), and where it is not needed.
    """

    message: OutgoingMessage | None
    fingerprint: str
    key: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """A message that waits, or waited. ``text`` is all that it says, for people."""

    id: str
    session_id: str
    session: str
    asker: Asker
    asked: Asked
    chat_id: str
    kind: MessageKind
    text: str = field(repr=False)
    created_at: datetime
    expires_at: datetime
    decision: Decision = Decision()

    @property
    def status(self) -> ApprovalStatus:
        """What became of it."""
        return self.decision.status


@dataclass(frozen=True, slots=True)
class ApprovalLimits:
    """How long a message waits; how many of one key may, and how large all of them together may be."""

    seconds: float
    places: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ApprovalFilter:
    """Which approvals: of these sessions, of this asker, in this status; None: all."""

    sessions: Collection[str] | None = None
    asker: str | None = None
    status: ApprovalStatus | None = None


class ApprovalStore(Protocol):
    """Where approvals are kept. Every method is one transaction, durable when it returns."""

    async def add(self, approval: Approval, limits: ApprovalLimits) -> Approval:
        """Add one; where the same asker has asked with the same key before, return that one and add nothing.

        Raises:
            QuotaReached: as many of this asker wait as may.
        """
        ...

    async def decide(self, approval_id: str, before: ApprovalStatus, decision: Decision) -> bool:
        """Write down what became of one, if its status is ``before``; say whether it was."""
        ...

    async def get(self, approval_id: str) -> Approval | None:
        """Return one with its message."""
        ...

    async def open(self) -> list[Approval]:
        """Return those that wait or are to be sent, oldest first, without their messages."""
        ...

    async def recent(self, wanted: ApprovalFilter, *, limit: int) -> list[Approval]:
        """Return the newest, newest first, without their messages."""
        ...


def all_words_of(message: OutgoingMessage) -> str:
    """Return all that a message says: its own words, then whatever else goes out with it, one thing a line."""
    rest = {name: value for name, value in message.content.items() if name != "chatId" and _says_something(value)}
    own = next((name for name in _WORDS if isinstance(rest.get(name), str)), None)
    lines = [] if own is None else [str(rest.pop(own))]
    lines += [f"{name}: {_plain(value)}" for name, value in rest.items()]
    if message.file is not None:
        lines.append(f"file: {_file(message.file)}")
    return "\n".join(lines)


def _says_something(value: object) -> bool:
    return value not in (None, "", [], {}) and not isinstance(value, bool)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _file(file: FileSource) -> str:
    size = None if file.data is None else f"{len(file.data.rstrip('=')) * 3 // 4} bytes"
    return ", ".join(filter(None, (file.filename, file.mimetype, file.url, size)))
