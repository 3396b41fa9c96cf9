"""What is to be sent, as values: a message can be written down, or asked of a session that lives somewhere else.

Nothing here fetches or sends; a file that is named by its address is fetched by the page's own side, when the
message's turn has come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tuntas.sessions.errors import FileRefused


class MessageKind(StrEnum):
    """What can be sent."""

    TEXT = "text"
    LOCATION = "location"
    CONTACTS = "contacts"
    POLL = "poll"
    EVENT = "event"
    PREVIEW = "preview"
    IMAGE = "image"
    VIDEO = "video"
    VOICE = "voice"
    STICKER = "sticker"
    DOCUMENT = "document"
    FORWARD = "forward"


STATUS = "status@broadcast"
"""Where a message is a status post."""

_TYPES = {
    MessageKind.IMAGE: "image",
    MessageKind.VIDEO: "video",
    MessageKind.VOICE: "audio",
    MessageKind.STICKER: "image",
}


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file: its bytes as base64 in ``data``, or an address to fetch it from in ``url``; one of the two."""

    mimetype: str | None = None
    filename: str | None = None
    data: str | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message to be. ``content``: plain JSON values in the bridge's shape of this kind, ``chatId`` always there.

    ``converts``: its file is made into what WhatsApp's clients play before it is sent.
    """

    kind: MessageKind
    content: Mapping[str, Any] = field(repr=False)
    file: FileSource | None = None
    converts: bool = False

    @property
    def is_status(self) -> bool:
        """Whether it is posted as a status."""
        return self.content.get("chatId") == STATUS

    @property
    def has_id_of_ours(self) -> bool:
        """Whether it gets the id that is chosen for it; of the others WhatsApp Web makes the ids by itself."""
        return self.kind is not MessageKind.FORWARD and not (self.is_status and self.file is not None)


def require_type(kind: MessageKind, mimetype: str) -> None:
    """Return if a file of this type can be sent as this kind.

    Raises:
        FileRefused: it cannot.
    """
    wanted = _TYPES.get(kind)
    if wanted is not None and not mimetype.startswith(f"{wanted}/"):
        message = f"The file's type is {mimetype}; this needs {wanted}/…. Use sendFile for others."
        raise FileRefused(message)
