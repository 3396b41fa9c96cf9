"""``/api/{session}/channels``: what somebody writes to all who follow."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from tuntas.api.chat_ids import normal_chat_id
from tuntas.api.context import ContextHere, ask_page
from tuntas.api.errors import problems
from tuntas.api.files import with_files
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.media import FileInput, source_of
from tuntas.api.page_answers import all_from_page, from_page
from tuntas.api.parameters import SessionHere
from tuntas.api.plain_writing import not_blank, plainly
from tuntas.api.schemas import Done, MessageOut
from tuntas.events import message_of
from tuntas.sessions.page_calls import PageCall

router = json_router(prefix="/api/{session}/channels", tags=["channels"])
file_router = json_router(prefix="/api/{session}/channels", tags=["channels"])
searching = json_router(prefix="/api/{session}/channels/search", tags=["channels"])

ERRORS = problems(403, 404, 422, 503)

_CODE = r"[0-9A-Za-z_-]{8,64}"
_LINK = re.compile(rf"(?:https?://)?(?:www\.)?whatsapp\.com/channel/(?P<code>{_CODE})(?:[/?#].*)?", re.IGNORECASE)
_BARE = re.compile(_CODE)
MESSAGES_LIMIT = 100

Category = Literal["BUSINESS", "ENTERTAINMENT", "LIFESTYLE", "NEWS", "ORGANIZATIONS", "PEOPLE", "SPORTS"]
CATEGORIES: dict[Category, str] = {
    "BUSINESS": "Business",
    "ENTERTAINMENT": "Entertainment",
    "LIFESTYLE": "Lifestyle",
    "NEWS": "News & Information",
    "ORGANIZATIONS": "Organizations",
    "PEOPLE": "People",
    "SPORTS": "Sports",
}
Role = Literal["OWNER", "ADMIN", "SUBSCRIBER", "GUEST"]


def channel_id(text: str) -> str:
    """Return a channel's id in WhatsApp Web's form. Raises ValueError for what is none."""
    normal = normal_chat_id(text)
    if not normal.endswith("@newsletter"):
        message = "is no channel's id; write 120363000000000000@newsletter"
        raise ValueError(message)
    return normal


def channel_key(text: str) -> str:
    """Return a channel's id, or the code of its invitation. Raises ValueError for what is neither."""
    written = plainly(text)
    if "@" in written:
        return channel_id(written)
    if match := _LINK.fullmatch(written):
        return match["code"]
    if _BARE.fullmatch(written):
        return written
    message = "is no channel; write its id, 120363000000000000@newsletter, or the code of its invitation"
    raise ValueError(message)


ChannelHere = Annotated[
    str,
    AfterValidator(channel_id),
    Path(alias="id", description="The channel.", examples=["120363000000000000@newsletter"]),
]
ChannelKeyHere = Annotated[
    str,
    AfterValidator(channel_key),
    Path(
        alias="id",
        description="The channel, or the code of its invitation.",
        examples=["120363000000000000@newsletter"],
    ),
]


class ChannelPublic(BaseModel):
    """A channel, as everybody sees it."""

    id: str = Field(max_length=128, examples=["120363000000000000@newsletter"])
    name: str = Field(max_length=1024, examples=["Our shop"])
    description: str | None = Field(max_length=8192, examples=["News every week"])
    invite: str = Field(description="Its address.", examples=["https://www.whatsapp.com/channel/0029Va1234567890"])
    preview: str | None = Field(None, description="Always null here; see `picture`.")
    picture: str | None = Field(max_length=4096, examples=["https://pps.whatsapp.net/v/1.jpg"])
    verified: bool
    subscribersCount: int = Field(examples=[120])  # noqa: N815 - WAHA's name


class ChannelOut(ChannelPublic):
    """A channel, and what this account is to it."""

    role: Role


class ChannelMessage(BaseModel):
    """What was written in a channel."""

    message: MessageOut
    reactions: dict[str, int] = Field(description="Always empty: WA-JS does not tell of a channel's reactions.")
    viewCount: int = Field(description="As far as the page knows.", examples=[12])  # noqa: N815 - WAHA's name


class CreateChannel(Input):
    """A new channel."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(not_blank)] = Field(
        examples=["Our shop"]
    )
    description: str | None = Field(None, max_length=2048, examples=["News every week"])
    picture: FileInput | None = Field(None, description="At most 5 MB.")


class SearchByText(Input):
    """What to look for in WhatsApp's directory of channels."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(not_blank)] = Field(
        examples=["news"]
    )
    categories: list[Category] = Field(default_factory=list, max_length=7)
    limit: int = Field(50, ge=1, le=100)
    startCursor: str = Field("", max_length=1024, description="`endCursor` of the part before.")  # noqa: N815 - WAHA's name


class ChannelPagination(BaseModel):
    """Where a part of what was found begins and ends."""

    startCursor: str = Field(max_length=1024)  # noqa: N815 - WAHA's name
    endCursor: str = Field(max_length=1024)  # noqa: N815 - WAHA's name
    hasNextPage: bool  # noqa: N815 - WAHA's name
    hasPreviousPage: bool  # noqa: N815 - WAHA's name


