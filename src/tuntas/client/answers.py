"""What the server answers, as values. ``document`` is the whole answer, with what has no field here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Session:
    """A session. ``status`` is STOPPED, STARTING, SCAN_QR_CODE, WORKING, FAILED or one of the passkey's."""

    name: str
    status: str
    account: str | None
    """The linked account's chat id."""
    document: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Session:
        """Read an answer."""
        me = document.get("me") or {}
        return cls(str(document["name"]), str(document["status"]), me.get("id"), document)


@dataclass(frozen=True, slots=True)
class Media:
    """A message's file. ``url`` is where it is for a while; None where it was not asked for."""

    url: str | None
    mimetype: str | None
    filename: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """A message. ``chat`` is where an answer goes, ``sender`` who wrote it (in a group: the participant)."""

    id: str
    chat: str
    sender: str
    text: str = field(repr=False)
    from_me: bool
    timestamp: int
    """Unix time in seconds."""
    media: Media | None
    document: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Message:
        """Read an answer, or an event's payload."""
        from_me = bool(document["fromMe"])
        media = document.get("media") if document.get("hasMedia") else None
        return cls(
            id=str(document["id"]),
            chat=str(document["to"] if from_me else document["from"]),
            sender=str(document.get("participant") or document["from"]),
            text=str(document.get("body") or ""),
            from_me=from_me,
            timestamp=int(document["timestamp"]),
            media=None
            if media is None
            else Media(media.get("url"), media.get("mimetype"), media.get("filename"), media.get("error")),
            document=document,
        )


@dataclass(frozen=True, slots=True)
class Approval:
    """A message that waits for a person, or waited. ``status``: waiting, approved, sent, failed, denied, expired or
    cancelled.
    """

    id: str
    session: str
    status: str
    chat: str
    text: str = field(repr=False)
    message_id: str | None
    error: str | None
    """Why it was not sent, or not yet."""
    document: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Approval:
        """Read an answer."""
        return cls(
            id=str(document["id"]),
            session=str(document["session"]),
            status=str(document["status"]),
            chat=str(document["chatId"]),
            text=str(document["text"]),
            message_id=document.get("messageId"),
            error=document.get("error"),
            document=document,
        )


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as streams and webhooks tell it. An event that comes twice has the same ``id``."""

    id: str
    name: str
    session: str
    payload: Mapping[str, Any] = field(repr=False)
    document: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Event:
        """Read a document of the stream or of a webhook."""
        return cls(
            id=str(document["id"]),
            name=str(document["event"]),
            session=str(document["session"]),
            payload=document["payload"],
            document=document,
        )

    @property
    def message(self) -> Message | None:
        """The message that it tells of, None where it is about something else."""
        return Message.of(self.payload) if self.name in {"message", "message.any"} else None
