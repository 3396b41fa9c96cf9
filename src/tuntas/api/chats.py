"""``/api/{session}/chats``: list, overview, archive, delete; the messages in them are in ``messages``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from tuntas.api.context import GatewayHere
from tuntas.api.errors import problems
from tuntas.api.messages import ChatIdHere
from tuntas.api.schemas import ChatId, Input, MessageOut
from tuntas.api.sessions import Name
from tuntas.events import message_of

router = APIRouter(prefix="/api/{session}/chats", tags=["chats"])
# What looks although it is a POST: its key needs no more than to look.
looking = APIRouter(prefix="/api/{session}/chats", tags=["chats"])

SortBy = Annotated[Literal["conversationTimestamp", "id", "name"], Query(description="What the chats are sorted by.")]
SortOrder = Annotated[Literal["asc", "desc"], Query(description="In which direction.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many.")]
Offset = Annotated[int, Query(ge=0, le=1_000_000, description="Leave out so many.")]


class ChatOut(BaseModel):
    """A chat."""

    id: str = Field(examples=["628111000222@c.us"])
    name: str | None = Field(examples=["Budi"])
    isGroup: bool  # noqa: N815 - WAHA's name
    isReadOnly: bool  # noqa: N815 - WAHA's name
    unreadCount: int = Field(description="-1: marked as unread.", examples=[2])  # noqa: N815 - WAHA's name
    timestamp: int = Field(description="Of the last message, Unix time in seconds.", examples=[1764000000])
    archived: bool
    pinned: bool
    isMuted: bool  # noqa: N815 - WAHA's name
    muteExpiration: int  # noqa: N815 - WAHA's name
    lastMessage: MessageOut | None  # noqa: N815 - WAHA's name


class ChatOverview(BaseModel):
    """What a list of chats shows."""

    id: str = Field(examples=["628111000222@c.us"])
    name: str | None = Field(examples=["Budi"])
    picture: str | None = Field(description="The picture's address.", examples=["https://pps.whatsapp.net/v/1.jpg"])
    lastMessage: MessageOut | None  # noqa: N815 - WAHA's name
    chat: dict[str, Any] = Field(alias="_chat", description="All that is known of the chat.")


class Pagination(Input):
    """Which part of a list."""

    limit: int = Field(20, ge=1, le=1000)
    offset: int = Field(0, ge=0, le=1_000_000)


class ChatFilter(Input):
    """Which chats."""

    ids: list[ChatId] | None = Field(None, max_length=1000, examples=[["628111000222@c.us"]])


class OverviewInput(Input):
    """Which chats an overview is asked for."""

    pagination: Pagination = Field(default_factory=Pagination)
    filter: ChatFilter = Field(default_factory=ChatFilter)


class Done(BaseModel):
    """It is done."""

    success: bool = True


class PictureAddress(BaseModel):
    """Where a picture lies."""

    url: str | None = Field(
        description="Null: there is none, or it is hidden from us.", examples=["https://pps.whatsapp.net/v/1.jpg"]
    )


@router.get("", responses=problems(404, 422, 503), summary="List chats")
async def chats(
    gateway: GatewayHere,
    session: Name,
    limit: Limit = 100,
    offset: Offset = 0,
    sortBy: SortBy = "conversationTimestamp",  # noqa: N803 - WAHA's name
    sortOrder: SortOrder = "desc",  # noqa: N803 - WAHA's name
) -> list[ChatOut]:
    """Return the session's chats, the newest first."""
    asked = {"limit": limit, "offset": offset, "sortBy": sortBy, "descending": sortOrder == "desc"}
    found = await gateway.sessions.with_page(session, lambda page: page.ask("chats", asked))
    return [ChatOut.model_validate(one | {"lastMessage": _last(one)}) for one in found]


@router.get("/overview", responses=problems(404, 422, 503), summary="Overview of chats")
async def overview(
    gateway: GatewayHere,
    session: Name,
    limit: Limit = 20,
    offset: Offset = 0,
    ids: Annotated[list[ChatId] | None, Query(description="Only these.", max_length=1000)] = None,
) -> list[ChatOverview]:
    """Return name, picture and last message of the newest chats: what a list of chats shows."""
    return await _overview(gateway, session, limit, offset, ids)


