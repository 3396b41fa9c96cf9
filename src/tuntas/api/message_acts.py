"""What can be done with messages that are there: react, star, edit, delete, read them, and show that one is typing."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from tuntas.api.chats import Done
from tuntas.api.context import GatewayHere, ask_page
from tuntas.api.errors import problems
from tuntas.api.messages import ChatIdHere
from tuntas.api.schemas import ChatId, Input, MessageId, MessageOut, SessionName
from tuntas.api.sessions import Name
from tuntas.events import message_of

router = APIRouter(prefix="/api", tags=["messages"])

ERRORS = problems(404, 422, 503)
MessageIdHere = Annotated[MessageId, Path(description="The message.")]


class Reaction(Input):
    """A reaction to a message."""

    session: SessionName = "default"
    messageId: MessageId  # noqa: N815 - WAHA's name
    reaction: str = Field(max_length=32, description="An emoji; empty takes the reaction back.", examples=["👍"])


class Star(Input):
    """A star for a message."""

    session: SessionName = "default"
    messageId: MessageId  # noqa: N815 - WAHA's name
    chatId: ChatId | None = Field(None, description="Not needed: the message's id names it.")  # noqa: N815 - WAHA's name
    star: bool = Field(examples=[True])


class Edit(Input):
    """A new text for a message."""

    text: str = Field(min_length=1, max_length=65536, examples=["Until ten!"])
    linkPreview: bool = True  # noqa: N815 - WAHA's name
    linkPreviewHighQuality: bool = False  # noqa: N815 - WAHA's name


class Seen(Input):
    """A chat whose messages have been read."""

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name
    messageIds: list[MessageId] | None = Field(  # noqa: N815 - WAHA's name
        None, description="WhatsApp Web marks the whole chat, whichever messages are named."
    )
    participant: str | None = None


class Typing(Input):
    """A chat in which somebody is typing."""

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name


DURATIONS = {86_400: "OneDay", 604_800: "SevenDays", 2_592_000: "ThirtyDays"}
"""Seconds, and WhatsApp Web's own names for the only durations that it has."""


class Pin(Input):
    """For how long a message is pinned."""

    duration: Literal[86_400, 604_800, 2_592_000] = Field(604_800, description="Seconds: a day, a week or 30 days.")


class MessageDeleted(BaseModel):
    """What became of a deletion."""

    isRevoked: bool = Field(description="Deleted for everyone; else for this account only.")  # noqa: N815 - like its neighbours


@router.put("/reaction", responses=ERRORS, summary="React to a message")
async def react(gateway: GatewayHere, body: Reaction) -> Done:
    """React to a message with an emoji, in place of an earlier reaction; an empty one takes it back."""
    await ask_page(gateway, body.session, "react", messageId=body.messageId, reaction=body.reaction)
    return Done()


@router.put("/star", responses=ERRORS, summary="Star a message")
async def star(gateway: GatewayHere, body: Star) -> Done:
    """Star a message, or take the star away; only this account sees it."""
    await ask_page(gateway, body.session, "star", messageId=body.messageId, star=body.star)
    return Done()


@router.post("/sendSeen", status_code=201, responses=ERRORS, summary="Mark a chat as read")
async def send_seen(gateway: GatewayHere, body: Seen) -> Done:
    """Tell the writers of a chat's messages that they have been read."""
    await ask_page(gateway, body.session, "seen", chatId=body.chatId)
    return Done()


@router.post("/startTyping", status_code=201, responses=ERRORS, summary="Show that one is typing")
async def start_typing(gateway: GatewayHere, body: Typing) -> Done:
    """Show in a chat that this account is typing; WhatsApp shows it for some seconds."""
    await ask_page(gateway, body.session, "typing", chatId=body.chatId, on=True)
    return Done()


@router.post("/stopTyping", status_code=201, responses=ERRORS, summary="Show that one is typing no more")
async def stop_typing(gateway: GatewayHere, body: Typing) -> Done:
    """Show in a chat that this account has stopped typing."""
    await ask_page(gateway, body.session, "typing", chatId=body.chatId, on=False)
    return Done()


@router.post(
    "/{session}/chats/{chatId}/messages/read",
    status_code=201,
    responses=ERRORS,
    summary="Mark a chat's messages as read",
)
async def read_messages(gateway: GatewayHere, session: Name, chatId: ChatIdHere) -> Done:  # noqa: N803 - WAHA's name
    """Tell the writers of a chat's messages that they have been read."""
    await ask_page(gateway, session, "seen", chatId=chatId)
    return Done()


@router.post(
    "/{session}/chats/{chatId}/messages/{messageId}/pin", status_code=201, responses=ERRORS, summary="Pin a message"
)
async def pin(
    gateway: GatewayHere,
    session: Name,
    chatId: ChatIdHere,  # noqa: ARG001, N803 - part of WAHA's path; the message's id names its chat
    messageId: MessageIdHere,  # noqa: N803 - WAHA's name
    body: Pin,
) -> Done:
    """Pin a message to its chat, for everyone, for a day, a week or 30 days."""
    await ask_page(gateway, session, "pin", messageId=messageId, duration=DURATIONS[body.duration])
    return Done()


@router.post(
    "/{session}/chats/{chatId}/messages/{messageId}/unpin", status_code=201, responses=ERRORS, summary="Unpin a message"
)
async def unpin(
    gateway: GatewayHere,
    session: Name,
    chatId: ChatIdHere,  # noqa: ARG001, N803 - part of WAHA's path; the message's id names its chat
    messageId: MessageIdHere,  # noqa: N803 - WAHA's name
) -> Done:
    """Take a pinned message off its chat, for everyone."""
    await ask_page(gateway, session, "pin", messageId=messageId, duration=None)
    return Done()


@router.put("/{session}/chats/{chatId}/messages/{messageId}", responses=ERRORS, summary="Edit a message")
async def edit(
    gateway: GatewayHere,
    session: Name,
    chatId: ChatIdHere,  # noqa: ARG001, N803 - part of WAHA's path; the message's id names its chat
    messageId: MessageIdHere,  # noqa: N803 - WAHA's name
    body: Edit,
) -> MessageOut:
    """Change the text of an own message; WhatsApp allows it for a quarter of an hour."""
    asked = {"messageId": messageId, "body": body.text, "linkPreview": body.linkPreview}
    edited = message_of(await ask_page(gateway, session, "edit", **asked))
    return MessageOut.model_validate(edited.payload())


@router.delete("/{session}/chats/{chatId}/messages/{messageId}", responses=ERRORS, summary="Delete a message")
async def delete(
    gateway: GatewayHere,
    session: Name,
    chatId: ChatIdHere,  # noqa: ARG001, N803 - part of WAHA's path; the message's id names its chat
    messageId: MessageIdHere,  # noqa: N803 - WAHA's name
) -> MessageDeleted:
    """Delete a message: an own one for everyone, somebody else's for this account only."""
    return MessageDeleted.model_validate(await ask_page(gateway, session, "deleteMessage", messageId=messageId))
