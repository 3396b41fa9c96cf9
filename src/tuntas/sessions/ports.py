"""What sessions ask of the rooms above them. Narrow on purpose: a page may one day live on another machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tuntas.events import Event, Message
from tuntas.sessions.model import BrowserRecord, Observation, SessionRecord, StateChange

Sink = Callable[[Observation], None]


class WhatsAppPage(Protocol):
    """One open WhatsApp page in its own browser."""

    @property
    def record(self) -> BrowserRecord:
        """What identifies the browser."""
        ...

    async def probe(self) -> bool:
        """Ask for life: True when the page answers and WhatsApp's socket is connected.

        Raises:
            PageUnavailable: no answer within the limit.
        """
        ...

    async def tend(self) -> int:
        """Keep the browser's cache within its bound; return the memory that its whole process tree takes, in bytes.

        Raises:
            PageUnavailable: no answer within the limit.
        """
        ...

    async def log_out(self) -> None:
        """Unlink this device at WhatsApp and wait until it is done, within a limit.

        Raises:
            PageUnavailable: the page did not confirm it.
        """
        ...

    async def end(self, *, gracefully: bool = True) -> str:
        """End the browser and return how ("closed" or "killed"), only when its whole process tree is gone."""
        ...

    async def send(self, kind: str, content: Mapping[str, Any], *, token: str) -> Message:
        """Send a message of this kind ("text", "image" …) and return it as the page knows it then.

        ``content`` is plain values, ``chatId`` among them. ``token`` becomes part of the message's id; a message that
        the page knows by it already is not sent again.

        Raises:
            PageRefused: WhatsApp does not take it; the message says why.
            PageUnavailable: the page went away or did not answer; whether it was sent is not known.
        """
        ...

    async def ask(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Ask the page something, or have it do something that is no message; plain values in and out.

        The names are those of the bridge's calls.

        Raises:
            PageRefused: WhatsApp does not do it; the message says why.
            PageUnavailable: the page went away or did not answer.
        """
        ...

    async def screenshot(self) -> bytes:
        """Return a PNG of the page."""
        ...


class Engine(Protocol):
    """Opens pages."""

    async def open(self, profile: Path, sink: Sink) -> WhatsAppPage:
        """Launch a browser on ``profile`` and load WhatsApp; what it observes goes to ``sink``.

        Leaves nothing behind when it raises or is cancelled.

        Raises:
            LaunchRefused: no page could be opened; it says why.
        """
        ...

    async def end_orphan(self, record: BrowserRecord) -> bool:
        """End a browser that an earlier server left; True if there was one and it is gone now."""
        ...


class LaunchRefused(Exception):
    """A browser or its page could not be opened. ``permanent``: trying again cannot help."""

    def __init__(self, reason: str, detail: str, *, permanent: bool = False) -> None:
        """Keep the typed ``reason`` and a ``detail`` for people."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.permanent = permanent


class SessionStore(Protocol):
    """Where sessions are kept. Every method is one transaction, durable when it returns."""

    async def load(self) -> list[SessionRecord]:
        """Return all sessions, oldest first."""
        ...

    async def insert(self, record: SessionRecord) -> None:
        """Add a session.

        Raises:
            NameTaken: a session of this name exists.
        """
        ...

    async def save(self, record: SessionRecord, change: StateChange | None, events: Sequence[Event]) -> None:
        """Write the session, a line of its story and the events that go out, together."""
        ...

    async def publish(self, record: SessionRecord, events: Sequence[Event]) -> None:
        """Write events that go out to the session's subscriptions, and how far the session has seen, together."""
        ...

    async def delete(self, record: SessionRecord, change: StateChange, events: Sequence[Event]) -> None:
        """Remove the session's row, with the last line of its story and its last event."""
        ...

    async def history(self, record: SessionRecord, *, limit: int) -> list[StateChange]:
        """Return the newest lines of a session's story, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class SendEntry:
    """A send that was asked with a key. ``answer`` is None while it is not known what became of it."""

    fingerprint: str
    token: str
    answer: Message | None
    is_new: bool


class SendJournal(Protocol):
    """Sends that were asked with a key. Every method is one transaction, durable when it returns."""

    async def begin(self, session_id: str, key: str, fingerprint: str, token: str) -> SendEntry:
        """Write down that a message is about to be sent, or return what was written under this key before."""
        ...

    async def finish(self, session_id: str, key: str, message: Message) -> None:
        """Write down what went out."""
        ...

    async def forget(self, session_id: str, key: str) -> None:
        """Write down that nothing went out: the key is free again."""
        ...
