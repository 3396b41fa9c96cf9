"""What a page may say on its socket. Anything else ends the connection: a page of ours never says it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from tuntas.sandbox.acts import AnyAct
from tuntas.sandbox.channel_frames import ChannelRequest
from tuntas.sandbox.content import NOTHING, Content
from tuntas.sandbox.social_frames import SocialRequest

Key = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^,]+$")]
"""An id or a base64 key; without commas, since a QR joins them with commas."""
MessageId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,64}$")]
Text = Annotated[str, StringConstraints(max_length=65_536)]


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Hello(_Frame):
    """The first frame: which device this is, and whether it believes to be paired."""

    kind: Literal["hello"]
    device: Key
    noise_key: Key
    identity_key: Key
    paired: bool


class Stored(_Frame):
    """An event of the inbox is on the page's disk."""

    kind: Literal["stored"]
    sequence: int


class Missing(_Frame):
    """Something that a library asked the page for and the page does not imitate. Nothing is answered."""

    kind: Literal["missing"]
    what: Annotated[str, StringConstraints(max_length=300)]


class _Request(_Frame):
    request: int


class Exists(_Request):
    """Whether a number is a phone."""

    kind: Literal["exists"]
    number: str


class QuoteFrame(_Frame):
    """The message that another one answers."""

    id: MessageId
    sender: str = Field(alias="from")
    text: Text
    type: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")] = "chat"


class Send(_Request):
    """A message to another phone; ``timestamp`` is Unix time in seconds."""

    kind: Literal["send"]
    id: MessageId
    to: str
    text: Text
    timestamp: int
    quoted: QuoteFrame | None = None
    content: Content = NOTHING


class ActOn(_Request):
    """Something done to a message that is there already."""

    kind: Literal["act"]
    id: MessageId
    act: AnyAct


class TypingFrame(_Frame):
    """What the page's user is doing in a chat. Nothing is answered."""

    kind: Literal["typing"]
    chat: str
    state: Literal["composing", "recording", "paused"]


class Read(_Request):
    """The chat with another phone was read."""

    kind: Literal["read"]
    chat: str


class DeclineCall(_Request):
    """The page's user does not take a call."""

    kind: Literal["call_reject"]
    id: MessageId


class AskTimelock(_Request):
    """Whether the account may not write to strangers."""

    kind: Literal["timelock"]


class AskCapping(_Request):
    """How many chats the account may begin."""

    kind: Literal["capping"]


class PasskeyAssertion(_Request):
    """What the account's passkey has signed, as ``PublicKeyCredential.toJSON`` has it."""

    kind: Literal["passkey_assertion"]
    credential: dict[str, Any]


class PasskeyConfirmed(_Request):
    """The page shows the same code as the phone."""

    kind: Literal["passkey_confirmed"]


class Logout(_Request):
    """The page's user logs out."""

    kind: Literal["logout"]


Restrictions = AskTimelock | AskCapping
PasskeyRequest = PasskeyAssertion | PasskeyConfirmed
Request = (
    Exists | Send | ActOn | Read | DeclineCall | Logout | Restrictions | PasskeyRequest | SocialRequest | ChannelRequest
)
PageFrame = Annotated[Stored | Missing | TypingFrame | Request, Field(discriminator="kind")]
page_frame: TypeAdapter[Stored | Missing | TypingFrame | Request] = TypeAdapter(PageFrame)