@looking.post("/overview", responses=problems(404, 422, 503), summary="Overview of chats (by body)")
async def overview_by_body(gateway: GatewayHere, session: Name, body: OverviewInput) -> list[ChatOverview]:
    """Return name, picture and last message of chats; the body holds as many ids as you like."""
    return await _overview(gateway, session, body.pagination.limit, body.pagination.offset, body.filter.ids)


@router.delete("/{chatId}", responses=problems(404, 422, 503), summary="Delete a chat")
async def delete(gateway: GatewayHere, session: Name, chatId: ChatIdHere) -> Done:  # noqa: N803 - WAHA's name
    """Delete a chat with its messages, for this account only."""
    return await _change(gateway, session, "deleteChat", {"chatId": chatId})


@router.delete("/{chatId}/messages", responses=problems(404, 422, 503), summary="Clear a chat")
async def clear(gateway: GatewayHere, session: Name, chatId: ChatIdHere) -> Done:  # noqa: N803 - WAHA's name
    """Delete all messages of a chat, for this account only; the chat stays."""
    return await _change(gateway, session, "clearChat", {"chatId": chatId})


@router.post("/{chatId}/archive", status_code=201, responses=problems(404, 422, 503), summary="Archive a chat")
async def archive(gateway: GatewayHere, session: Name, chatId: ChatIdHere) -> Done:  # noqa: N803 - WAHA's name
    """Archive a chat; one that is archived already is left as it is."""
    return await _change(gateway, session, "archiveChat", {"chatId": chatId, "archived": True})


@router.post("/{chatId}/unarchive", status_code=201, responses=problems(404, 422, 503), summary="Unarchive a chat")
async def unarchive(gateway: GatewayHere, session: Name, chatId: ChatIdHere) -> Done:  # noqa: N803 - WAHA's name
    """Take a chat out of the archive; one that is not in it is left as it is."""
    return await _change(gateway, session, "archiveChat", {"chatId": chatId, "archived": False})


@router.post("/{chatId}/unread", status_code=201, responses=problems(404, 422, 503), summary="Mark a chat as unread")
async def unread(gateway: GatewayHere, session: Name, chatId: ChatIdHere) -> Done:  # noqa: N803 - WAHA's name
    """Mark a chat as unread, for this account only."""
    return await _change(gateway, session, "markUnread", {"chatId": chatId})


@router.get("/{chatId}/picture", responses=problems(404, 422, 503), summary="A chat's picture")
async def picture(gateway: GatewayHere, session: Name, chatId: ChatIdHere) -> PictureAddress:  # noqa: N803 - WAHA's name
    """Return the address of the picture of a person or a group; such an address works for some days only."""
    url = await gateway.sessions.with_page(session, lambda page: page.ask("picture", {"id": chatId}))
    return PictureAddress(url=url)


async def _overview(
    gateway: GatewayHere, session: str, limit: int, offset: int, ids: list[str] | None
) -> list[ChatOverview]:
    asked = {"limit": limit, "offset": offset, "sortBy": "conversationTimestamp", "descending": True, "ids": ids}
    found = await gateway.sessions.with_page(session, lambda page: page.ask("chatOverview", asked))
    return [
        ChatOverview(
            id=one["id"],
            name=one["name"],
            picture=one["picture"],
            lastMessage=_last(one),
            _chat={name: value for name, value in one.items() if name not in ("picture", "lastMessage")},
        )
        for one in found
    ]


async def _change(gateway: GatewayHere, session: str, call: str, asked: Mapping[str, Any]) -> Done:
    await gateway.sessions.with_page(session, lambda page: page.ask(call, asked))
    return Done()


def _last(chat: Mapping[str, Any]) -> MessageOut | None:
    last = chat["lastMessage"]
    return None if last is None else MessageOut.model_validate(message_of(last).payload())
