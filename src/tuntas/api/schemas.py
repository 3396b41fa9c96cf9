"""The documents that go in and out, in WAHA's shapes; those of events are in ``tuntas.events``.

Here is what several doors share, and messages; sessions have ``session_inputs`` and ``session_answers``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tuntas.api.chat_ids import normal_chat_id
from tuntas.api.inputs import Input
from tuntas.sessions.model import SESSION_NAME_PATTERN

SessionName = Annotated[
    str, Field(pattern=SESSION_NAME_PATTERN, description="Letters, digits, _ and -, at most 64.", examples=["shop"])
]
ChatId = Annotated[
    str,
    AfterValidator(normal_chat_id),
    Field(description="6281…@c.us, …@g.us, or a bare number.", examples=["628111000222@c.us"]),
]

MessageId = Annotated[
    str,
    StringConstraints(
        pattern=r"^((true|false)_[^_\s@]+@[a-z.]+_[0-9A-Za-z.-]{1,128}(_[^_\s@]+@[a-z.]+)?|[0-9A-Za-z.-]{8,128})$"
    ),
    Field(
        description="A message's id; the last part of it is enough where its chat is named.",
        examples=["false_628111000222@c.us_3EB0A1B2C3D4E5F60718"],
    ),
]
EVERYBODY = "all"
Mentions = Annotated[
    list[Annotated[str, AfterValidator(lambda one: one if one == EVERYBODY else normal_chat_id(one))]],
    Field(
        max_length=1024,
        description="People whom the text mentions, each as `@` and the number; `all`: everybody of the group.",
        examples=[["628111000333@c.us"]],
    ),
]


NewMessageId = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-Za-z]{8,64}$"),
    Field(
        description="The last part of the message's id, chosen beforehand (`GET /api/{session}/new-message-id`). "
        "What has gone out with it is not sent again.",
        examples=["3EB0A1B2C3D4E5F60718"],
    ),
]


class Mentioning(Input):
    """A message that may mention people."""

    chatId: ChatId  # noqa: N815 - WAHA's name
    mentions: Mentions | None = None

    @model_validator(mode="after")
    def _all_are_of_a_group(self) -> Self:
        if EVERYBODY in (self.mentions or ()) and not self.chatId.endswith("@g.us"):
            message = "mentions: `all` is everybody of a group, and chatId is none"
            raise ValueError(message)
        return self


class SendText(Mentioning):
    """A text message."""

    without_effect = frozenset({"linkPreviewHighQuality"})

    id: NewMessageId | None = None
    session: SessionName = "default"
    text: str = Field(min_length=1, max_length=65536, examples=["Hello!"])
    reply_to: MessageId | None = None
    linkPreview: bool = True  # noqa: N815 - WAHA's name


class MediaOut(BaseModel):
    """A message's file."""

    url: str | None = Field(
        description="Where the file is, for a while; null where it was not asked for.",
        examples=["http://127.0.0.1:3000/api/files/shop/01kdm3v8f4n6q2r0s8t7w5x9yz"],
    )
    mimetype: str | None = Field(examples=["image/png"])
    filename: str | None = Field(examples=["receipt.png"])
    size: int | None = Field(None, description="Bytes.", examples=[48213])
    error: str | None = Field(None, description="Why it could not be downloaded.", examples=[None])


class PlaceOut(BaseModel):
    """A place on the map; degrees are texts, as WAHA writes them."""

    latitude: str = Field(examples=["-6.1754"])
    longitude: str = Field(examples=["106.8272"])
    live: bool = False
    name: str | None = Field(None, examples=["National Monument"])
    address: str | None = None
    url: str | None = None
    description: str | None = Field(None, examples=["National Monument"])
    thumbnail: str | None = None


class QuoteOut(BaseModel):
    """A message that another one answers, as the answer carries it."""

    id: str = Field(description="The last part of its id; good as `reply_to`.", examples=["3EB0A1B2C3D4E5F60718"])
    participant: str | None = Field(None, description="Who wrote it.", examples=["628111000222@c.us"])
    participantPn: str | None = Field(  # noqa: N815 - like its neighbours
        None, description="The same, by the phone number.", examples=["628111000222@c.us"]
    )
    body: str | None = Field(None, examples=["Are you open?"])
    hasMedia: bool = False  # noqa: N815 - WAHA's name
    media: MediaOut | None = Field(None, description="Null: ask for the message itself.")
    record: dict[str, Any] = Field(default_factory=dict, alias="_data", description="As `_data` of a message.")


