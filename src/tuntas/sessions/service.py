"""What the doors may ask of sessions. Answers are given when they are true; limits on waiting are here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from tuntas.foundation.clock import Clock
from tuntas.foundation.identifiers import ulid
from tuntas.profiles import ProfileStore
from tuntas.sessions.access import Caller, Scope
from tuntas.sessions.actor import SessionActor
from tuntas.sessions.errors import NotYours, TryLater, WrongStatus
from tuntas.sessions.machine import State, Status
from tuntas.sessions.model import SessionConfig, SessionRecord, StateChange
from tuntas.sessions.ports import SessionStore, WhatsAppPage
from tuntas.sessions.reconcile import Act, Desired
from tuntas.sessions.sending import Send, SendRequest, Sent
from tuntas.sessions.supervisor import Supervisor
from tuntas.sessions.wishes import Outcome, WishKind

Result = TypeVar("Result")

EVERYBODY = Caller("server", frozenset({Scope.ADMIN}))


class SessionService:
    """Sessions, as the API and the terminal see them."""

    def __init__(
        self,
        supervisor: Supervisor,
        store: SessionStore,
        profiles: ProfileStore,
        clock: Clock,
        answer_seconds: float,
        *,
        caller: Caller = EVERYBODY,
    ) -> None:
        """Work through ``supervisor``; nobody waits longer than ``answer_seconds`` for a wish to come true."""
        self._supervisor = supervisor
        self._store = store
        self._profiles = profiles
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._caller = caller

    def as_seen_by(self, caller: Caller) -> SessionService:
        """Return the same sessions for somebody who may see only some of them."""
        limits = self._answer_seconds
        return SessionService(self._supervisor, self._store, self._profiles, self._clock, limits, caller=caller)

    @property
    def sees_all(self) -> bool:
        """Whether the caller is not limited to some sessions."""
        return self._caller.sessions is None

    def allowed(self, names: frozenset[str] | None) -> frozenset[str] | None:
        """Return those of ``names`` that the caller may see, None for all. Raises NotYours for one that it may not."""
        if names is None:
            return self._caller.sessions
        for name in sorted(names):
            if not self._caller.may_use(name):
                raise NotYours(name)
        return names

    def _find(self, name: str) -> SessionActor:
        if not self._caller.may_use(name):
            raise NotYours(name)
        return self._supervisor.find(name)

    async def create(self, name: str | None, config: SessionConfig, *, start: bool, asked_by: str) -> SessionRecord:
        """Create a session, and start it if asked; a name is made if there is none.

        Raises:
            NameTaken: a session of this name exists.
        """
        chosen = name or f"session-{ulid()}"
        if not self._caller.may_use(chosen):
            raise NotYours(chosen)
        now = self._clock.now()
        record = SessionRecord(
            id=ulid(),
            name=chosen,
            config=config,
            desired=Desired.STOPPED,
            state=State.STOPPED,
            status=Status.STOPPED,
            profile_folder=self._profiles.folder_for(chosen),
            created_at=now,
            changed_at=now,
        )
        actor = await self._supervisor.add(record)
        if not start:
            return record
        return (await self._ask(actor, WishKind.START, asked_by)).record

    async def configure(self, name: str, config: SessionConfig, *, asked_by: str) -> SessionRecord:
        """Replace a session's configuration; a running one is restarted with it."""
        actor = self._find(name)
        wanted = replace(actor.record, config=config)
        return (await self._bounded(actor.reconfigure(wanted, asked_by=asked_by))).record

    async def start(self, name: str, *, asked_by: str) -> SessionRecord:
        """Start a session; one that runs is left as it is."""
        return (await self._ask(self._find(name), WishKind.START, asked_by)).record

    async def stop(self, name: str, *, asked_by: str) -> SessionRecord:
        """Stop a session; returns when its browser is proven gone."""
        return (await self._ask(self._find(name), WishKind.STOP, asked_by)).record

    async def restart(self, name: str, *, asked_by: str) -> SessionRecord:
        """Stop a session's browser and start another on the same profile."""
        return (await self._ask(self._find(name), WishKind.RESTART, asked_by)).record

    async def log_out(self, name: str, *, asked_by: str) -> SessionRecord:
        """Unlink the device and remove its keys; a session that ran starts again and shows a QR."""
        return (await self._ask(self._find(name), WishKind.LOG_OUT, asked_by)).record

    async def remove(self, name: str, *, asked_by: str) -> Outcome:
        """Log out, end the browser, remove the profile as far as the foreground attempts go, forget the session."""
        return await self._ask(self._find(name), WishKind.REMOVE, asked_by)

    def get(self, name: str) -> SessionRecord:
        """Return a session.

        Raises:
            UnknownSession: there is none of this name.
        """
        return self._find(name).record

    def all(self) -> list[SessionRecord]:
        """Return all sessions that the caller may see, by name."""
        return [actor.record for actor in self._supervisor.all() if self._caller.may_use(actor.record.name)]

    async def history(self, name: str, *, limit: int) -> list[StateChange]:
        """Return a session's story, oldest first."""
        return await self._store.history(self.get(name), limit=limit)

    def qr(self, name: str) -> str:
        """Return what a phone scans.

        Raises:
            WrongStatus: the session shows no QR.
        """
        actor = self._find(name)
        if actor.qr is None:
            raise WrongStatus(name, actor.record.status.value, (Status.SCAN_QR_CODE.value,))
        return actor.qr

    async def pairing_code(self, name: str, number: str) -> str:
        """Return a code that the owner of the phone with this number types in, in place of scanning a QR.

        Raises:
            WrongStatus: the session does not wait for a phone.
            PageRefused: WhatsApp gives no code for this number.
            PageUnavailable: the page went away or did not answer.
        """
        actor = self._find(name)
        if actor.page is None or actor.qr is None:
            raise WrongStatus(name, actor.record.status.value, (Status.SCAN_QR_CODE.value,))
        return str(await actor.page.ask("pairingCode", {"number": number}))

    async def follow_qr(self, name: str, patience_seconds: float) -> AsyncIterator[tuple[str, str | None]]:
        """Yield a session's status and its QR whenever one of them changes, and at least every so often.

        Ends when the session is gone or the server stops.
        """
        while not (actor := self._find(name)).is_ending:
            changed = actor.changed()
            yield actor.record.status.value, actor.qr
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience_seconds):
                    await changed.wait()

    def doing(self, name: str) -> Act:
        """Return the act that is under way in a session: how far a stop or a deletion has come."""
        return self._find(name).doing

    async def with_page(self, name: str, call: Callable[[WhatsAppPage], Awaitable[Result]]) -> Result:
        """Call the page of a session that is WORKING.

        Raises:
            WrongStatus: it is not.
            PageUnavailable: the page went away or did not answer.
        """
        actor = self._find(name)
        if actor.page is None or actor.record.state is not State.WORKING:
            raise WrongStatus(name, actor.record.status.value, (Status.WORKING.value,))
        with actor.uses.one():
            return await call(actor.page)

    async def send(self, name: str, request: SendRequest, act: Send) -> Sent:
        """Send with a session that works or comes up, in its order, at its pace, once; see ``Sends.send``."""
        actor = self._find(name)
        paced = replace(request, pace=actor.record.config.pace)
        return await actor.send(paced, act)

    async def screenshot(self, name: str) -> bytes:
        """Return a PNG of what the session's browser shows, in any status that has a browser.

        Raises:
            WrongStatus: there is no browser.
        """
        actor = self._find(name)
        if actor.page is None:
            wanted = (Status.STARTING.value, Status.SCAN_QR_CODE.value, Status.WORKING.value)
            raise WrongStatus(name, actor.record.status.value, wanted)
        return await actor.page.screenshot()

    async def _ask(self, actor: SessionActor, kind: WishKind, asked_by: str) -> Outcome:
        return await self._bounded(actor.ask(kind, asked_by=asked_by))

    async def _bounded(self, answer: Awaitable[Outcome]) -> Outcome:
        try:
            async with asyncio.timeout(self._answer_seconds):
                return await answer
        except TimeoutError:
            message = f"It is not done after {self._answer_seconds:g} s and goes on; ask again for the status."
            raise TryLater(message) from None
