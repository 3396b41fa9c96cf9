"""A session's sends: one after the other, in their order, at the session's pace, and each of them once.

The line is bounded: a caller who must wait too long is told so at once, and nothing piles up. A send that waits while
its session comes up goes out when it works.

Once: the message's id is chosen and written down before anything is sent, under the caller's key. Whoever asks again
with that key gets the same answer; and if the answer was lost with a crash, the page is asked for that very id before
it sends again. What the page itself has forgotten (its profile is gone) nobody can know.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog

from tuntas.events import Message
from tuntas.foundation.clock import Clock
from tuntas.foundation.failpoints import failpoint
from tuntas.foundation.metrics import SEND_SECONDS
from tuntas.foundation.tasks import spawn
from tuntas.sessions import pacing
from tuntas.sessions.errors import (
    AccountRestricted,
    ConverterMissing,
    DiskFull,
    KeyReused,
    NotTaken,
    OutcomeUnknown,
    Overloaded,
    PageUnavailable,
    SessionError,
    TryLater,
)
from tuntas.sessions.outgoing import OutgoingMessage
from tuntas.sessions.pacing import Pace
from tuntas.sessions.ports import Conversion, SendJournal, SendNote, WhatsAppPage

Ready = Callable[[], Awaitable[WhatsAppPage]]
InUse = Callable[[], AbstractContextManager[None]]
Check = Callable[[], None]
Gone = Callable[[], Coroutine[Any, Any, None]]

_RANDOM_BYTES = 9

NOBODY_KNOWS = (
    "Whether the message was sent is not known and cannot be found out: WhatsApp Web makes the ids of forwarded "
    "messages, and of status posts with a file, by itself. Look for it, and send it with another key if it is missing."
)

log = structlog.get_logger(__name__)


def new_message_token() -> str:
    """Return what makes a message's id unique, as WhatsApp's own web client makes it: 3EB0 and 18 hex digits."""
    return f"3EB0{secrets.token_hex(_RANDOM_BYTES)}".upper()


@dataclass(frozen=True, slots=True)
class SendLimits:
    """``pace`` unless a session has its own; at most ``places`` wait in a line, each at most ``wait_seconds``."""

    pace: Pace = field(default_factory=Pace)
    places: int = 100
    wait_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class SendRequest:
    """What is asked: values only. ``key``: the caller's, None if it gave none; ``fingerprint`` tells requests apart.

    ``token``: what makes the message's id unique, where the caller has chosen it; it is sent once, whoever asks again.
    """

    message: OutgoingMessage
    fingerprint: str
    key: str | None = None
    pace: Pace | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The message that went out. ``is_repeated``: for an earlier request with the same key, and not again."""

    message: Message
    is_repeated: bool = False


