"""What a message carries beside its text: the words in which pages and clients say it, checked on the way in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{5,20}$")]
Words = Annotated[str, StringConstraints(max_length=65_536)]
FileId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
MediaKind = Literal["image", "video", "audio", "ptt", "document", "sticker"]


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Location(_Value):
    """A place; degrees."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    title: Words = ""


class Card(_Value):
    """Somebody's contact card."""

    name: Words
    vcard: Words


class Poll(_Value):
    """A question with answers to choose from; ``several``: more than one may be chosen."""

    name: Words
    options: Annotated[list[Words], Field(min_length=2, max_length=12)]
    several: bool = False


class Media(_Value):
    """A file; its bytes are at ``/_sandbox/media/{file}``."""

    file: FileId
    kind: MediaKind
    mimetype: Words
    filename: Words | None = None
    size: int = 0


class Content(_Value):
    """All of it; what is not there is left out."""

    mentions: list[Digits] = Field(default_factory=list)
    forwarded: bool = False
    location: Location | None = None
    contacts: list[Card] = Field(default_factory=list)
    poll: Poll | None = None
    media: Media | None = None

    @property
    def is_only_text(self) -> bool:
        """Whether the message is nothing without its text."""
        return self.location is None and self.poll is None and self.media is None and not self.contacts


NOTHING = Content()
