"""What a page may report: one model for each kind, with bounds for everything in it.

The page's code is not ours: it is believed as far as these models go and no further. What passes can be stored, sent
and shown by everything behind it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter

MOST_CHARACTERS = 2 * 1024 * 1024
"""Of one report. The longest honest ones carry a dozen contact cards with pictures."""

MOST_TEXT = 128 * 1024
"""Of a message's own words; WhatsApp takes half of it."""

LAST_SECOND = 2**32 - 1
"""In 2106. A message from beyond would have all others before it count as told."""

LONGEST_TROUBLE_SECONDS = 90 * 86_400

# A message's id is a key in the database, which has this much room for it.
Id = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")]
Address = Annotated[Id | Literal[""], BeforeValidator(lambda value: "" if value is None else value)]
Seconds = Annotated[int, Field(ge=0, le=LAST_SECOND)]
Level = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Word = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{0,256}$")]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.+_-]{0,64}$")]
Name = Annotated[str, StringConstraints(max_length=512)]
Base64Url = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,4096}$")]


class _Fields(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class QuoteFields(_Fields):
    """What a message answers, as it carries it."""

    id: Id
    participant: Id | None = None
    participantPn: Id | None = None  # noqa: N815 - the bridge's name
    body: Annotated[str, StringConstraints(max_length=MOST_TEXT)] | None = None
    hasMedia: bool = False  # noqa: N815 - the bridge's name
    record: dict[str, Any] = Field(default={}, alias="_data")


class MessageFields(_Fields):
    """A message as the bridge writes it down: in reports, and in answers."""

    id: Id
    t: Seconds
    sender: Address = Field(alias="from")
    recipient: Address = Field(alias="to")
    fromMe: bool  # noqa: N815 - the bridge's name
    body: Annotated[str, StringConstraints(max_length=MOST_TEXT)]
    ack: Level
    type: Word = "chat"
    hasMedia: bool = False  # noqa: N815 - the bridge's name
    replyTo: QuoteFields | None = None  # noqa: N815 - the bridge's name
    details: dict[str, Any] | None = None
    source: Literal["api", "app"] = "app"


class PasskeyDescriptor(_Fields):
    """One of the account's passkeys."""

    id: Base64Url
    type: Literal["public-key"] = "public-key"
    transports: Annotated[list[Word], Field(max_length=10)] = []


class PasskeyOptions(_Fields):
    """What is asked of a passkey, as ``PublicKeyCredential.parseRequestOptionsFromJSON`` takes it."""

    challenge: Base64Url
    timeout: Annotated[int, Field(ge=0, le=LAST_SECOND)] | None = None
    rpId: Word  # noqa: N815 - WebAuthn's name
    allowCredentials: Annotated[list[PasskeyDescriptor], Field(max_length=100)] = []  # noqa: N815 - WebAuthn's name
    userVerification: Word = "preferred"  # noqa: N815 - WebAuthn's name


class QrReport(_Fields):
    """A new QR: what a phone scans. A longer one could not be drawn."""

    kind: Literal["qr"]
    code: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,1024}$")]


class ScannedReport(_Fields):
    """A phone has accepted this device."""

    kind: Literal["scanned"]


class PasskeyReport(_Fields):
    """The account's passkey has to sign: WebAuthn's request options, as JSON."""

    kind: Literal["passkey"]
    options: PasskeyOptions


class PasskeyCodeReport(_Fields):
    """A code that phone and page show."""

    kind: Literal["passkey_code"]
    code: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{1,32}$")]


class PasskeyRefusedReport(_Fields):
    """Nothing came of the passkey."""

    kind: Literal["passkey_refused"]
    reason: Word


class ConnectedReport(_Fields):
    """Logged in, and connected."""

    kind: Literal["connected"]
    id: Id
    lid: Id | None = None
    jid: Id | None = None
    pushName: Name | None = None  # noqa: N815 - the bridge's name


