"""Votes in polls, invitations to events, texts with a preview of the caller's own, and ids for messages to come."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from pydantic import AfterValidator, AnyHttpUrl, BaseModel, Field, StringConstraints, model_validator

from tuntas.api.context import ContextHere, ask_page
from tuntas.api.errors import problems
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.media import FileInput, source_of
from tuntas.api.parameters import SessionHere
from tuntas.api.plain_writing import not_blank
from tuntas.api.schemas import ChatId, Done, MessageId, MessageOut, SessionName
from tuntas.api.sending import SendDoor
from tuntas.sessions.outgoing import MessageKind, OutgoingMessage
from tuntas.sessions.page_calls import PageCall
from tuntas.sessions.sending import new_message_token

router = json_router(prefix="/api", tags=["messages"])
file_router = json_router(prefix="/api", tags=["messages"])

ERRORS = problems(404, 409, 422, 429, 503)
FILE_ERRORS = problems(404, 409, 413, 422, 429, 502, 503)

LAST_SECOND = 2**32 - 1

Vote = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Seconds = Annotated[int, Field(ge=0, le=LAST_SECOND)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=1024), AfterValidator(not_blank)]


class PollVote(Input):
    """The answers chosen in a poll: they take the place of what was chosen before."""

    without_effect = frozenset({"pollServerId"})

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name
    pollMessageId: MessageId  # noqa: N815 - WAHA's name
    votes: list[Vote] = Field(
        max_length=12, description="By their words; none takes the vote back.", examples=[["Monday"]]
    )

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, given: Any) -> Any:
        """Take a list of lists too: WAHA's document declares one."""
        votes = given.get("votes") if isinstance(given, dict) else None
        if not isinstance(votes, list):
            return given
        flat = [each for one in votes for each in (one if isinstance(one, list) else [one])]
        return {**given, "votes": flat}


class LinkPreview(Input):
    """What is shown of a link."""

    url: AnyHttpUrl = Field(examples=["https://example.com/sale"])
    title: Title = Field(examples=["Our sale"])
    description: str = Field("", max_length=2048, examples=["All week"])
    image: FileInput | None = Field(None, description="A picture; it is scaled down. At most 5 MB.")


class SendPreview(Input):
    """A text with a link, and what is to be shown of it."""

    without_effect = frozenset({"linkPreviewHighQuality"})

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name
    text: str = Field(min_length=1, max_length=65536, examples=["Look: https://example.com/sale"])
    preview: LinkPreview
    reply_to: MessageId | None = None

    @model_validator(mode="after")
    def _has_link(self) -> SendPreview:
        address = str(self.preview.url)
        if address not in self.text and address.removesuffix("/") not in self.text:
            message = "text must contain the preview's url"
            raise ValueError(message)
        return self


class EventPlace(Input):
    """Where an event is."""

    name: Title = Field(examples=["Town hall"])


class EventInput(Input):
    """What people are invited to."""

    without_effect = frozenset({"extraGuestsAllowed"})

    name: Title = Field(examples=["Market day"])
    description: str | None = Field(None, max_length=2048, examples=["Bring bags"])
    startTime: Seconds = Field(description="Unix time in seconds.", examples=[2063137000])  # noqa: N815 - WAHA's name
    endTime: Seconds | None = Field(  # noqa: N815 - WAHA's name
        None, description="Unix time in seconds; two hours after the start if it is not given.", examples=[2063140600]
    )
    location: EventPlace | None = None

    @model_validator(mode="after")
    def _ends_later(self) -> EventInput:
        if self.endTime is not None and self.endTime <= self.startTime:
            message = "endTime must come after startTime"
            raise ValueError(message)
        return self


class SendEvent(Input):
    """An invitation to an event."""

    chatId: ChatId  # noqa: N815 - WAHA's name
    event: EventInput
    reply_to: MessageId | None = None


class NewId(BaseModel):
    """The last part of an id."""

    id: str = Field(examples=["3EB0A1B2C3D4E5F60718"])


@router.post("/sendPollVote", status_code=201, responses=ERRORS, summary="Vote in a poll")
async def vote(context: ContextHere, body: PollVote) -> Done:
    """Choose among a poll's answers, by their words; none takes the vote back."""
    asked = {"messageId": body.pollMessageId, "chatId": body.chatId, "votes": list(dict.fromkeys(body.votes))}
    await ask_page(context, body.session, PageCall.VOTE, **asked)
    return Done()


@file_router.post(
    "/send/link-custom-preview", status_code=201, responses=FILE_ERRORS, summary="Send a text with a preview of yours"
)
async def send_preview(context: ContextHere, body: SendPreview, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a text with a link, and show of it what is given here."""
    preview = {"title": body.preview.title, "description": body.preview.description}
    # As it is written: WhatsApp's clients look for it in the text.
    url = str(body.preview.url)
    preview["url"] = url if url in body.text else url.removesuffix("/")
    content = {"chatId": body.chatId, "body": body.text, "replyTo": body.reply_to, "preview": preview}
    file = None if body.preview.image is None else await source_of(context, body.preview.image)
    return await door.send(context, body.session, body, OutgoingMessage(MessageKind.PREVIEW, content, file))


@router.post("/{session}/events", status_code=201, responses=ERRORS, summary="Invite to an event")
async def send_event(
    context: ContextHere, session: SessionHere, body: SendEvent, door: Annotated[SendDoor, Depends()]
) -> MessageOut:
    """Send an invitation to an event, which people answer in the chat."""
    event = body.event
    content = {
        "chatId": body.chatId,
        "replyTo": body.reply_to,
        "name": event.name,
        "description": event.description,
        "startTime": event.startTime,
        "endTime": event.endTime,
        "place": None if event.location is None else event.location.name,
    }
    return await door.send(context, session, body, OutgoingMessage(MessageKind.EVENT, content))


@router.get("/{session}/new-message-id", responses=problems(404, 422, 503), summary="An id for a message to come")
async def new_message_id(context: ContextHere, session: SessionHere) -> NewId:
    """Return an id for `id` of a message that is sent later: however often that is asked, it goes out once."""
    context.sessions.get(session)
    return NewId(id=new_message_token())
