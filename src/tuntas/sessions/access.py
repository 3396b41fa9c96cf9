"""Who may ask what of which sessions, and what the doors ask of the keys. The doors check before anything is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Scope(StrEnum):
    """What a key is good for. ``admin`` is good for everything."""

    READ = "read"
    """Look: sessions, chats, messages, contacts, events."""
    ASK = "ask"
    """Ask to send: each message waits until a person approves it. Whoever may send may ask."""
    SEND = "send"
    """Act in WhatsApp: send, react, mark as seen, change chats and groups."""
    CONTROL = "control"
    """A session's life: create, start, scan, stop, configure, delete."""
    ADMIN = "admin"
    """All of it, and the server: keys, cleanup, deliveries."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a key: ``name`` is written into stories. ``sessions``: the only ones it may see; None is all."""

    name: str
    scopes: frozenset[Scope]
    sessions: frozenset[str] | None = None

    def may(self, scope: Scope) -> bool:
        """Say whether the key is good for ``scope``."""
        if scope is Scope.ASK and Scope.SEND in self.scopes:
            return True
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def may_use(self, session: str) -> bool:
        """Say whether the key is good for a session of this name."""
        return self.sessions is None or session in self.sessions


@dataclass(frozen=True, slots=True)
class Key:
    """A stored key, without its secret. ``last_used_at`` is exact to a minute."""

    id: str
    caller: Caller
    created_at: datetime
    last_used_at: datetime | None = None


class Keys(Protocol):
    """The keys that clients may use. A key's ``mark`` stands for it where its secret must not be: it cannot be used."""

    async def identify(self, secret: str) -> Caller | None:
        """Return who has this key, None if nobody has."""
        ...

    async def recognise(self, mark: str) -> Caller | None:
        """Return whose key has this mark, None if there is none, or none any more."""
        ...

    def holder(self, mark: str) -> Caller | None:
        """Return whose key has this mark, None if there is none any more; it is no use of the key."""
        ...

    def mark_of(self, key_id: str) -> str | None:
        """Return the mark of a stored key, None if there is none of this id."""
        ...

    def marks(self) -> list[str]:
        """Return the marks of all keys that are good now, those that are not stored among them."""
        ...

    async def create(self, caller: Caller) -> tuple[Key, str]:
        """Make a key and return it with its secret."""
        ...

    def all(self) -> list[Key]:
        """Return all stored keys, oldest first."""
        ...

    async def change(self, key_id: str, changed: Callable[[Caller], Caller]) -> Key | None:
        """Have a key be good at once for what ``changed`` makes of it; return it, None if there is none of this id."""
        ...

    async def revoke(self, key_id: str) -> bool:
        """Make a key worthless at once; False if there is none of this id."""
        ...
