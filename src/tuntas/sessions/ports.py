"""What sessions ask of the rooms above them. Narrow on purpose: a page may one day live on another machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from tuntas.events import Event, Message
from tuntas.foundation.proxy import Proxy
from tuntas.sessions.model import BrowserRecord, Observation, PageLost, SessionRecord, StateChange
from tuntas.sessions.outgoing import FileSource, MessageKind, OutgoingMessage
from tuntas.sessions.page_calls import PageCall

Sink = Callable[[Observation], None]


class Download(Protocol):
    """A message's file, opened in the page."""

    @property
    def size_bytes(self) -> int:
        """How many bytes it has."""
        ...

    @property
    def mimetype(self) -> str:
        """Its type as its sender said it; may be empty, and anything."""
        ...

    @property
    def filename(self) -> str | None:
        """Its name as its sender said it."""
        ...

    def parts(self) -> AsyncIterator[bytes]:
        """Yield its bytes in their order."""
        ...


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

    async def send(self, message: OutgoingMessage, *, token: str) -> Message:
        """Send a message and return it as the page knows it then; a file that it names is read or fetched first.

        ``token`` becomes part of the message's id; a message that the page knows by it already is not sent again. Of a
        forwarded message the page chooses the id itself.

        Raises:
            FileRefused, FileTooLarge, FileUnreachable: its file cannot be sent.
            PageRefused: WhatsApp does not take it; the message says why.
            PageUnavailable: the page went away or did not answer; whether it was sent is not known.
        """
        ...

    async def ask(self, call: PageCall, arguments: Mapping[str, Any], *, file: FileSource | None = None) -> Any:
        """Ask the page something, or have it do something that is no message; plain values in and out.

        ``file`` goes along with the only calls that take one: SET_PROFILE_PICTURE, SET_GROUP_PICTURE.

        Raises:
            FileRefused, FileTooLarge, FileUnreachable: the file cannot be used.
            PageRefused: WhatsApp does not do it; the message says why.
            PageUnavailable: the page went away or did not answer.
        """
        ...

    def download(self, message_id: str) -> AbstractAsyncContextManager[Download]:
        """Have the page download a message's file; it is forgotten in the end.

        Raises:
            FileTooLarge: it is larger than what is allowed.
            PageRefused: WhatsApp has no such file, or not any more.
            PageUnavailable: the page went away or did not answer.
        """
        ...

    async def screenshot(self) -> bytes:
        """Return a PNG of the page."""
        ...


class ArrivedFiles(Protocol):
    """Where files go that are fetched as their messages arrive."""

    async def fetch(
        self, record: SessionRecord, message_id: str, page: Callable[[], WhatsAppPage | None]
    ) -> Mapping[str, Any]:
        """Have the page download a message's file, unless it is there; return what is told of it: ``url``, ``size``.

        Raises:
            FileTooLarge, PageRefused, PageUnavailable, OSError: there is no file, for now or at all.
        """
        ...


class Conversion(Protocol):
    """Makes files into what WhatsApp's clients play."""

    async def convert(
        self,
        session: str,
        source: FileSource,
        kind: MessageKind,
        gone: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> FileSource:
        """Return the file as one that is played as this kind; what can be already is returned as it is.

        It is fetched as the session of that name fetches. ``gone`` returns when whoever asked for it has gone: then it
        ends, and nothing of it is left.

        Raises:
            ConverterMissing, NotConvertible, TryLater, FileRefused, FileTooLarge, FileUnreachable: there is none.
        """
        ...


class Engine(Protocol):
    """Opens pages."""

    async def open(self, profile: Path, sink: Sink, proxy: Proxy | None) -> WhatsAppPage:
        """Launch a browser on ``profile`` and load WhatsApp; what it observes goes to ``sink``.

        Nothing of it goes anywhere but through ``proxy``; None is the server's own, if it has one.
        Leaves nothing behind when it raises or is cancelled.

        Raises:
            LaunchRefused: no page could be opened; it says why.
        """
        ...

    async def end_orphan(self, record: BrowserRecord) -> bool:
        """End a browser that an earlier server left; True if there was one and it is gone now."""
        ...


class Reachability(Protocol):
    """Knows the way to WhatsApp."""

    async def obstacle(self, proxy: Proxy | None) -> PageLost | None:
        """Return why WhatsApp's servers do not answer through ``proxy`` (None: as the server goes itself), if so.

        One cheap request, bounded in time.
        """
        ...


class Builds(Protocol):
    """Knows which build of its page WhatsApp gives out."""

    async def current(self) -> str | None:
        """Return what tells it from others; None where it cannot be known now. Bounded in time."""
        ...


class LaunchRefused(Exception):
    """A browser or its page could not be opened."""

    def __init__(self, reason: str, detail: str, again_in_seconds: float | None = None) -> None:
        """Keep the typed ``reason``, a ``detail`` for people, and when to try again where that is known."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.again_in_seconds = again_in_seconds


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

    async def unreadable(self, record: SessionRecord) -> list[str]:
        """Return the ids of messages that were told as waiting, and not as messages since."""
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


@dataclass(frozen=True, slots=True)
class SendNote:
    """When a message was asked for, when its turn came, and when the page said that it is sent; None: not known."""

    asked_at: datetime
    begun_at: datetime | None
    sent_at: datetime | None


class SendJournal(Protocol):
    """Sends. Every method is one transaction, durable when it returns."""

    async def begin(self, session_id: str, key: str, fingerprint: str, token: str) -> SendEntry:
        """Write down that a message is about to be sent, or return what was written under this key before."""
        ...

    async def finish(self, session_id: str, key: str, message: Message, begun_at: datetime) -> None:
        """Write down what went out, and when its turn had come."""
        ...

    async def note(self, session_id: str, token: str, fingerprint: str, note: SendNote) -> None:
        """Write down that a message without a key went out."""
        ...

    async def noted(self, session_id: str, token: str) -> SendNote | None:
        """Return what is known of the sending of a message; None if it was not sent from here, or long ago."""
        ...

    async def forget(self, session_id: str, key: str) -> None:
        """Write down that nothing went out: the key is free again."""
        ...


class Ownership(Protocol):
    """Says for which sessions this server may act, where there may be others.

    A fence grows each time that a session goes from one server, or one life of a server, to another.
    """

    def fence(self, session_id: str) -> int | None:
        """Return the fence under which this server may act for a session now; None: it may not.

        Asked anew before each act: what was true a second ago may not be.
        """
        ...

    def owner(self, session_id: str) -> str | None:
        """Return the name of the server that answers for a session, as far as it is known."""
        ...

    async def create(self, session_id: str) -> int:
        """Own a new session; return its fence.

        Raises:
            TryLater: this server owns nothing for now.
        """
        ...

    async def forget(self, session_id: str) -> None:
        """Let go of a session that was removed."""
        ...

    def changed(self) -> asyncio.Event:
        """Return what is set when the next time anything is owned by another, or by nobody."""
        ...