class ChannelsFound(BaseModel):
    """Channels of WhatsApp's directory."""

    page: ChannelPagination
    channels: list[ChannelPublic]


class ChannelCategory(BaseModel):
    """What channels are about."""

    value: Category
    name: str = Field(examples=["Business"])


@router.get("", responses=ERRORS, summary="List channels")
async def channels(
    context: ContextHere,
    session: SessionHere,
    role: Annotated[
        Literal["OWNER", "ADMIN", "SUBSCRIBER"] | None, Query(description="Only those to which this account is that.")
    ] = None,
) -> list[ChannelOut]:
    """Return the channels that this account owns or follows."""
    return all_from_page(ChannelOut, await ask_page(context, session, PageCall.CHANNELS, role=role))


@file_router.post("", status_code=201, responses=problems(404, 413, 422, 502, 503), summary="Make a channel")
async def create(context: ContextHere, session: SessionHere, body: CreateChannel) -> ChannelOut:
    """Make a channel of this account's."""
    asked: dict[str, Any] = {"name": body.name, "description": body.description}
    file = None if body.picture is None else await source_of(context, body.picture)
    return from_page(ChannelOut, await context.sessions.ask_page(session, PageCall.CREATE_CHANNEL, asked, file=file))


@router.get("/{id}", responses=ERRORS, summary="Look at a channel")
async def channel(context: ContextHere, session: SessionHere, key: ChannelKeyHere) -> ChannelOut:
    """Return a channel; WhatsApp is asked about those that this account does not follow."""
    return from_page(ChannelOut, await ask_page(context, session, PageCall.CHANNEL, channelId=key))


@router.delete("/{id}", responses=ERRORS, summary="Delete a channel")
async def delete(context: ContextHere, session: SessionHere, channel: ChannelHere) -> Done:
    """Delete a channel of this account's, for everybody."""
    await ask_page(context, session, PageCall.DELETE_CHANNEL, channelId=channel)
    return Done()


@router.get("/{id}/messages/preview", responses=ERRORS, summary="Read a channel")
async def preview(
    context: ContextHere,
    session: SessionHere,
    channel: ChannelHere,
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MESSAGES_LIMIT, description="At most so many.")] = 10,
    download: Annotated[bool, Query(alias="downloadMedia", description="Download the messages' files.")] = False,
) -> list[ChannelMessage]:
    """Return the newest messages of a channel that this account owns or follows, newest first, as the page has them."""
    asked = await ask_page(context, session, PageCall.CHANNEL_MESSAGES, channelId=channel, limit=limit)
    messages = [message_of(one) for one in reversed(asked)]
    if download:
        messages = await with_files(context, session, messages, request)
    return all_from_page(
        ChannelMessage,
        [{"message": one.payload(), "reactions": {}, "viewCount": one.details.get("viewCount", 0)} for one in messages],
    )


@router.post("/{id}/follow", status_code=201, responses=ERRORS, summary="Follow a channel")
async def follow(context: ContextHere, session: SessionHere, channel: ChannelHere) -> Done:
    """Follow a channel; one that is followed already stays so."""
    await ask_page(context, session, PageCall.FOLLOW_CHANNEL, channelId=channel, on=True)
    return Done()


@router.post("/{id}/unfollow", status_code=201, responses=ERRORS, summary="Follow a channel no more")
async def unfollow(context: ContextHere, session: SessionHere, channel: ChannelHere) -> Done:
    """Follow a channel no more."""
    await ask_page(context, session, PageCall.FOLLOW_CHANNEL, channelId=channel, on=False)
    return Done()


@router.post("/{id}/mute", status_code=201, responses=ERRORS, summary="Mute a channel")
async def mute(context: ContextHere, session: SessionHere, channel: ChannelHere) -> Done:
    """Have the phone tell of no more posts of a channel; events are told all the same."""
    await ask_page(context, session, PageCall.MUTE_CHANNEL, channelId=channel, on=True)
    return Done()


@router.post("/{id}/unmute", status_code=201, responses=ERRORS, summary="Unmute a channel")
async def unmute(context: ContextHere, session: SessionHere, channel: ChannelHere) -> Done:
    """Have the phone tell of a channel's posts again."""
    await ask_page(context, session, PageCall.MUTE_CHANNEL, channelId=channel, on=False)
    return Done()


@searching.post("/by-text", responses=problems(404, 422, 503), summary="Search channels")
async def search(context: ContextHere, session: SessionHere, body: SearchByText) -> ChannelsFound:
    """Look for channels in WhatsApp's directory."""
    asked = {"text": body.text, "categories": body.categories, "limit": body.limit, "cursor": body.startCursor}
    found = await ask_page(context, session, PageCall.SEARCH_CHANNELS, **asked)
    return from_page(ChannelsFound, found)


@searching.get("/categories", responses=problems(404, 422), summary="What channels are about")
async def categories(context: ContextHere, session: SessionHere) -> list[ChannelCategory]:
    """Return the categories that a search may be limited to."""
    context.sessions.get(session)
    return [ChannelCategory(value=value, name=name) for value, name in CATEGORIES.items()]
