"""Who may ask what of which sessions. Values only; the doors check them before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a key is good for. ``admin`` is good for everything."""

    READ = "read"
    """Look: sessions, chats, messages, contacts, events."""
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
