"""Channels: one owner writes, everybody may follow. Pure; every change says which devices have something new."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from typing import Any

from tuntas.sandbox.directory import Directory
from tuntas.sandbox.errors import NotAllowedError, UnknownChannelError

SERVER = "@newsletter"
OWNER, SUBSCRIBER, GUEST = "owner", "subscriber", "guest"


@dataclass(slots=True)
class PhoneChannel:
    """A channel; ``followers`` and ``muted`` are numbers, ``created`` is Unix time in seconds."""

    id: str
    invite: str
    name: str
    description: str
    owner: str
    created: int
    verified: bool = False
    followers: list[str] = field(default_factory=list)
    muted: list[str] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)

    def role(self, number: str) -> str:
        """Say what a phone is to the channel."""
        if number == self.owner:
            return OWNER
        return SUBSCRIBER if number in self.followers else GUEST


class Channels:
    """All channels of one sandbox."""

    def __init__(self, phones: Directory) -> None:
        self._phones = phones
        self._channels: dict[str, PhoneChannel] = {}

    def of(self, number: str) -> list[dict[str, Any]]:
        """Return the channels that a phone owns or follows, as it sees them."""
        number = self._phones.phone(number).number
        return [self.describe(one, number) for one in self._channels.values() if one.role(number) != GUEST]

    def describe(self, channel: PhoneChannel, number: str) -> dict[str, Any]:
        """Return a channel as a phone sees it, without what was posted."""
        hidden = ("followers", "muted", "owner", "posts")
        shown = {name: value for name, value in asdict(channel).items() if name not in hidden}
        seen = {"role": channel.role(number), "muted": number in channel.muted, "size": len(channel.followers)}
        return shown | seen

    def find(self, key: str) -> PhoneChannel:
        """Return the channel with this id or invitation."""
        found = next((one for one in self._channels.values() if key in (one.id, one.invite)), None)
        if found is None:
            message = f"there is no channel {key}"
            raise UnknownChannelError(message)
        return found

    def search(self, text: str, limit: int, start: int) -> tuple[list[PhoneChannel], bool]:
        """Return channels whose name or description has this text, from a place on, and whether there are more."""
        wanted = text.casefold()
        found = [one for one in self._channels.values() if wanted in f"{one.name}\n{one.description}".casefold()]
        return found[start : start + limit], len(found) > start + limit

    def create(self, number: str, name: str, description: str, at: int) -> tuple[PhoneChannel, set[str]]:
        """Make a channel of this phone's."""
        channel_id = f"120363{secrets.randbelow(10**12):012d}{SERVER}"
        invite = f"0029Va{secrets.token_hex(8)}"
        owner = self._phones.phone(number).number
        channel = self._channels[channel_id] = PhoneChannel(channel_id, invite, name, description, owner, at)
        return channel, self._tell(channel, [owner])

    def delete(self, number: str, key: str) -> set[str]:
        """Take an own channel away."""
        channel = self._owned(number, key)
        del self._channels[channel.id]
        return self._tell(channel, [channel.owner, *channel.followers], gone=True)

    def follow(self, number: str, key: str, *, on: bool) -> set[str]:
        """Follow a channel, or follow it no more."""
        channel, number = self.find(key), self._phones.phone(number).number
        if number == channel.owner:
            message = f"{number} owns the channel {channel.id}"
            raise NotAllowedError(message)
        channel.followers = [each for each in channel.followers if each != number] + [number] * on
        channel.muted = [each for each in channel.muted if each != number]
        return self._tell(channel, [number], gone=not on)

    def mute(self, number: str, key: str, *, on: bool) -> set[str]:
        """Tell the phone's owner of new posts no more, or again."""
        channel = self.find(key)
        if channel.role(number) == GUEST:
            message = f"{number} does not follow the channel {channel.id}"
            raise NotAllowedError(message)
        channel.muted = [each for each in channel.muted if each != number] + [number] * on
        return self._tell(channel, [number])

    def post(self, number: str, key: str, text: str, at: int) -> tuple[dict[str, Any], set[str]]:
        """Let the owner write something."""
        channel = self._owned(number, key)
        post = {"id": secrets.token_hex(10).upper(), "text": text, "timestamp": at, "views": len(channel.followers)}
        channel.posts = [*channel.posts, post][-100:]
        return post, self._tell(channel, [channel.owner, *channel.followers], post=post)

    def _owned(self, number: str, key: str) -> PhoneChannel:
        channel = self.find(key)
        if channel.owner != number:
            message = f"{number} does not own the channel {channel.id}"
            raise NotAllowedError(message)
        return channel

    def _tell(self, channel: PhoneChannel, numbers: list[str], **more: Any) -> set[str]:
        woken = set()
        for number in numbers:
            for device in self._phones.devices_of(number):
                device.put({"kind": "channel", "channel": self.describe(channel, number)} | more)
                woken.add(device.keys.device)
        return woken

    # persistence

    def to_json(self) -> list[dict[str, Any]]:
        """Return everything as plain values, for ``load``."""
        return [asdict(channel) for channel in self._channels.values()]

    def load(self, values: list[dict[str, Any]]) -> None:
        """Take over what ``to_json`` described."""
        self._channels = {each["id"]: PhoneChannel(**each) for each in values}
