"""Asking for messages to be sent, and what a person makes of it: approved and sent once, denied, or too late.

Approved is written down before anything is sent, and the message is sent with an idempotency key of its approval's: a
server that dies in between sends it after its next start, once. What is approved goes out as soon as its session can
send, and not after it has expired.

Open approvals are in memory too, without their messages: a page counts them each time it is shown. A change is in the
database before it counts.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from tuntas.foundation.clock import Clock
from tuntas.foundation.failpoints import failpoint
from tuntas.foundation.identifiers import ulid
from tuntas.foundation.tasks import end, spawn
from tuntas.sessions.access import Caller
from tuntas.sessions.approvals import (
    OPEN,
    Approval,
    ApprovalFilter,
    ApprovalLimits,
    ApprovalStatus,
    ApprovalStore,
    Asked,
    Asker,
    Decision,
    all_words_of,
)
from tuntas.sessions.errors import (
    ApprovalEnded,
    DiskFull,
    KeyReused,
    Overloaded,
    PageUnavailable,
    ServerStopping,
    SessionError,
    TryLater,
    UnknownApproval,
    UnknownSession,
    WrongStatus,
)
from tuntas.sessions.machine import State
from tuntas.sessions.outgoing import MessageKind
from tuntas.sessions.sending import SendRequest
from tuntas.sessions.service import SessionService

LOOK_SECONDS = 2.0
# After these it is tried again, with the same key: nothing was sent, or the page knows whether it was.
_NOT_NOW = (DiskFull, Overloaded, PageUnavailable, ServerStopping, TryLater, WrongStatus)
_TOO_LATE = "It was approved, and nobody knows of its being sent before it expired."
_DIED = "The server ended while it was to be sent; whether it was sent is not known. Look at the chat."


class Approvals:
    """Messages that wait for a person, as a caller may see them. ``load`` comes first."""

    def __init__(
        self,
        store: ApprovalStore,
        sessions: SessionService,
        clock: Clock,
        limits: ApprovalLimits,
        on_change: Callable[[], None],
    ) -> None:
        """Keep them in ``store`` and send with ``sessions``; ``on_change`` is called when there is something new."""
        self._store = store
        self._sessions = sessions
        self._seen = sessions
        self._clock = clock
        self._limits = limits
        self._on_change = on_change
        self._open: dict[str, Approval] = {}
        self._opened = asyncio.Event()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    def as_seen_by(self, caller: Caller) -> Approvals:
        """Return the same approvals for somebody who may see only some sessions."""
        seen = copy.copy(self)  # all else is shared
        seen._seen = self._sessions.as_seen_by(caller)  # noqa: SLF001 - one of its own kind
        return seen

    async def load(self) -> None:
        """Read what is open; sessions have been read before."""
        self._open = {one.id: one for one in await self._store.open()}
        for one in list(self._open.values()):
            if one.status is ApprovalStatus.APPROVED and one.kind is MessageKind.FORWARD:
                # The page chooses the id of a forwarded message, so nobody can find out whether it went out.
                await self._decide(one, replace(one.decision, status=ApprovalStatus.FAILED, error=_DIED))

    async def ask(self, asker: Asker, session: str, request: SendRequest) -> tuple[Approval, bool]:
        """Have a message wait for a person; return the approval, and whether it was asked for before with this key.

        Raises:
            KeyReused: the asker had this key for another request.
            QuotaReached: as many of this asker wait as may.
        """
        record = self._seen.get(session)
        now = self._clock.now()
        approval = Approval(
            id=ulid(),
            session_id=record.id,
            session=record.name,
            asker=asker,
            asked=Asked(request.message, request.fingerprint, request.key, request.token),
            chat_id=str(request.message.content["chatId"]),
            kind=request.message.kind,
            text=all_words_of(request.message),
            created_at=now,
            expires_at=now + timedelta(seconds=self._limits.seconds),
        )
        stored = await self._store.add(approval, self._limits)
        if stored.id != approval.id:
            if stored.asked.fingerprint != request.fingerprint:
                raise KeyReused(request.key or "")
            return stored, True
        self._open[stored.id] = _without_message(stored)
        self._opened.set()
        self._on_change()
        return stored, False

    def open(self) -> list[Approval]:
        """Return what waits or is to be sent, oldest first."""
        if not self._open:
            return []
        there = {record.id for record in self._seen.all()}
        return [one for one in self._open.values() if one.session_id in there]

    async def get(self, approval_id: str, asker: str | None = None) -> Approval:
        """Return an approval; ``asker`` sees only what it has asked for.

        Raises:
            UnknownApproval: there is none of this id, or it is another asker's.
            NotYours: it is of a session that the caller may not see.
        """
        found = await self._store.get(approval_id)
        if found is None or asker not in (None, found.asker.mark):
            raise UnknownApproval(approval_id)
        self._seen.allowed(frozenset({found.session}))
        return found

    async def recent(self, wanted: ApprovalFilter, *, limit: int) -> list[Approval]:
        """Return the newest of those that the caller may see, newest first. Raises NotYours."""
        named = None if wanted.sessions is None else frozenset(wanted.sessions)
        return await self._store.recent(replace(wanted, sessions=self._seen.allowed(named)), limit=limit)

    async def approve(self, approval_id: str, *, by: str, within_seconds: float) -> Approval:
        """Have a message sent; return what has become of it, at the latest after ``within_seconds``.

        Approved again, it is not sent again.

        Raises:
            ApprovalEnded: it was denied, or it is too late.
        """
        found = await self.get(approval_id)
        if found.status is ApprovalStatus.WAITING:
            self._require_session(found)
            if not await self._expired(found) and await self._decide(found, Decision(ApprovalStatus.APPROVED, by)):
                failpoint("approval.marked")
            found = await self.get(approval_id)
        if found.status is ApprovalStatus.APPROVED:
            await asyncio.wait([self._begin_sending(found)], timeout=within_seconds)
            found = await self.get(approval_id)
        if found.status not in {ApprovalStatus.APPROVED, ApprovalStatus.SENT, ApprovalStatus.FAILED}:
            raise ApprovalEnded(approval_id, found.status.value)
        return found

    async def deny(self, approval_id: str, *, by: str) -> Approval:
        """Have a message never sent. Raises ApprovalEnded where it was approved, or it is too late."""
        found = await self.get(approval_id)
        if found.status is ApprovalStatus.WAITING and not await self._expired(found):
            await self._decide(found, Decision(ApprovalStatus.DENIED, by))
        found = await self.get(approval_id)
        if found.status is not ApprovalStatus.DENIED:
            raise ApprovalEnded(approval_id, found.status.value)
        return found

    async def run(self) -> None:
        """End what expires or lost its session, and send what was approved and is not sent, for ever."""
        try:
            while True:
                # A task of its own: its crash is told, and the next look comes all the same.
                look = spawn(self._look(), name="open approvals")
                try:
                    await asyncio.wait([look])
                finally:
                    await end(look)
                if not self._open:
                    self._opened.clear()
                    await self._opened.wait()  # a server that has nothing to do sleeps
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            for task in list(self._under_way.values()):
                await end(task)

    async def _look(self) -> None:
        sessions = {record.id: record for record in self._sessions.all()}
        for one in list(self._open.values()):
            session = sessions.get(one.session_id)
            if session is None:
                await self._decide(one, replace(one.decision, status=ApprovalStatus.CANCELLED))
            elif one.id in self._under_way or await self._expired(one):
                continue
            elif one.status is ApprovalStatus.APPROVED and session.state is State.WORKING:
                self._begin_sending(one)

    async def _expired(self, approval: Approval) -> bool:
        """End one whose time is over; say whether it is."""
        if self._clock.now() < approval.expires_at:
            return False
        late = Decision(ApprovalStatus.EXPIRED)
        if approval.status is ApprovalStatus.APPROVED:
            error = approval.decision.error or _TOO_LATE
            late = replace(approval.decision, status=ApprovalStatus.FAILED, error=error)
        await self._decide(approval, late)
        return True

    async def _decide(self, approval: Approval, decision: Decision) -> bool:
        is_done = await self._store.decide(approval.id, approval.status, decision)
        if is_done and decision.status in OPEN:
            self._open[approval.id] = _without_message(replace(approval, decision=decision))
        elif is_done:
            self._open.pop(approval.id, None)
        self._on_change()
        return is_done

    def _begin_sending(self, approval: Approval) -> asyncio.Task[None]:
        if (task := self._under_way.get(approval.id)) is None:
            task = self._under_way[approval.id] = spawn(self._send(approval), name=f"approval {approval.id}")
            task.add_done_callback(lambda _: self._under_way.pop(approval.id, None))
        return task

    async def _send(self, approval: Approval) -> None:
        found = await self._store.get(approval.id)
        if found is None or found.status is not ApprovalStatus.APPROVED or found.asked.message is None:
            return
        asked = found.asked
        assert asked.message is not None
        request = SendRequest(asked.message, asked.fingerprint, f"approval:{found.id}", token=asked.token)
        try:
            self._require_session(found)
            sent = await self._sessions.send(found.session, request)
        except _NOT_NOW as error:
            is_lost = isinstance(error, PageUnavailable) and found.kind is MessageKind.FORWARD
            status = ApprovalStatus.FAILED if is_lost else ApprovalStatus.APPROVED
            await self._decide(found, replace(found.decision, status=status, error=str(error)))
        except SessionError as error:
            await self._decide(found, replace(found.decision, status=ApprovalStatus.FAILED, error=str(error)))
        else:
            failpoint("approval.sent")
            sent_as = Decision(ApprovalStatus.SENT, found.decision.by, sent.message.id)
            await self._decide(found, sent_as)

    def _require_session(self, approval: Approval) -> None:
        """Return if the approval's session is there, and not another one of its name. Raises UnknownSession."""
        if self._sessions.get(approval.session).id != approval.session_id:
            raise UnknownSession(approval.session)


def _without_message(approval: Approval) -> Approval:
    return replace(approval, asked=replace(approval.asked, message=None))
