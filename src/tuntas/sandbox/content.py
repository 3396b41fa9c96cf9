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


class Occasion(_Value):
    """An event that people are invited to; times are Unix times in seconds."""

    name: Words
    description: Words = ""
    start: int
    end: int | None = None
    place: Words | None = None


class Preview(_Value):
    """What a text shows of its link; the picture is a JPEG as base64."""

    url: Words
    title: Words = ""
    description: Words = ""
    thumbnail: Words | None = None


class Ground(_Value):
    """How the text of a status post is shown: a colour as 0xAARRGGBB, and the number of a font."""

    background: Annotated[int, Field(ge=0, lt=2**32)]
    font: Annotated[int, Field(ge=0, le=20)] = 0


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
    occasion: Occasion | None = None
    preview: Preview | None = None
    media: Media | None = None
    look: Ground | None = None

    @property
    def type(self) -> str:
        """Return the page's own word for what the message is."""
        if self.media is not None:
            return self.media.kind
        if self.contacts:
            return "vcard" if len(self.contacts) == 1 else "multi_vcard"
        types = {"location": self.location, "poll_creation": self.poll, "event_creation": self.occasion}
        return next((name for name, carried in types.items() if carried is not None), "chat")

    @property
    def title(self) -> str:
        """Return the words of what has no text."""
        if self.location is not None:
            return self.location.title
        named = self.poll or self.occasion
        return "" if named is None else named.name

    @property
    def is_only_text(self) -> bool:
        """Whether the message is nothing without its text."""
        carried = (self.location, self.poll, self.occasion, self.media)
        return all(one is None for one in carried) and not self.contacts


NOTHING = Content()
