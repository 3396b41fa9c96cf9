"""Sending texts, and reading the messages of a chat."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator

from tuntas.api.chat_ids import normal_chat_id
from tuntas.api.context import GatewayHere
from tuntas.api.errors import problems
from tuntas.api.schemas import MessageOut, SendText
from tuntas.api.sessions import Name
from tuntas.events import Message

router = APIRouter(prefix="/api", tags=["messages"])

ChatIdHere = Annotated[
    str, AfterValidator(normal_chat_id), Path(description="The chat.", examples=["628111000222@c.us"])
]


@router.post("/sendText", status_code=201, responses=problems(404, 422, 503), summary="Send a text")
async def send_text(gateway: GatewayHere, body: SendText) -> MessageOut:
    """Send a text message; answers when WhatsApp's server has taken it."""
    sent = await gateway.sessions.with_page(
        body.session,
        lambda page: page.send_text(body.chatId, body.text, reply_to=body.reply_to, link_preview=body.linkPreview),
    )
    return _out(sent)


@router.get("/{session}/chats/{chatId}/messages", responses=problems(404, 422, 503), summary="Read a chat")
async def chat_messages(
    gateway: GatewayHere,
    session: Name,
    chatId: ChatIdHere,  # noqa: N803 - WAHA's name
    limit: Annotated[int, Query(ge=1, le=1000)] = 10,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
    newer: Annotated[int | None, Query(alias="filter.timestamp.gte", description="Unix time in seconds.")] = None,
    older: Annotated[int | None, Query(alias="filter.timestamp.lte", description="Unix time in seconds.")] = None,
    from_me: Annotated[bool | None, Query(alias="filter.fromMe")] = None,
) -> list[MessageOut]:
    """Return a chat's messages, newest first. Filters look at the newest `limit` + `offset` messages."""
    found = await gateway.sessions.with_page(session, lambda page: page.chat_messages(chatId, limit=limit + offset))
    wanted = [
        one
        for one in found
        if (newer is None or one.timestamp >= newer)
        and (older is None or one.timestamp <= older)
        and (from_me is None or one.from_me is from_me)
    ]
    return [_out(one) for one in wanted[offset : offset + limit]]


def _out(message: Message) -> MessageOut:
    return MessageOut.model_validate(message.payload())
