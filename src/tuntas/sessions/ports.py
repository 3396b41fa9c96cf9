"""What sessions ask of the rooms above them. Narrow on purpose: a page may one day live on another machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

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

    async def log_out(self) -> None:
        """Unlink this device at WhatsApp and wait until it is done, within a limit.

        Raises:
            PageUnavailable: the page did not confirm it.
        """
        ...

    async def end(self, *, gracefully: bool = True) -> str:
        """End the browser and return how ("closed" or "killed"), only when its whole process tree is gone."""
        ...

    async def send_text(self, chat_id: str, text: str, *, reply_to: str | None, link_preview: bool) -> Message:
        """Send a text and return the message as the page knows it then."""
        ...

    async def chat_messages(self, chat_id: str, *, limit: int) -> list[Message]:
        """Return a chat's last messages, newest first."""
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
        """Write events that go out to the session's subscriptions."""
        ...

    async def delete(self, record: SessionRecord, change: StateChange, events: Sequence[Event]) -> None:
        """Remove the session's row, with the last line of its story and its last event."""
        ...

    async def history(self, record: SessionRecord, *, limit: int) -> list[StateChange]:
        """Return the newest lines of a session's story, oldest first."""
        ...
