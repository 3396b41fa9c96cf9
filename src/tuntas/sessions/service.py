"""What the doors may ask of sessions. Answers are given when they are true; limits on waiting are here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tuntas.foundation.clock import Clock
from tuntas.foundation.identifiers import ulid
from tuntas.profiles import ProfileStore
from tuntas.sessions import passkeys
from tuntas.sessions.access import Caller, Scope
from tuntas.sessions.actor import SessionActor
from tuntas.sessions.capabilities import PageFacts
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.effects import Operation
from tuntas.sessions.errors import AnswerRefused, NameRefused, NotYours, TryLater, UnknownSession, WrongStatus
from tuntas.sessions.machine import STATUS_OF, Desired, State, Status
from tuntas.sessions.model import SessionConfig, SessionRecord, StateChange
from tuntas.sessions.names import refusal_of
from tuntas.sessions.outgoing import FileSource
from tuntas.sessions.page_calls import PageCall
from tuntas.sessions.ports import Download, SessionStore, WhatsAppPage
from tuntas.sessions.sending import Gone, SendRequest, Sent
from tuntas.sessions.supervisor import Supervisor
from tuntas.sessions.waiters import Outcome

EVERYBODY = Caller("server", frozenset({Scope.ADMIN}))


class SessionService:
    """Sessions, as the API and the terminal see them: one door, with a method for each thing that may be asked."""

    def __init__(
        self,
        supervisor: Supervisor,
        store: SessionStore,
        profiles: ProfileStore,
        clock: Clock,
        answer_seconds: float,
        *,
        caller: Caller = EVERYBODY,
        route_words: frozenset[str] = frozenset(),
    ) -> None:
        """Work through ``supervisor``; nobody waits longer than ``answer_seconds`` for a wish to come true.

        ``route_words``: what no new session may be called, as the API's addresses have these words.
        """
        self._supervisor = supervisor
        self._store = store
        self._profiles = profiles
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._caller = caller
        self._route_words = route_words

    def as_seen_by(self, caller: Caller) -> SessionService:
        """Return the same sessions for somebody who may see only some of them."""
        return SessionService(
            self._supervisor,
            self._store,
            self._profiles,
            self._clock,
            self._answer_seconds,
            caller=caller,
            route_words=self._route_words,
        )

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
            NameTaken: a session of this name exists, the same but for letters' cases too.
            NameRefused: no session may have this name.
        """
        chosen = name or f"session-{ulid()}"
        if not self._caller.may_use(chosen):
            raise NotYours(chosen)
        if (reason := refusal_of(chosen, self._route_words)) is not None:
            raise NameRefused(chosen, reason)
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
        return (await self._ask(actor, CommandKind.START, asked_by)).record

    async def configure(self, name: str, config: SessionConfig, *, asked_by: str) -> SessionRecord:
        """Replace a session's configuration; a running one is restarted with it."""
        actor = self._find(name)
        return (await self._bounded(actor.reconfigure(config, asked_by=asked_by))).record

    async def start(self, name: str, *, asked_by: str) -> SessionRecord:
        """Start a session; one that runs is left as it is."""
        return (await self._ask(self._find(name), CommandKind.START, asked_by)).record

    async def stop(self, name: str, *, asked_by: str) -> SessionRecord:
        """Stop a session; returns when its browser is proven gone."""
        return (await self._ask(self._find(name), CommandKind.STOP, asked_by)).record

    async def restart(self, name: str, *, asked_by: str) -> SessionRecord:
        """Stop a session's browser and start another on the same profile."""
        return (await self._ask(self._find(name), CommandKind.RESTART, asked_by)).record

    async def log_out(self, name: str, *, asked_by: str) -> SessionRecord:
        """Unlink the device and remove its keys; a session that ran starts again and shows a QR."""
        return (await self._ask(self._find(name), CommandKind.LOG_OUT, asked_by)).record

    async def retire(self, name: str, *, asked_by: str) -> SessionRecord:
        """Stop a session for good, since it goes elsewhere as a file; from then on it refuses to start.

        Raises:
            WrongStatus: it has no account that could go anywhere.
        """
        actor = self._find(name)
        if actor.record.me is None:
            raise WrongStatus(name, actor.record.status.value, (Status.WORKING.value,))
        return (await self._ask(actor, CommandKind.RETIRE, asked_by)).record

    async def remove(self, name: str, *, asked_by: str) -> Outcome:
        """Log out, end the browser, remove the profile as far as the foreground attempts go, forget the session."""
        return await self._ask(self._find(name), CommandKind.REMOVE, asked_by)

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

    async def qr_asked(self, name: str, *, asked_by: str) -> str:
        """Return what a phone scans; a session that rests since nobody scanned comes back for it.

        Raises:
            WrongStatus: the session shows no QR.
            TryLater: it does not yet.
        """
        await self._shown_qr(name, asked_by)
        return self.qr(name)

    def wake(self, name: str, *, asked_by: str) -> None:
        """Tell that somebody wants to scan; return at once."""
        self._find(name).qr_asked(asked_by)

    async def _shown_qr(self, name: str, asked_by: str) -> SessionActor:
        """Tell that somebody wants to scan, and wait for what comes of it where a session comes back for that."""
        actor = self._find(name)
        rested = actor.memory.rests
        actor.qr_asked(asked_by)
        if rested:
            await self._bounded(self._comes_back(actor))
        return actor

    async def _comes_back(self, actor: SessionActor) -> Outcome:
        while actor.memory.rests or actor.record.state is State.STARTING:
            await actor.changed().wait()
        return Outcome(actor.record)

    async def pairing_code(self, name: str, number: str, *, asked_by: str = "api") -> str:
        """Return a code that the owner of the phone with this number types in, in place of scanning a QR.

        Raises:
            WrongStatus: the session does not wait for a phone.
            PageRefused: WhatsApp gives no code for this number.
            PageUnavailable: the page went away or did not answer.
        """
        actor = await self._shown_qr(name, asked_by)
        if actor.page is None or actor.qr is None:
            raise WrongStatus(name, actor.record.status.value, (Status.SCAN_QR_CODE.value,))
        actor.require(PageCall.PAIRING_CODE)
        return str(await actor.page.ask(PageCall.PAIRING_CODE, {"number": number}))

    def passkey_challenge(self, name: str) -> Mapping[str, Any]:
        """Return what the account's passkey has to sign, as WebAuthn's request options.

        Raises:
            WrongStatus: nothing is asked of it.
        """
        return self._with_passkey(name, State.PASSKEY_REQUIRED)[1]

    def passkey_code(self, name: str) -> str:
        """Return the code that has to be the same on the phone.

        Raises:
            WrongStatus: there is none to compare.
        """
        return str(self._with_passkey(name, State.PASSKEY_CONFIRMATION_REQUIRED)[1]["code"])

    async def answer_passkey(self, name: str, assertion: Mapping[str, Any]) -> SessionRecord:
        """Hand over what the passkey has signed.

        Raises:
            WrongStatus: nothing is asked of it.
            AnswerRefused: it is no answer to what is asked; nothing has changed.
            PageRefused: WhatsApp does not take it; a new QR comes.
            PageUnavailable: the page went away or did not answer.
        """
        page, options = self._with_passkey(name, State.PASSKEY_REQUIRED)
        if (fault := passkeys.fault_in(assertion, str(options["challenge"]))) is not None:
            raise AnswerRefused(fault)
        await page.ask(PageCall.ANSWER_PASSKEY, {"credential": assertion})
        return self.get(name)

    async def confirm_passkey(self, name: str) -> SessionRecord:
        """Say that the phone shows the same code.

        Raises:
            WrongStatus: there is no code to compare.
            PageRefused, PageUnavailable: the page's own answer.
        """
        page, _ = self._with_passkey(name, State.PASSKEY_CONFIRMATION_REQUIRED)
        await page.ask(PageCall.CONFIRM_PASSKEY, {})
        return self.get(name)

    def _with_passkey(self, name: str, state: State) -> tuple[WhatsAppPage, Mapping[str, Any]]:
        actor = self._find(name)
        if actor.page is None or actor.record.state is not state or actor.status_data is None:
            wanted = STATUS_OF[state]
            assert wanted is not None
            raise WrongStatus(name, actor.record.status.value, (wanted.value,))
        return actor.page, actor.status_data

    def linking(self, name: str) -> tuple[str, str | None]:
        """Return a session's status, and its QR if it shows one."""
        actor = self._find(name)
        return actor.record.status.value, actor.qr

    def exists(self, name: str) -> bool:
        """Whether there is a session of this name, for the caller."""
        try:
            self._find(name)
        except (UnknownSession, NotYours):
            return False
        return True

    def next_try_at(self, name: str) -> datetime | None:
        """Return when a session that waits or has failed tries again by itself."""
        return self._find(name).next_try_at

    def facts(self, name: str) -> PageFacts:
        """Return what a session's page is and can do; nothing is known while there is none."""
        return self._find(name).facts

    def doing(self, name: str) -> Operation:
        """Return the act that is under way in a session: how far a stop or a deletion has come."""
        return self._find(name).doing

    async def ask_page(
        self, name: str, call: PageCall, arguments: Mapping[str, Any], *, file: FileSource | None = None
    ) -> Any:
        """Ask the page of a session that is WORKING; see ``WhatsAppPage.ask``.

        Raises:
            WrongStatus: it is not.
            NotCapable: its page cannot do this.
            PageRefused, PageUnavailable, FileRefused, FileTooLarge, FileUnreachable: the page's own answer.
        """
        actor, page = self._working(name)
        actor.require(call)
        with actor.uses.one():
            return await page.ask(call, arguments, file=file)

    @contextlib.asynccontextmanager
    async def download(self, name: str, message_id: str) -> AsyncIterator[Download]:
        """Have the page of a session that is WORKING download a message's file; see ``WhatsAppPage.download``."""
        actor, page = self._working(name)
        actor.require(PageCall.OPEN_DOWNLOAD)
        with actor.uses.one():
            async with page.download(message_id) as found:
                yield found

    async def send(self, name: str, request: SendRequest, gone: Gone | None = None) -> Sent:
        """Send with a session that works or comes up, in its order, at its pace, once; see ``Sends.send``."""
        actor = self._find(name)
        return await actor.send(replace(request, pace=actor.record.config.pace), gone)

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

    def _working(self, name: str) -> tuple[SessionActor, WhatsAppPage]:
        actor = self._find(name)
        if actor.page is None or actor.record.state is not State.WORKING:
            raise WrongStatus(name, actor.record.status.value, (Status.WORKING.value,))
        return actor, actor.page

    async def _ask(self, actor: SessionActor, kind: CommandKind, asked_by: str) -> Outcome:
        return await self._bounded(actor.ask(kind, asked_by=asked_by))

    async def _bounded(self, answer: Awaitable[Outcome]) -> Outcome:
        try:
            async with asyncio.timeout(self._answer_seconds):
                return await answer
        except TimeoutError:
            message = f"It is not done after {self._answer_seconds:g} s and goes on; ask again for the status."
            raise TryLater(message) from None
