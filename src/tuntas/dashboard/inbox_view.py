"""What an inbox shows, as values made of a page's answers: chats, and the messages of one. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tuntas.dashboard import words
from tuntas.dashboard.phone_numbers import shown
from tuntas.dashboard.search import is_meant
from tuntas.dashboard.words import N_
from tuntas.events import Message, message_of

LONGEST_LINE = 90
# What a browser draws safely; anything else is for downloading.
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
NO_CHATS_OF_PEOPLE = "@broadcast"

KINDS = {
    "image": N_("Picture"),
    "video": N_("Video"),
    "ptv": N_("Video message"),
    "audio": N_("Recording"),
    "ptt": N_("Voice message"),
    "document": N_("File"),
    "sticker": N_("Sticker"),
    "location": N_("Place"),
    "vcard": N_("Contact"),
    "multi_vcard": N_("Contacts"),
    "poll_creation": N_("Poll"),
    "event_creation": N_("Invitation"),
    "revoked": N_("Deleted message"),
    "ciphertext": N_("A message that cannot be read yet"),
}
_TEXT = "chat"
_ONLY_THERE = N_("Something that only the phone shows")


@dataclass(frozen=True, slots=True)
class Attached:
    """A message's file. ``size_bytes``: as its sender said it."""

    mimetype: str
    name: str | None
    size_bytes: int | None

    @property
    def is_picture(self) -> bool:
        """Whether it is shown and not only offered."""
        return self.mimetype in PICTURES


@dataclass(frozen=True, slots=True)
class ChatLine:
    """A message. ``kind``: a message of the catalogue, None for a text; ``extra``: a poll's options and the like.

    ``ack``: how far one of ours has come, a message of the catalogue.
    """

    id: str
    at: datetime
    from_me: bool
    who: str
    kind: str | None
    text: str = field(repr=False)
    extra: tuple[str, ...] = field(repr=False)
    file: Attached | None
    ack: str | None

    @property
    def place(self) -> str:
        """The id of its element."""
        return f"message-{digest(self.id)}"


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat. ``unread`` is -1 where it was only marked as unread."""

    id: str
    name: str
    number: str
    unread: int
    is_group: bool
    is_read_only: bool
    is_archived: bool
    last: ChatLine | None

    @property
    def place(self) -> str:
        """The id of its element."""
        return f"chat-{digest(self.id)}"

    def fits(self, search: str) -> bool:
        """Say whether somebody who looks for this means it: by its name, its number or its last message."""
        texts = (self.name, self.last.text if self.last else "")
        return is_meant(search, texts, self.number)


def digest(text: str) -> str:
    """Return what stands for an id where only letters and digits may."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def chat_of(plain: Mapping[str, Any]) -> Chat:
    """Return a chat of the page's answer. Raises KeyError, TypeError, ValueError for what is none."""
    chat_id = str(plain["id"])
    number = str(plain.get("pn") or chat_id)
    last = plain.get("lastMessage")
    return Chat(
        id=chat_id,
        name=str(plain.get("name") or shown(number)),
        number=shown(number),
        unread=int(plain.get("unreadCount") or 0),
        is_group=bool(plain.get("isGroup")),
        is_read_only=bool(plain.get("isReadOnly")),
        is_archived=bool(plain.get("archived")),
        last=None if last is None else line_of(message_of(last)),
    )


def line_of(message: Message) -> ChatLine:
    """Return a message as a line."""
    details = message.details
    return ChatLine(
        id=message.id,
        at=datetime.fromtimestamp(message.timestamp, UTC),
        from_me=message.from_me,
        who=_who(message),
        kind=None if message.kind == _TEXT else KINDS.get(message.kind, None if message.body else _ONLY_THERE),
        text=message.body,
        extra=_extra(details),
        file=_file(details.get("media")) if message.has_media else None,
        ack=words.ACKS.get(message.ack.name) if message.from_me else None,
    )


def cut(text: str) -> str:
    """Return the beginning of a text, on one line."""
    line = " ".join(text.split())
    return f"{line[:LONGEST_LINE]}…" if len(line) > LONGEST_LINE else line


def _who(message: Message) -> str:
    details = message.details
    sender = details.get("participantPn") or details.get("participant") or details.get("fromPn") or message.sender
    return str(details.get("pushName") or shown(str(sender)))


def _file(media: Any) -> Attached | None:
    if not isinstance(media, Mapping):
        return None
    size = media.get("size")
    name = media.get("filename")
    return Attached(
        str(media.get("mimetype") or "").partition(";")[0].strip().lower(),
        None if name is None else str(name),
        size if isinstance(size, int) and size >= 0 else None,
    )


def _extra(details: Mapping[str, Any]) -> tuple[str, ...]:
    found: list[str] = []
    if isinstance(poll := details.get("poll"), Mapping):
        found += map(str, poll.get("options") or ())
    if isinstance(place := details.get("location"), Mapping):
        found.append(f"{place.get('latitude')}, {place.get('longitude')}")
    for card in details.get("vCards") or ():
        found += [line.partition(":")[2].strip() for line in str(card).splitlines() if line.upper().startswith("FN")]
    return tuple(found)
