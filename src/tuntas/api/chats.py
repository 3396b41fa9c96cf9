"""``/api/{session}/chats``: list, overview, archive, delete; the messages in them are in ``messages``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field

from tuntas.api.context import ContextHere
from tuntas.api.errors import problems
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.page_answers import PictureUrl, all_from_page, from_page
from tuntas.api.parameters import ChatIdHere, Limit, Offset, SessionHere, SortOrder
from tuntas.api.schemas import ChatId, Done, MessageOut
from tuntas.events import message_of
from tuntas.sessions.page_calls import PageCall

router = json_router(prefix="/api/{session}/chats", tags=["chats"])
# What looks although it is a POST: its key needs no more than to look.
looking = json_router(prefix="/api/{session}/chats", tags=["chats"])

SortBy = Annotated[Literal["conversationTimestamp", "id", "name"], Query(description="What the chats are sorted by.")]


class ChatOut(BaseModel):
    """A chat."""

    id: str = Field(examples=["628111000222@c.us"])
    pn: str | None = Field(None, description="The id by the number of a person.", examples=["628111000222@c.us"])
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
    picture: PictureUrl = Field(
        description="The picture's address; empty: none that we may see.", examples=["https://pps.whatsapp.net/v/1.jpg"]
    )
    lastMessage: MessageOut | None  # noqa: N815 - WAHA's name
    chat: dict[str, Any] = Field(alias="_chat", description="All that is known of the chat.")


class Pagination(Input):
    """Which part of a list."""

    without_effect = frozenset({"merge"})

    limit: int = Field(20, ge=1, le=1000)
    offset: int = Field(0, ge=0, le=1_000_000)


class ChatFilter(Input):
    """Which chats."""

    ids: list[ChatId] | None = Field(None, max_length=1000, examples=[["628111000222@c.us"]])


class OverviewInput(Input):
    """Which chats an overview is asked for."""

    pagination: Pagination = Field(default_factory=Pagination)
    filter: ChatFilter = Field(default_factory=ChatFilter)


class PictureAddress(BaseModel):
    """Where a picture lies."""

    url: str | None = Field(
        description="Null: there is none, or it is hidden from us.", examples=["https://pps.whatsapp.net/v/1.jpg"]
    )


@router.get("", responses=problems(404, 422, 503), summary="List chats")
async def chats(
    context: ContextHere,
    session: SessionHere,
    limit: Limit = 100,
    offset: Offset = 0,
    sortBy: SortBy = "conversationTimestamp",  # noqa: N803 - WAHA's name
    sortOrder: SortOrder = "desc",  # noqa: N803 - WAHA's name
) -> list[ChatOut]:
    """Return the session's chats, the newest first."""
    asked = {"limit": limit, "offset": offset, "sortBy": sortBy, "descending": sortOrder == "desc"}
    found = await context.sessions.ask_page(session, PageCall.CHATS, asked)
    return all_from_page(ChatOut, [with_last_message(one) for one in found])


@router.get("/overview", responses=problems(404, 422, 503), summary="Overview of chats")
async def overview(
    context: ContextHere,
    session: SessionHere,
    limit: Limit = 20,
    offset: Offset = 0,
    ids: Annotated[list[ChatId] | None, Query(description="Only these.", max_length=1000)] = None,
) -> list[ChatOverview]:
    """Return name, picture and last message of the newest chats: what a list of chats shows."""
    return await _overview(context, session, limit, offset, ids)


@looking.post("/overview", responses=problems(404, 422, 503), summary="Overview of chats (by body)")
async def overview_by_body(context: ContextHere, session: SessionHere, body: OverviewInput) -> list[ChatOverview]:
    """Return name, picture and last message of chats; the body holds as many ids as you like."""
    return await _overview(context, session, body.pagination.limit, body.pagination.offset, body.filter.ids)


@router.delete("/{chatId}", responses=problems(404, 422, 503), summary="Delete a chat")
async def delete(context: ContextHere, session: SessionHere, chatId: ChatIdHere) -> Done:  # noqa: N803 - WAHA's name
    """Delete a chat with its messages, for this account only."""
    return await _change(context, session, PageCall.DELETE_CHAT, {"chatId": chatId})


@router.delete("/{chatId}/messages", responses=problems(404, 422, 503), summary="Clear a chat")
async def clear(context: ContextHere, session: SessionHere, chatId: ChatIdHere) -> Done:  # noqa: N803 - WAHA's name
    """Delete all messages of a chat, for this account only; the chat stays."""
    return await _change(context, session, PageCall.CLEAR_CHAT, {"chatId": chatId})


@router.post("/{chatId}/archive", status_code=201, responses=problems(404, 422, 503), summary="Archive a chat")
async def archive(context: ContextHere, session: SessionHere, chatId: ChatIdHere) -> Done:  # noqa: N803 - WAHA's name
    """Archive a chat; one that is archived already is left as it is."""
    return await _change(context, session, PageCall.ARCHIVE_CHAT, {"chatId": chatId, "archived": True})


@router.post("/{chatId}/unarchive", status_code=201, responses=problems(404, 422, 503), summary="Unarchive a chat")
async def unarchive(context: ContextHere, session: SessionHere, chatId: ChatIdHere) -> Done:  # noqa: N803 - WAHA's name
    """Take a chat out of the archive; one that is not in it is left as it is."""
    return await _change(context, session, PageCall.ARCHIVE_CHAT, {"chatId": chatId, "archived": False})


@router.post("/{chatId}/unread", status_code=201, responses=problems(404, 422, 503), summary="Mark a chat as unread")
async def unread(context: ContextHere, session: SessionHere, chatId: ChatIdHere) -> Done:  # noqa: N803 - WAHA's name
    """Mark a chat as unread, for this account only."""
    return await _change(context, session, PageCall.MARK_UNREAD, {"chatId": chatId})


@router.get("/{chatId}/picture", responses=problems(404, 422, 503), summary="A chat's picture")
async def picture(context: ContextHere, session: SessionHere, chatId: ChatIdHere) -> PictureAddress:  # noqa: N803 - WAHA's name
    """Return the address of the picture of a person or a group; such an address works for some days only."""
    url = await context.sessions.ask_page(session, PageCall.PICTURE, {"id": chatId})
    return from_page(PictureAddress, {"url": url})


async def _overview(
    context: ContextHere, session: str, limit: int, offset: int, ids: list[str] | None
) -> list[ChatOverview]:
    asked = {"limit": limit, "offset": offset, "sortBy": "conversationTimestamp", "descending": True, "ids": ids}
    found = await context.sessions.ask_page(session, PageCall.CHAT_OVERVIEW, asked)
    chats = [
        one
        | {
            "lastMessage": _last(one),
            "_chat": {name: value for name, value in one.items() if name not in ("picture", "lastMessage")},
        }
        for one in found
    ]
    return all_from_page(ChatOverview, chats)


async def _change(context: ContextHere, session: str, call: PageCall, asked: Mapping[str, Any]) -> Done:
    await context.sessions.ask_page(session, call, asked)
    return Done()


def _last(chat: Mapping[str, Any]) -> MessageOut | None:
    last = chat.get("lastMessage")
    return None if last is None else from_page(MessageOut, message_of(last).payload())


def with_last_message(chat: Mapping[str, Any]) -> dict[str, Any]:
    """Return a chat as the page describes it, with its last message in the API's shape."""
    return {**chat, "lastMessage": _last(chat)}