class MessageOut(BaseModel):
    """A message, in WAHA's shape."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(examples=["true_628111000222@c.us_3EB0A1B2C3D4E5F60718"])
    timestamp: int = Field(description="Unix time in seconds.", examples=[1764000000])
    from_: str = Field(alias="from", examples=["628111000111@c.us"])
    fromMe: bool  # noqa: N815 - WAHA's name
    source: Literal["app", "api"]
    to: str = Field(examples=["628111000222@c.us"])
    participant: str = Field("", description="In a group: who wrote it.", examples=[""])
    author: str | None = Field(None, description="The same, under its older name.", examples=[None])
    fromPn: str | None = Field(  # noqa: N815 - like its neighbours
        None, description="`from` by the phone number, where it is known.", examples=["628111000111@c.us"]
    )
    toPn: str | None = Field(  # noqa: N815 - like its neighbours
        None, description="`to` by the phone number, where it is known.", examples=["628111000222@c.us"]
    )
    participantPn: str | None = Field(None, description="The same, by the phone number.", examples=[None])  # noqa: N815
    pushName: str | None = Field(None, description="As the writer is called.", examples=["Toko Sinar"])  # noqa: N815
    body: str = Field(examples=["Hello!"])
    hasMedia: bool  # noqa: N815 - WAHA's name
    media: MediaOut | None = Field(None, description="The file that it carries.")
    mediaUrl: str = Field("", description="Its address, as in `media`.")  # noqa: N815 - WAHA's name
    location: PlaceOut | None = Field(None, description="The place that it shows.")
    replyTo: QuoteOut | None = Field(None, description="What it answers.")  # noqa: N815 - WAHA's name
    record: dict[str, Any] = Field(
        default_factory=dict,
        alias="_data",
        description="WhatsApp's own record of it, as far as it is known and short: names may change.",
        examples=[{"type": "chat", "notifyName": "Toko Sinar"}],
    )
    ack: int = Field(description="-1 ERROR, 0 PENDING, 1 SERVER, 2 DEVICE, 3 READ, 4 PLAYED.", examples=[1])
    ackName: str = Field(examples=["SERVER"])  # noqa: N815 - WAHA's name


class QrImage(BaseModel):
    """A QR as base64."""

    mimetype: str = Field("image/png", examples=["image/png"])
    data: str = Field(description="The PNG, base64.", examples=["iVBORw0KGgo="])


class QrValue(BaseModel):
    """A QR's text."""

    value: str = Field(examples=["2@abc,def,ghi,jkl"])


class HolderOut(BaseModel):
    """A process that uses something in a folder."""

    pid: int = Field(examples=[4711])
    name: str = Field(examples=["backup"])
    how: str = Field(examples=["open file"])
    path: str


class RemovalOut(BaseModel):
    """A profile on its way out: an attribute for each fact of its removal."""

    id: str
    session: str = Field(examples=["shop"])
    state: Literal["intent", "quarantined", "purged", "stuck"]
    path: str
    trashPath: str | None  # noqa: N815 - like its neighbours
    reason: str | None = Field(examples=["in_use"])
    obstaclePath: str | None = Field(description="What stands in the way: the mount, the held file.")  # noqa: N815 - like its neighbours
    message: str | None
    holders: list[HolderOut]
    attempts: int
    nextAttemptAt: datetime | None  # noqa: N815 - like its neighbours
    sizeBytes: int | None  # noqa: N815 - like its neighbours
    createdAt: datetime  # noqa: N815 - like its neighbours
    updatedAt: datetime  # noqa: N815 - like its neighbours


class Done(BaseModel):
    """It is done."""

    success: bool = True


class Deleted(BaseModel):
    """What became of a deletion."""

    name: str = Field(examples=["shop"])
    message: str = Field(examples=["Session shop is deleted."])
    removal: RemovalOut | None = None


class BrowserOut(BaseModel):
    """A running browser."""

    session: str | None = Field(description="None: no session that we know.", examples=["shop"])
    pid: int = Field(examples=[4711])
    processes: int = Field(examples=[4])
    memory_bytes: int = Field(description="Proportional set size of the whole tree.", examples=[180_000_000])
    started_at: datetime
    profile: str
    state: str | None = Field(examples=["working"])
