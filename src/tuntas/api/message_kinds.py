"""Sending what is neither a text nor a file: places, contact cards, polls, and copies of other messages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field, StringConstraints, model_validator

from tuntas.api.context import GatewayHere
from tuntas.api.errors import problems
from tuntas.api.schemas import ChatId, Input, MessageId, MessageOut, SessionName
from tuntas.api.sending import SendDoor
from tuntas.api.vcards import vcard
from tuntas.events import Message, message_of
from tuntas.sessions.ports import WhatsAppPage

router = APIRouter(prefix="/api", tags=["messages"])

ERRORS = problems(404, 409, 422, 429, 503)
Option = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class SendLocation(Input):
    """A place."""

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name
    latitude: float = Field(ge=-90, le=90, examples=[-6.1754])
    longitude: float = Field(ge=-180, le=180, examples=[106.8272])
    title: str = Field("", max_length=1024, examples=["National Monument"])
    reply_to: MessageId | None = None


class Contact(Input):
    """Somebody's card: as a vCard, or in words from which one is made."""

    vcard: str | None = Field(None, min_length=1, max_length=65536, examples=[None])
    fullName: str | None = Field(None, min_length=1, max_length=200, examples=["Budi Santoso"])  # noqa: N815 - WAHA's name
    organization: str | None = Field(None, max_length=200, examples=["Toko Sinar"])
    phoneNumber: str | None = Field(None, max_length=40, examples=["+62 811 1000 222"])  # noqa: N815 - WAHA's name
    whatsappId: str | None = Field(  # noqa: N815 - WAHA's name
        None, pattern=r"^\d{5,20}(@c\.us)?$", examples=["628111000222"]
    )

    @model_validator(mode="after")
    def _either(self) -> Contact:
        if self.vcard is None and (self.fullName is None or self.phoneNumber is None):
            message = "give a vcard, or fullName and phoneNumber"
            raise ValueError(message)
        return self

    def card(self) -> dict[str, str]:
        """Return the card as it is sent: the name that is shown, and the vCard."""
        if self.vcard is not None:
            lines = dict(line.split(":", 1) for line in self.vcard.splitlines() if ":" in line)
            return {"name": self.fullName or lines.get("FN", "").strip(), "vcard": self.vcard}
        assert self.fullName is not None
        assert self.phoneNumber is not None
        number = self.whatsappId and self.whatsappId.removesuffix("@c.us")
        text = vcard(self.fullName, self.phoneNumber, organization=self.organization, whatsapp_number=number)
        return {"name": self.fullName, "vcard": text}


class SendContacts(Input):
    """Contact cards."""

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name
    contacts: list[Contact] = Field(min_length=1, max_length=100)
    reply_to: MessageId | None = None


class PollInput(Input):
    """A question and the answers to choose from."""

    name: str = Field(min_length=1, max_length=255, examples=["When shall we meet?"])
    options: list[Option] = Field(min_length=2, max_length=12, examples=[["Monday", "Tuesday"]])
    multipleAnswers: bool = False  # noqa: N815 - WAHA's name

    @model_validator(mode="after")
    def _different(self) -> PollInput:
        if len(set(self.options)) < len(self.options):
            message = "options must differ from each other"
            raise ValueError(message)
        return self


class SendPoll(Input):
    """A poll."""

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name
    poll: PollInput
    reply_to: MessageId | None = None


class ForwardMessage(Input):
    """A copy of a message for another chat."""

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name
    messageId: MessageId  # noqa: N815 - WAHA's name


@router.post("/sendLocation", status_code=201, responses=ERRORS, summary="Send a place")
async def send_location(gateway: GatewayHere, body: SendLocation, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a place on the map, with a title."""
    content = {"latitude": body.latitude, "longitude": body.longitude, "title": body.title}
    return await door.send(gateway, body.session, body, "location", _to(body) | content)


@router.post("/sendContactVcard", status_code=201, responses=ERRORS, summary="Send contact cards")
async def send_contacts(gateway: GatewayHere, body: SendContacts, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send one contact card or several in one message."""
    cards = [contact.card() for contact in body.contacts]
    return await door.send(gateway, body.session, body, "contacts", _to(body) | {"cards": cards})


@router.post("/sendPoll", status_code=201, responses=ERRORS, summary="Send a poll")
async def send_poll(gateway: GatewayHere, body: SendPoll, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a poll; each vote comes as an event `poll.vote`."""
    poll = body.poll
    content = {"name": poll.name, "choices": poll.options, "several": poll.multipleAnswers}
    return await door.send(gateway, body.session, body, "poll", _to(body) | content)


@router.post("/forwardMessage", status_code=201, responses=ERRORS, summary="Forward a message")
async def forward(gateway: GatewayHere, body: ForwardMessage, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a copy of a message to another chat.

    WhatsApp Web makes the copy and its id. So with an Idempotency-Key a forward that was answered is never repeated,
    but one whose answer was lost may go out twice.
    """
    asked = {"chatId": body.chatId, "messageId": body.messageId}
    return await door.act(gateway, body.session, body, lambda page, _token: _forwarded(page, asked))


async def _forwarded(page: WhatsAppPage, asked: dict[str, str]) -> Message:
    return message_of(await page.ask("forward", asked))


def _to(body: SendLocation | SendContacts | SendPoll) -> dict[str, str | None]:
    return {"chatId": body.chatId, "replyTo": body.reply_to}
