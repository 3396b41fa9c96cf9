"""Sending what is neither a text nor a file: places, contact cards, polls, and copies of other messages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from tuntas.api.contacts import normal_person_id
from tuntas.api.context import ContextHere
from tuntas.api.errors import problems
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.plain_writing import not_blank
from tuntas.api.schemas import ChatId, MessageId, MessageOut, NewMessageId, SessionName
from tuntas.api.sending import SendDoor
from tuntas.api.vcards import card_read, vcard
from tuntas.sessions.outgoing import MessageKind, OutgoingMessage

router = json_router(prefix="/api", tags=["messages"])

ERRORS = problems(404, 409, 422, 429, 503)
Option = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(not_blank)]


class SendLocation(Input):
    """A place."""

    id: NewMessageId | None = None
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
    whatsappId: Annotated[str, AfterValidator(normal_person_id)] | None = Field(  # noqa: N815 - WAHA's name
        None, examples=["628111000222"]
    )

    @model_validator(mode="after")
    def _either(self) -> Contact:
        if self.vcard is None and (self.fullName is None or self.phoneNumber is None):
            message = "give a vcard, or fullName and phoneNumber"
            raise ValueError(message)
        if self.vcard is not None:
            card = card_read(self.vcard)
            self.vcard, self.fullName = card.text, self.fullName or card.name
        else:
            card_read(self.card()["vcard"])
        return self

    def card(self) -> dict[str, str]:
        """Return the card as it is sent: the name that is shown, and the vCard."""
        if self.vcard is not None:
            return {"name": self.fullName or "", "vcard": self.vcard}
        assert self.fullName is not None
        assert self.phoneNumber is not None
        number = self.whatsappId and self.whatsappId.partition("@")[0]
        text = vcard(self.fullName, self.phoneNumber, organization=self.organization, whatsapp_number=number)
        return {"name": self.fullName, "vcard": text}


class SendContacts(Input):
    """Contact cards."""

    id: NewMessageId | None = None
    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name
    contacts: list[Contact] = Field(min_length=1, max_length=100)
    reply_to: MessageId | None = None


class PollInput(Input):
    """A question and the answers to choose from."""

    name: Annotated[str, AfterValidator(not_blank)] = Field(
        min_length=1, max_length=255, examples=["When shall we meet?"]
    )
    options: list[Option] = Field(min_length=2, max_length=12, examples=[["Monday", "Tuesday"]])
    multipleAnswers: bool = False  # noqa: N815 - WAHA's name

    @model_validator(mode="after")
    def _different(self) -> PollInput:
        if len({option.strip() for option in self.options}) < len(self.options):
            message = "options must differ from each other"
            raise ValueError(message)
        return self


class SendPoll(Input):
    """A poll."""

    id: NewMessageId | None = None
    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name
    poll: PollInput
    reply_to: MessageId | None = None


class ForwardMessage(Input):
    """A copy of a message for another chat."""

    without_effect = frozenset({"id"})

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name
    messageId: MessageId  # noqa: N815 - WAHA's name


@router.post("/sendLocation", status_code=201, responses=ERRORS, summary="Send a place")
async def send_location(context: ContextHere, body: SendLocation, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a place on the map, with a title."""
    content = {"latitude": body.latitude, "longitude": body.longitude, "title": body.title}
    return await door.send(context, body.session, body, OutgoingMessage(MessageKind.LOCATION, _to(body) | content))


@router.post("/sendContactVcard", status_code=201, responses=ERRORS, summary="Send contact cards")
async def send_contacts(context: ContextHere, body: SendContacts, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send one contact card or several in one message."""
    content = _to(body) | {"cards": [contact.card() for contact in body.contacts]}
    return await door.send(context, body.session, body, OutgoingMessage(MessageKind.CONTACTS, content))


@router.post("/sendPoll", status_code=201, responses=ERRORS, summary="Send a poll")
async def send_poll(context: ContextHere, body: SendPoll, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a poll; each vote comes as an event `poll.vote`."""
    poll = body.poll
    content = {"name": poll.name, "choices": poll.options, "several": poll.multipleAnswers}
    return await door.send(context, body.session, body, OutgoingMessage(MessageKind.POLL, _to(body) | content))


@router.post("/forwardMessage", status_code=201, responses=ERRORS, summary="Forward a message")
async def forward(context: ContextHere, body: ForwardMessage, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a copy of a message to another chat.

    WhatsApp Web makes the copy and its id. So with an Idempotency-Key a forward that was answered is never repeated,
    but one whose answer was lost may go out twice.
    """
    content = {"chatId": body.chatId, "messageId": body.messageId}
    return await door.send(context, body.session, body, OutgoingMessage(MessageKind.FORWARD, content))


def _to(body: SendLocation | SendContacts | SendPoll) -> dict[str, Any]:
    return {"chatId": body.chatId, "replyTo": body.reply_to}
