"""Who is online and who is doing what in which chat: true at this moment only, so nothing of it is stored.

Pure; time is an argument (Unix seconds).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

State = Literal["available", "unavailable", "composing", "recording", "paused"]
IS_ONLINE = ("available", "unavailable")


@dataclass(frozen=True, slots=True)
class Presence:
    """What somebody is doing; ``last_seen`` is None for who was never online."""

    state: str = "unavailable"
    last_seen: int | None = None


class Presences:
    """What everybody is doing, and which devices want to know it of whom."""

    def __init__(self) -> None:
        self._presences: dict[str, Presence] = {}
        self._subscribers: dict[str, set[str]] = {}

    def of(self, number: str) -> Presence:
        """Return whether somebody is online, and when they last were."""
        return self._presences.get(number, Presence())

    def subscribe(self, device: str, address: str) -> None:
        """Let a device be told what happens at an address: a number, or a group."""
        self._subscribers.setdefault(address, set()).add(device)

    def subscribers(self, address: str) -> set[str]:
        """Return the devices that want to be told."""
        return set(self._subscribers.get(address, ()))

    def show(self, number: str, state: str, at: int) -> None:
        """Note that somebody came or went; who does something in a chat is online."""
        is_online = state != "unavailable"
        last_seen = self.of(number).last_seen if is_online else at
        self._presences[number] = Presence("available" if is_online else "unavailable", last_seen)


def frame_of(number: str, presence: Presence, *, state: str | None = None, chat: str | None = None) -> dict[str, Any]:
    """Describe to a page what somebody is doing."""
    shown = state or presence.state
    return {"kind": "presence", "number": number, "state": shown, "last_seen": presence.last_seen, "chat": chat}
