"""The documents that go in and out, in WAHA's shapes. Nothing outside this room knows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, ConfigDict, Field, StringConstraints

from tuntas.api.chat_ids import normal_chat_id
from tuntas.events import ENGINE, EventName, Retries, RetryPolicy, Subscription
from tuntas.sessions.model import SESSION_NAME_PATTERN, SessionConfig, SessionRecord, StateChange
from tuntas.sessions.pacing import Pace

SessionName = Annotated[
    str, Field(pattern=SESSION_NAME_PATTERN, description="Letters, digits, _ and -, at most 64.", examples=["shop"])
]
ChatId = Annotated[
    str,
    AfterValidator(normal_chat_id),
    Field(description="6281…@c.us, …@g.us, or a bare number.", examples=["628111000222@c.us"]),
]


class Input(BaseModel):
    """What comes in. Unknown fields are refused, so that a misspelt one is not silently without effect."""

    model_config = ConfigDict(extra="forbid")


class Hmac(Input):
    """How deliveries are signed."""

    key: str | None = Field(None, min_length=1, examples=["my-secret-key"])


class RetriesInput(Input):
    """How failed deliveries are tried again."""

    policy: RetryPolicy = RetryPolicy.CONSTANT
    delaySeconds: float = Field(2.0, ge=0, le=3600)  # noqa: N815 - WAHA's name
    attempts: int = Field(15, ge=1, le=1000)


class Header(Input):
    """A header that is sent with every delivery."""

    name: str = Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", examples=["X-Tenant"])
    value: str = Field(pattern=r"^[^\r\n\x00]*$", examples=["shop-1"])


class Webhook(Input):
    """A receiver of events."""

    url: AnyHttpUrl = Field(examples=["https://example.com/webhook"])
    events: list[EventName | Literal["*"]] = Field(min_length=1, examples=[["session.status", "message"]])
    hmac: Hmac | None = None
    retries: RetriesInput | None = None
    customHeaders: list[Header] | None = None  # noqa: N815 - WAHA's name

    def subscription(self) -> Subscription:
        """Return the receiver as the rest of Tuntas knows it."""
        retries = self.retries or RetriesInput()
        return Subscription(
            url=str(self.url),
            events=tuple(str(event) for event in self.events),
            hmac_key=self.hmac.key if self.hmac else None,
            retries=Retries(retries.policy, retries.delaySeconds, retries.attempts),
            headers=tuple((header.name, header.value) for header in self.customHeaders or ()),
        )


class PaceInput(Input):
    """How fast a session sends. Without it: TUNTAS_SENDS_PER_MINUTE and TUNTAS_SENDS_AT_ONCE."""

    perMinute: float = Field(60.0, ge=0, le=6000, description="0: without a pace.")  # noqa: N815 - like its neighbours
    atOnce: int = Field(10, ge=1, le=1000)  # noqa: N815 - like its neighbours

    def pace(self) -> Pace:
        """Return the pace as the rest of Tuntas knows it."""
        return Pace(self.perMinute, self.atOnce)


class Config(Input):
    """What a session is told when it is created."""

    model_config = ConfigDict(extra="allow")  # WAHA has engine-specific parts (noweb, gows …) that mean nothing here

    webhooks: list[Webhook] = Field(default_factory=list)
    metadata: dict[str, str] = Field(default_factory=dict, examples=[{"customer": "42"}])
    debug: bool = False
    sends: PaceInput | None = None

    def domain(self) -> SessionConfig:
        """Return the configuration as the rest of Tuntas knows it."""
        return SessionConfig(
            document=self.model_dump(mode="json", exclude_unset=True),
            subscriptions=tuple(webhook.subscription() for webhook in self.webhooks),
            metadata=self.metadata,
            pace=None if self.sends is None else self.sends.pace(),
        )


class CreateSession(Input):
    """A new session."""

    name: SessionName | None = None
    start: bool = True
    config: Config = Field(default_factory=Config)


class UpdateSession(Input):
    """A new configuration for a session."""

    name: SessionName | None = None
    config: Config = Field(default_factory=Config)


class NamedSession(Input):
    """Names a session in the body, as WAHA's older routes have it."""

    model_config = ConfigDict(extra="ignore")

    name: SessionName = "default"
    logout: bool = False


class Terminate(Input):
    """Which sessions to delete: ``unlinked`` are those with no account, whose deletion loses no link."""

    which: Literal["unlinked", "all"] = Field(examples=["unlinked"])


