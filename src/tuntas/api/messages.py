"""Sending texts, and reading the messages of a chat."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Query, Request

from tuntas.api.context import ContextHere
from tuntas.api.errors import problems
from tuntas.api.files import with_files
from tuntas.api.json_requests import json_router
from tuntas.api.page_answers import from_page
from tuntas.api.parameters import ChatIdHere, MessageIdHere, SessionHere, SortOrder
from tuntas.api.schemas import MessageOut, SendText
from tuntas.api.sending import SendDoor
from tuntas.events import AckLevel, Message, message_of
from tuntas.sessions.outgoing import MessageKind, OutgoingMessage
from tuntas.sessions.page_calls import PageCall

router = json_router(prefix="/api", tags=["messages"])

AckName = Literal["ERROR", "PENDING", "SERVER", "DEVICE", "READ", "PLAYED"]
SortBy = Annotated[
    Literal["timestamp", "messageTimestamp"], Query(description="Two names of the same: when they were written.")
]
Download = Annotated[
    bool, Query(alias="downloadMedia", description="Download the messages' files that are not there yet.")
]


@router.post("/sendText", status_code=201, responses=problems(404, 409, 422, 429, 503), summary="Send a text")
async def send_text(context: ContextHere, body: SendText, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a text message; answers when WhatsApp's server has taken it.

    Messages of one session go out one after the other at its pace; one that is sent while the session comes up waits.
    """
    content = {
        "chatId": body.chatId,
        "body": body.text,
        "replyTo": body.reply_to,
        "mentions": body.mentions,
        "linkPreview": body.linkPreview,
    }
    return await door.send(context, body.session, body, OutgoingMessage(MessageKind.TEXT, content))


@router.get("/{session}/chats/{chatId}/messages", responses=problems(404, 422, 503), summary="Read a chat")
async def chat_messages(
    context: ContextHere,
    session: SessionHere,
    chatId: ChatIdHere,  # noqa: N803 - WAHA's name
    request: Request,
    limit: Annotated[int, Query(ge=1, le=1000)] = 10,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
    newer: Annotated[int | None, Query(alias="filter.timestamp.gte", description="Unix time in seconds.")] = None,
    older: Annotated[int | None, Query(alias="filter.timestamp.lte", description="Unix time in seconds.")] = None,
    from_me: Annotated[bool | None, Query(alias="filter.fromMe")] = None,
    ack: Annotated[AckName | None, Query(alias="filter.ack", description="How far they have come.")] = None,
    sortBy: SortBy = "timestamp",  # noqa: ARG001, N803 - WAHA's name, and one meaning
    sortOrder: SortOrder = "desc",  # noqa: N803 - WAHA's name
    download: Download = True,
) -> list[MessageOut]:
    """Return a chat's messages, newest first. Filters look at the newest `limit` + `offset` messages.

    Parts are counted from the newest message on; `sortOrder` is the order within the part. A file that cannot be had
    is told in its message's `media.error`.
    """
    asked = {"chatId": chatId, "limit": limit + offset}
    plain = await context.sessions.ask_page(session, PageCall.MESSAGES, asked)
    # The page gives them oldest first, and times are whole seconds: reversed before a stable sort, so that two messages
    # of one second keep their order.
    found = sorted(map(message_of, reversed(plain)), key=lambda message: -message.timestamp)
    wanted = [
        one
        for one in found
        if (newer is None or one.timestamp >= newer)
        and (older is None or one.timestamp <= older)
        and (from_me is None or one.from_me is from_me)
        and (ack is None or one.ack is AckLevel[ack])
    ]
    shown = wanted[offset : offset + limit]
    if sortOrder == "asc":
        shown.reverse()
    if download:
        shown = await with_files(context, session, shown, request)
    return [_out(one) for one in shown]


@router.get(
    "/{session}/chats/{chatId}/messages/{messageId}", responses=problems(404, 422, 503), summary="Read a message"
)
async def chat_message(
    context: ContextHere,
    session: SessionHere,
    chatId: ChatIdHere,  # noqa: N803 - WAHA's name
    messageId: MessageIdHere,  # noqa: N803 - WAHA's name
    request: Request,
    download: Download = True,
) -> MessageOut:
    """Return a message, with the address of its file where it has one: it can be fetched there for a while."""
    asked = {"messageId": messageId, "chatId": chatId}
    message = message_of(await context.sessions.ask_page(session, PageCall.MESSAGE, asked))
    if download:
        (message,) = await with_files(context, session, [message], request)
    return _out(message)


def _out(message: Message) -> MessageOut:
    return from_page(MessageOut, message.payload())