class DisconnectedReport(_Fields):
    """Not connected any more."""

    kind: Literal["disconnected"]
    state: Word


class UnlinkedReport(_Fields):
    """Not linked any more."""

    kind: Literal["unlinked"]
    reason: Word


class ChangedReport(_Fields):
    """What WhatsApp Web has no more."""

    kind: Literal["changed"]
    names: Annotated[list[Word], Field(max_length=200)]


class PageReport(_Fields):
    """What the page is, and what it cannot do; None while that is not known."""

    kind: Literal["page"]
    version: Version
    waJs: Version  # noqa: N815 - the bridge's name
    lacking: dict[Word, Annotated[list[Word], Field(max_length=200)]] | None


class TimelockFields(_Fields):
    """Whether the account may not write to people who never wrote to it, and until when (Unix seconds)."""

    isActive: bool  # noqa: N815 - the bridge's name
    ends: Seconds | None = None
    type: Word | None = None


class CappingFields(_Fields):
    """How many chats the account may begin in a cycle (Unix seconds); a quota of -1 is none."""

    status: Word
    totalQuota: Annotated[int, Field(ge=-1, lt=2**31)]  # noqa: N815 - the bridge's name
    usedQuota: Annotated[int, Field(ge=0, lt=2**31)]  # noqa: N815 - the bridge's name
    cycleStart: Seconds | None = None  # noqa: N815 - the bridge's name
    cycleEnd: Seconds | None = None  # noqa: N815 - the bridge's name
    mvStatus: Word | None = None  # noqa: N815 - the bridge's name
    oteStatus: Word | None = None  # noqa: N815 - the bridge's name


class RestrictionsReport(_Fields):
    """What WhatsApp does not let the account do for a while, as far as the page knows."""

    kind: Literal["restrictions"]
    timelock: TimelockFields | None = None
    capping: CappingFields | None = None


class TroubleReport(_Fields):
    """What keeps the account or the page from working, in a word of ours; ``seconds``: sooner is no use."""

    kind: Literal["trouble"]
    reason: Literal[
        "temporary_ban",
        "service_unavailable",
        "storage_failure",
        "unsupported_browser",
        "terms_not_accepted",
        "update_required",
        "replaced",
    ]
    detail: Annotated[str, StringConstraints(max_length=512)] = ""
    seconds: Annotated[int, Field(ge=0, le=LONGEST_TROUBLE_SECONDS)] | None = None


class MessageReport(_Fields):
    """A message came in or went out."""

    kind: Literal["message"]
    message: MessageFields


class AckReport(_Fields):
    """A message has come further."""

    kind: Literal["ack"]
    id: Id
    chat: Address
    pn: Id | None = None
    me: Address
    ack: Level


class EventReport(_Fields):
    """A fact in the page's own words: one of those that only a page can know."""

    kind: Literal["event"]
    name: Literal[
        "message.ack.group",
        "message.reaction",
        "message.edited",
        "message.revoked",
        "poll.vote",
        "event.response",
        "chat.archive",
        "group.v2.join",
        "group.v2.leave",
        "group.v2.participants",
        "group.v2.participants.join-request",
        "group.v2.update",
        "group.join",
        "group.leave",
        "presence.update",
        "call.received",
        "call.accepted",
        "call.rejected",
        "label.upsert",
        "label.deleted",
        "label.chat.added",
        "label.chat.deleted",
        "state.change",
    ]
    payload: dict[str, Any]


Report = Annotated[
    QrReport
    | ScannedReport
    | PasskeyReport
    | PasskeyCodeReport
    | PasskeyRefusedReport
    | ConnectedReport
    | DisconnectedReport
    | UnlinkedReport
    | ChangedReport
    | PageReport
    | RestrictionsReport
    | TroubleReport
    | MessageReport
    | AckReport
    | EventReport,
    Field(discriminator="kind"),
]

REPORT: TypeAdapter[Report] = TypeAdapter(Report)