MessageId = Annotated[
    str,
    StringConstraints(pattern=r"^(true|false)_[^_\s@]+@[a-z.]+_[0-9A-Za-z.-]{1,128}(_[^_\s@]+@[a-z.]+)?$"),
    Field(description="A message's id.", examples=["false_628111000222@c.us_3EB0A1B2C3D4E5F60718"]),
]
Mentions = Annotated[
    list[ChatId],
    Field(
        max_length=1024,
        description="People whom the text mentions, each as `@` and the number.",
        examples=[["628111000333@c.us"]],
    ),
]


class SendText(Input):
    """A text message."""

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name
    text: str = Field(min_length=1, max_length=65536, examples=["Hello!"])
    reply_to: MessageId | None = None
    mentions: Mentions | None = None
    linkPreview: bool = True  # noqa: N815 - WAHA's name
    linkPreviewHighQuality: bool = False  # noqa: N815 - WAHA's name


class Me(BaseModel):
    """The linked account."""

    id: str = Field(examples=["628111000111@c.us"])
    pushName: str | None = Field(examples=["Toko Sinar"])  # noqa: N815 - WAHA's name


class Engine(BaseModel):
    """What drives the session."""

    engine: str = ENGINE


class Session(BaseModel):
    """A session."""

    name: str = Field(examples=["shop"])
    status: Literal["STOPPED", "STARTING", "SCAN_QR_CODE", "WORKING", "FAILED"] = Field(examples=["WORKING"])
    config: dict[str, Any]
    me: Me | None
    engine: Engine = Engine()
    state: str = Field(description="The finer state behind the status.", examples=["working"])
    reason: str = Field(description="Why it is in this state.", examples=["connected"])
    changedAt: datetime = Field(description="Since when.", examples=["2026-11-25T08:00:00Z"])  # noqa: N815

    @classmethod
    def of(cls, record: SessionRecord) -> Session:
        """Write a session in WAHA's shape; signing keys are not shown again."""
        me = None if record.me is None else Me(id=record.me.id, pushName=record.me.push_name)
        return cls(
            name=record.name,
            status=record.status.value,
            config=_without_keys(dict(record.config.document)),
            me=me,
            state=record.state.value,
            reason=record.reason,
            changedAt=record.changed_at,
        )


def _without_keys(config: dict[str, Any]) -> dict[str, Any]:
    if not config.get("webhooks"):
        return config
    hidden = [hook | {"hmac": {"key": "***"}} if hook.get("hmac") else hook for hook in config["webhooks"]]
    return config | {"webhooks": hidden}


class Change(BaseModel):
    """One line of a session's story."""

    at: datetime
    before: str = Field(examples=["scan_qr_code"])
    after: str = Field(examples=["pairing"])
    status: str = Field(examples=["STARTING"])
    reason: str = Field(examples=["scanned"])
    detail: str | None
    askedBy: str = Field(examples=["api"])  # noqa: N815 - like its neighbours

    @classmethod
    def of(cls, change: StateChange) -> Change:
        """Write one line of a story."""
        return cls(
            at=change.at,
            before=change.before.value,
            after=change.after.value,
            status=change.status.value,
            reason=change.reason,
            detail=change.detail,
            askedBy=change.asked_by,
        )


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


class MessageOut(BaseModel):
    """A message, in WAHA's shape."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(examples=["true_628111000222@c.us_3EB0A1B2C3D4E5F60718"])
    timestamp: int = Field(description="Unix time in seconds.", examples=[1764000000])
    from_: str = Field(alias="from", examples=["628111000111@c.us"])
    fromMe: bool  # noqa: N815 - WAHA's name
    source: Literal["app", "api"]
    to: str = Field(examples=["628111000222@c.us"])
    body: str = Field(examples=["Hello!"])
    hasMedia: bool  # noqa: N815 - WAHA's name
    media: MediaOut | None = Field(None, description="The file that it carries.")
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
    """A profile on its way out."""

    id: str
    session: str = Field(examples=["shop"])
    state: Literal["intent", "quarantined", "purged", "stuck"]
    path: str
    trashPath: str | None  # noqa: N815 - like its neighbours
    reason: str | None = Field(examples=["in_use"])
    message: str | None
    holders: list[HolderOut]
    attempts: int
    nextAttemptAt: datetime | None  # noqa: N815 - like its neighbours
    sizeBytes: int | None  # noqa: N815 - like its neighbours
    createdAt: datetime  # noqa: N815 - like its neighbours
    updatedAt: datetime  # noqa: N815 - like its neighbours


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
