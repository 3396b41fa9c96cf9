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
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tuntas.events import Message
from tuntas.foundation.clock import Clock
from tuntas.foundation.killpoints import killpoint
from tuntas.foundation.meters import SEND_SECONDS
from tuntas.foundation.tasks import spawn
from tuntas.sessions import pacing
from tuntas.sessions.errors import KeyReused, Overloaded, PageUnavailable, SessionError, TryLater
from tuntas.sessions.pacing import Pace
from tuntas.sessions.ports import SendJournal, WhatsAppPage

Send = Callable[[WhatsAppPage, str], Awaitable[Message]]
Ready = Callable[[], Awaitable[WhatsAppPage]]

_RANDOM_BYTES = 9


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
    """What is asked. ``key``: the caller's, None if it gave none; ``fingerprint`` tells two requests apart."""

    fingerprint: str
    key: str | None = None
    pace: Pace | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The message that went out. ``is_repeated``: for an earlier request with the same key, and not again."""

    message: Message
    is_repeated: bool = False


class Sends:
    """One session's sends."""

    def __init__(self, session_id: str, name: str, journal: SendJournal, clock: Clock, limits: SendLimits) -> None:
        """Start with an empty line and an unspent burst."""
        self._session_id = session_id
        self._name = name
        self._journal = journal
        self._clock = clock
        self._limits = limits
        self._waiting = 0
        self._turn = asyncio.Lock()  # fair: first come, first served
        self._spent_until = float("-inf")
        self._under_way: dict[str, tuple[str, asyncio.Task[Sent]]] = {}

    async def send(self, request: SendRequest, ready: Ready, act: Send) -> Sent:
        """Wait for the turn, the pace and the page, then send, once.

        Raises:
            Overloaded, TryLater, WrongStatus: nothing was sent.
            KeyReused: another request had this key; nothing was sent.
            PageRefused: WhatsApp does not take it; nothing was sent.
            PageUnavailable: whether it was sent is not known; asking again with the same key finds out.
        """
        if request.key is None:
            return Sent(await self._in_line(request.pace, ready, lambda page: act(page, new_message_token())))
        if request.key in self._under_way:
            fingerprint, task = self._under_way[request.key]
            if fingerprint != request.fingerprint:
                raise KeyReused(request.key)
            return Sent((await asyncio.shield(task)).message, is_repeated=True)
        # A task of its own: a caller that hangs up must not leave it half done.
        task = spawn(self._once(request.key, request, ready, act), name=f"send of session {self._name}")
        self._under_way[request.key] = (request.fingerprint, task)
        task.add_done_callback(lambda _: self._under_way.pop(request.key or "", None))
        return await asyncio.shield(task)

    async def _once(self, key: str, request: SendRequest, ready: Ready, act: Send) -> Sent:
        entry = await self._journal.begin(self._session_id, key, request.fingerprint, new_message_token())
        if entry.fingerprint != request.fingerprint:
            raise KeyReused(key)
        if entry.answer is not None:
            return Sent(entry.answer, is_repeated=True)
        killpoint("send.begun")
        try:
            message = await self._in_line(request.pace, ready, lambda page: act(page, entry.token))
        except PageUnavailable:
            raise  # it stays written down: it may have gone out
        except SessionError:
            if entry.is_new:
                await self._journal.forget(self._session_id, key)
            raise
        killpoint("send.sent")
        await self._journal.finish(self._session_id, key, message)
        return Sent(message)

    async def _in_line(
        self, pace: Pace | None, ready: Ready, act: Callable[[WhatsAppPage], Awaitable[Message]]
    ) -> Message:
        pace = pace or self._limits.pace
        if self._waiting >= self._limits.places:
            raise Overloaded(self._name, self._waiting, max(1.0, self._waiting * pace.interval_seconds))
        self._waiting += 1
        try:
            await self._take_turn()
        finally:
            self._waiting -= 1
        try:
            page = await self._come_up(pace, ready)
            self._spent_until = pacing.after_send(pace, self._spent_until, self._clock.monotonic())
            with SEND_SECONDS.time():
                return await act(page)
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
