"""What a page may ask about channels. Part of the language in ``frames.py``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tuntas.sandbox.social_frames import Description, Name, Picture, SocialFrame

ChannelId = Annotated[str, StringConstraints(pattern=r"^[0-9]{4,40}@newsletter$")]
Key = Annotated[str, StringConstraints(pattern=r"^([0-9]{4,40}@newsletter|[0-9A-Za-z_-]{4,64})$")]
"""A channel's id, or the code of its invitation."""


class GetChannels(SocialFrame):
    """The channels that the page's owner owns or follows."""

    kind: Literal["channels"]


class GetChannel(SocialFrame):
    """Any channel."""

    kind: Literal["channel_get"]
    key: Key


class NewChannel(SocialFrame):
    """A new channel."""

    kind: Literal["channel_create"]
    name: Name
    description: Description = ""
    picture: Picture | None = None


class DeleteChannel(SocialFrame):
    """A channel less."""

    kind: Literal["channel_delete"]
    channel: ChannelId


class FollowChannel(SocialFrame):
    """Follow a channel, or no more."""

    kind: Literal["channel_follow"]
    channel: ChannelId
    on: bool


class MuteChannel(SocialFrame):
    """Be told of posts, or not."""

    kind: Literal["channel_mute"]
    channel: ChannelId
    on: bool


class PostToChannel(SocialFrame):
    """Something new in an own channel."""

    kind: Literal["channel_post"]
    channel: ChannelId
    text: Annotated[str, StringConstraints(min_length=1, max_length=65_536)]


class SearchChannels(SocialFrame):
    """Channels by their words."""

    kind: Literal["channel_search"]
    text: str
    limit: Annotated[int, Field(ge=1, le=100)]
    start: Annotated[int, Field(ge=0)] = 0


ChannelRequest = (
    GetChannels | GetChannel | NewChannel | DeleteChannel | FollowChannel | MuteChannel | PostToChannel | SearchChannels
)