class Sends:
    """One session's sends."""

    def __init__(
        self,
        session_id: str,
        name: str,
        journal: SendJournal,
        clock: Clock,
        limits: SendLimits,
        conversion: Conversion | None = None,
    ) -> None:
        """Start with an empty line and an unspent burst."""
        self._session_id = session_id
        self._name = name
        self._journal = journal
        self._clock = clock
        self._limits = limits
        self._conversion = conversion
        self._waiting = 0
        self._turn = asyncio.Lock()  # fair: first come, first served
        self._spent_until = float("-inf")
        self._under_way: dict[str, tuple[str, asyncio.Task[Sent]]] = {}

    async def send(
        self,
        request: SendRequest,
        ready: Ready,
        in_use: InUse,
        check: Check = lambda: None,
        gone: Gone | None = None,
    ) -> Sent:
        """Wait for the turn, the pace and the page that ``ready`` returns, then send, once.

        ``in_use`` makes the block in which the page sends, so that nobody takes the page away meanwhile. ``check``
        raises what the page cannot do: before the message gets a place in the line, and when its turn has come. A file
        that is to be converted is, before it gets a place: others need not wait for that. If ``gone`` returns
        meanwhile, since whoever asked has gone, nothing is sent.

        Raises:
            NotCapable: the page cannot; nothing was sent.
            Overloaded, TryLater, WrongStatus: nothing was sent.
            KeyReused: another request had this key; nothing was sent.
            AccountRestricted: not to this person for a while; nothing was sent, and the line went on.
            PageRefused: WhatsApp does not take it; nothing was sent.
            FileRefused, FileTooLarge, FileUnreachable: the message's file cannot be sent; nothing was sent.
            NotConvertible, ConverterMissing: its file cannot be converted; nothing was sent.
            DiskFull: the page could not write; nothing was sent.
            OutcomeUnknown: whether it was sent is not known; asking again with the same key finds out.
        """
        if request.key is None:
            asked_at = self._clock.now()
            request = await self._converted(request, check, gone)
            token = request.token or new_message_token()
            message, begun_at = await self._in_line(request, token, ready, in_use, check)
            await self._note(request, token, SendNote(asked_at, begun_at, self._clock.now()))
            return Sent(message)
        if request.key in self._under_way:
            fingerprint, task = self._under_way[request.key]
            if fingerprint != request.fingerprint:
                raise KeyReused(request.key)
            return Sent((await asyncio.shield(task)).message, is_repeated=True)
        # A task of its own: a caller that hangs up must not leave it half done.
        task = spawn(self._once(request.key, request, ready, in_use, check, gone), name=f"send of session {self._name}")
        self._under_way[request.key] = (request.fingerprint, task)
        task.add_done_callback(lambda _: self._under_way.pop(request.key or "", None))
        return await asyncio.shield(task)

    async def _once(
        self, key: str, request: SendRequest, ready: Ready, in_use: InUse, check: Check, gone: Gone | None
    ) -> Sent:
        token = request.token or new_message_token()
        entry = await self._journal.begin(self._session_id, key, request.fingerprint, token)
        if entry.fingerprint != request.fingerprint:
            raise KeyReused(key)
        if entry.answer is not None:
            return Sent(entry.answer, is_repeated=True)
        if not entry.is_new and not request.message.has_id_of_ours:
            raise OutcomeUnknown(NOBODY_KNOWS)
        failpoint("send.begun")
        try:
            request = await self._converted(request, check, gone)
            message, begun_at = await self._in_line(request, entry.token, ready, in_use, check)
        except PageUnavailable:
            raise  # it stays written down: it may have gone out
        except NotTaken:
            # An earlier try came to nothing, and nobody was told: it is sent anew.
            await self._journal.forget(self._session_id, key)
            return await self._once(key, request, ready, in_use, check, gone)
        except SessionError:
            if entry.is_new:
                await self._journal.forget(self._session_id, key)
            raise
        failpoint("send.sent")
        try:
            await self._journal.finish(self._session_id, key, message, begun_at)
        except DiskFull:
            # It went out, whatever is written down of it; whoever asks again finds it by its token, as after a kill.
            log.exception("send_not_noted", session=self._name)
        return Sent(message)

    async def _note(self, request: SendRequest, token: str, note: SendNote) -> None:
        try:
            await self._journal.note(self._session_id, token, request.fingerprint, note)
        except Exception:
            # The message went out: that it cannot be told when does not change the answer.
            log.exception("send_not_noted", session=self._name)

    async def _converted(self, request: SendRequest, check: Check, gone: Gone | None) -> SendRequest:
        message = request.message
        if not message.converts or message.file is None:
            return request
        check()
        if self._conversion is None:
            raise ConverterMissing("av")
        file = await self._conversion.convert(self._name, message.file, message.kind, gone)
        return replace(request, message=replace(message, file=file, converts=False))

    async def _in_line(
        self, request: SendRequest, token: str, ready: Ready, in_use: InUse, check: Check
    ) -> tuple[Message, datetime]:
        """Return what was sent, and when its turn had come."""
        check()
        pace = request.pace or self._limits.pace
        if self._waiting >= self._limits.places:
            raise Overloaded(self._name, self._waiting, max(1.0, self._waiting * pace.interval_seconds))
        self._waiting += 1
        try:
            await self._take_turn()
        finally:
            self._waiting -= 1
        try:
            page = await self._come_up(pace, ready)
            check()
            spent_before = self._spent_until
            self._spent_until = pacing.after_send(pace, self._spent_until, self._clock.monotonic())
            begun_at = self._clock.now()
            with in_use(), SEND_SECONDS.time():
                return await page.send(request.message, token=token), begun_at
        except AccountRestricted:
            self._spent_until = spent_before  # nothing went out, and those who may be written to need not wait for it
            raise
        except OutcomeUnknown:
            raise
        except PageUnavailable as error:
            message = f"Whether the message was sent is not known. {error}"
            raise OutcomeUnknown(message) from error
        finally:
            self._turn.release()

    async def _take_turn(self) -> None:
        try:
            async with asyncio.timeout(self._limits.wait_seconds):
                await self._turn.acquire()
        except TimeoutError:
            message = f"Session {self._name!r} has other messages to send first; this one was not sent."
            raise TryLater(message) from None

    async def _come_up(self, pace: Pace, ready: Ready) -> WhatsAppPage:
        try:
            async with asyncio.timeout(self._limits.wait_seconds):
                await asyncio.sleep(pacing.wait_seconds(pace, self._spent_until, self._clock.monotonic()))
                return await ready()
        except TimeoutError:
            message = f"Session {self._name!r} did not come up in time; the message was not sent."
            raise TryLater(message) from None
