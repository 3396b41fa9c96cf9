"""WAHA's older addresses for what has a newer one: its clients still knock there."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import AnyHttpUrl, BaseModel, Field

from tuntas.api import contacts, messages
from tuntas.api.contacts import Person
from tuntas.api.context import ContextHere
from tuntas.api.errors import problems
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.parameters import ChatIdInQuery, Limit, SessionInQuery
from tuntas.api.schemas import ChatId, MessageId, MessageOut, SendText, SessionName
from tuntas.api.sending import SendDoor

sending = json_router(prefix="/api", tags=["messages"])
looking = json_router(prefix="/api", tags=["messages"])

ERRORS = problems(404, 409, 422, 429, 503)


class Reply(SendText):
    """An answer to a message."""

    reply_to: MessageId


class SendLink(Input):
    """A link, with a title."""

    session: SessionName = "default"
    chatId: ChatId  # noqa: N815 - WAHA's name
    url: AnyHttpUrl = Field(examples=["https://example.com/offer"])
    title: str = Field("", max_length=1024, examples=["Our offer"])


class NumberStatus(BaseModel):
    """Whether a number is on WhatsApp."""

    numberExists: bool = Field(examples=[True])  # noqa: N815 - WAHA's name


@sending.get("/sendText", deprecated=True, responses=ERRORS, summary="Send a text (older form)")
async def send_text_by_query(
    context: ContextHere,
    door: Annotated[SendDoor, Depends()],
    phone: Annotated[ChatId, Query(description="To whom.", examples=["628111000222"])],
    text: Annotated[str, Query(min_length=1, max_length=65536, examples=["Hello!"])],
    session: SessionInQuery = "default",
) -> MessageOut:
    """Send a text. Use `POST /api/sendText`: what changes something should be no GET."""
    return await messages.send_text(context, SendText(session=session, chatId=phone, text=text), door)


@sending.post("/reply", status_code=201, deprecated=True, responses=ERRORS, summary="Reply (older form)")
async def reply(context: ContextHere, body: Reply, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send an answer to a message. Use `reply_to` of `POST /api/sendText`."""
    return await messages.send_text(context, body, door)


@sending.post(
    "/sendLinkPreview", status_code=201, deprecated=True, responses=ERRORS, summary="Send a link (older form)"
)
async def send_link(context: ContextHere, body: SendLink, door: Annotated[SendDoor, Depends()]) -> MessageOut:
    """Send a link with its title and a preview. Use `POST /api/sendText`, which makes the preview too."""
    text = f"{body.title}\n{body.url}".strip()
    return await messages.send_text(context, SendText(session=body.session, chatId=body.chatId, text=text), door)


@looking.get("/messages", deprecated=True, responses=problems(404, 422, 503), summary="Read a chat (older form)")
async def chat_messages_by_query(
    context: ContextHere,
    request: Request,
    chatId: ChatIdInQuery,  # noqa: N803 - WAHA's name
    session: SessionInQuery = "default",
    limit: Limit = 10,
    download: messages.Download = True,
) -> list[MessageOut]:
    """Return a chat's messages, newest first. Use `GET /api/{session}/chats/{chatId}/messages`."""
    return await messages.chat_messages(context, session, chatId, request, limit=limit, download=download)


@looking.get(
    "/checkNumberStatus", deprecated=True, responses=problems(404, 422, 503), summary="Is a number there (older form)"
)
async def number_status(context: ContextHere, phone: Person, session: SessionInQuery = "default") -> NumberStatus:
    """Ask WhatsApp about a number. Use `GET /api/contacts/check-exists`."""
    found = await contacts.check_exists(context, phone, session)
    return NumberStatus(numberExists=found.numberExists)
