"""What can be done with messages that are there: react, star, edit, delete, read them, and show that one is typing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from tuntas.api.context import ContextHere, ask_page
from tuntas.api.errors import problems
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.page_answers import from_page
from tuntas.api.parameters import ChatIdHere, MessageIdHere, SessionHere
from tuntas.api.plain_writing import not_blank
from tuntas.api.schemas import ChatId, Done, MessageId, MessageOut, SessionName
from tuntas.events import message_of
from tuntas.sessions.page_calls import PageCall

router = json_router(prefix="/api", tags=["messages"])

ERRORS = problems(404, 422, 503)


def _seen_or_empty(reaction: str) -> str:
    return reaction and not_blank(reaction)


class ReactionInput(Input):
    """A reaction to a message."""

    session: SessionName = "default"
    messageId: MessageId  # noqa: N815 - WAHA's name
    reaction: Annotated[str, AfterValidator(_seen_or_empty)] = Field(
        max_length=32, description="An emoji; empty takes the reaction back.", examples=["👍"]
    )


class StarInput(Input):
    """A star for a message."""

    session: SessionName = "default"
    messageId: MessageId  # noqa: N815 - WAHA's name
    chatId: ChatId | None = Field(None, description="Not needed: the message's id names it.")  # noqa: N815 - WAHA's name
    star: bool = Field(examples=[True])


class EditInput(Input):
    """A new text for a message."""

    without_effect = frozenset({"linkPreviewHighQuality", "mentions"})

    text: str = Field(min_length=1, max_length=65536, examples=["Until ten!"])
    linkPreview: bool = True  # noqa: N815 - WAHA's name


class SeenInput(Input):
    """A chat whose messages have been read: WhatsApp Web marks the whole chat, whichever messages are named."""

    without_effect = frozenset({"messageId", "messageIds", "participant"})

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name


class TypingInput(Input):
    """A chat in which somebody is typing."""

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name


DURATIONS = {86_400: "OneDay", 604_800: "SevenDays", 2_592_000: "ThirtyDays"}
"""Seconds, and WhatsApp Web's own names for the only durations that it has."""


class PinInput(Input):
    """For how long a message is pinned."""

    duration: Literal[86_400, 604_800, 2_592_000] = Field(604_800, description="Seconds: a day, a week or 30 days.")


class MessageDeleted(BaseModel):
    """What became of a deletion."""

    isRevoked: bool = Field(description="Deleted for everyone; else for this account only.")  # noqa: N815 - like its neighbours


@router.put("/reaction", responses=ERRORS, summary="React to a message")
async def react(context: ContextHere, body: ReactionInput) -> Done:
    """React to a message with an emoji, in place of an earlier reaction; an empty one takes it back."""
    await ask_page(context, body.session, PageCall.REACT, messageId=body.messageId, reaction=body.reaction)
    return Done()


@router.put("/star", responses=ERRORS, summary="Star a message")
async def star(context: ContextHere, body: StarInput) -> Done:
    """Star a message, or take the star away; only this account sees it."""
    await ask_page(context, body.session, PageCall.STAR, messageId=body.messageId, chatId=body.chatId, star=body.star)
    return Done()


@router.post("/sendSeen", status_code=201, responses=ERRORS, summary="Mark a chat as read")
async def send_seen(context: ContextHere, body: SeenInput) -> Done:
    """Tell the writers of a chat's messages that they have been read."""
    await ask_page(context, body.session, PageCall.SEEN, chatId=body.chatId)
    return Done()


@router.post("/startTyping", status_code=201, responses=ERRORS, summary="Show that one is typing")
async def start_typing(context: ContextHere, body: TypingInput) -> Done:
    """Show in a chat that this account is typing; WhatsApp shows it for some seconds."""
    await ask_page(context, body.session, PageCall.TYPING, chatId=body.chatId, on=True)
    return Done()


@router.post("/stopTyping", status_code=201, responses=ERRORS, summary="Show that one is typing no more")
async def stop_typing(context: ContextHere, body: TypingInput) -> Done:
    """Show in a chat that this account has stopped typing."""
    await ask_page(context, body.session, PageCall.TYPING, chatId=body.chatId, on=False)
    return Done()


@router.post(
    "/{session}/chats/{chatId}/messages/read",
    status_code=201,
    responses=ERRORS,
    summary="Mark a chat's messages as read",
)
async def read_messages(context: ContextHere, session: SessionHere, chatId: ChatIdHere) -> Done:  # noqa: N803 - WAHA's name
    """Tell the writers of a chat's messages that they have been read."""
    await ask_page(context, session, PageCall.SEEN, chatId=chatId)
    return Done()


@router.post(
    "/{session}/chats/{chatId}/messages/{messageId}/pin", status_code=201, responses=ERRORS, summary="Pin a message"
)
async def pin(
    context: ContextHere,
    session: SessionHere,
    chatId: ChatIdHere,  # noqa: N803 - WAHA's name
    messageId: MessageIdHere,  # noqa: N803 - WAHA's name
    body: PinInput | None = None,
) -> Done:
    """Pin a message to its chat, for everyone, for a day, a week or 30 days; a week without a body."""
    duration = DURATIONS[(body or PinInput()).duration]
    await ask_page(context, session, PageCall.PIN, messageId=messageId, chatId=chatId, duration=duration)
    return Done()


@router.post(
    "/{session}/chats/{chatId}/messages/{messageId}/unpin", status_code=201, responses=ERRORS, summary="Unpin a message"
)
async def unpin(
    context: ContextHere,
    session: SessionHere,
    chatId: ChatIdHere,  # noqa: N803 - WAHA's name
    messageId: MessageIdHere,  # noqa: N803 - WAHA's name
) -> Done:
    """Take a pinned message off its chat, for everyone."""
    await ask_page(context, session, PageCall.PIN, messageId=messageId, chatId=chatId, duration=None)
    return Done()


@router.put("/{session}/chats/{chatId}/messages/{messageId}", responses=ERRORS, summary="Edit a message")
async def edit(
    context: ContextHere,
    session: SessionHere,
    chatId: ChatIdHere,  # noqa: N803 - WAHA's name
    messageId: MessageIdHere,  # noqa: N803 - WAHA's name
    body: EditInput,
) -> MessageOut:
    """Change the text of an own message; WhatsApp allows it for a quarter of an hour."""
    asked = {"messageId": messageId, "chatId": chatId, "body": body.text, "linkPreview": body.linkPreview}
    edited = message_of(await ask_page(context, session, PageCall.EDIT, **asked))
    return from_page(MessageOut, edited.payload())


@router.delete("/{session}/chats/{chatId}/messages/{messageId}", responses=ERRORS, summary="Delete a message")
async def delete(
    context: ContextHere,
    session: SessionHere,
    chatId: ChatIdHere,  # noqa: N803 - WAHA's name
    messageId: MessageIdHere,  # noqa: N803 - WAHA's name
) -> MessageDeleted:
    """Delete a message: an own one for everyone, somebody else's for this account only."""
    deleted = await ask_page(context, session, PageCall.DELETE_MESSAGE, messageId=messageId, chatId=chatId)
    return from_page(MessageDeleted, deleted)
