"""One session's actor: the only writer of that session.

It has a mailbox and at most one act under way. Every message changes what is known, the pure plan names the next
act, and the act's end is again a message. So there are no locks here, and a stop that comes during a start simply
ends the start. It must never swallow a cancellation, and never believe a message of an earlier browser.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import assert_never

import structlog

from tuntas import events
from tuntas.events import Bell
from tuntas.foundation.meters import RESTARTS
from tuntas.foundation.tasks import blocking
from tuntas.sessions import recycling
from tuntas.sessions.acts import Acts
from tuntas.sessions.answers import Answers
from tuntas.sessions.arrivals import Arrivals
from tuntas.sessions.errors import BeingRemoved, PageUnavailable, WrongStatus
from tuntas.sessions.ledger import Ledger
from tuntas.sessions.machine import ENDING, LIVE, WITH_BROWSER, State, Status, Trigger
from tuntas.sessions.model import (
    AckSeen,
    Connected,
    Disconnected,
    MessageSeen,
    Observation,
    PageLost,
    QrShown,
    Scanned,
    SessionRecord,
    Told,
    Unlinked,
    Weighed,
)
from tuntas.sessions.ports import WhatsAppPage
from tuntas.sessions.reconcile import Act, Desired, Situation, next_act
from tuntas.sessions.recycling import Growth, Uses
from tuntas.sessions.sending import Send, SendRequest, Sends, Sent
from tuntas.sessions.surroundings import Surroundings
from tuntas.sessions.wishes import Observed, Outcome, PageFree, Reconfigure, ShutDown, Wish, WishKind, WorkDone
from tuntas.sessions.work import Work

# Pages that are asked for life. One that loads is busy by nature, and has a deadline instead.
ASKED = frozenset({State.SCAN_QR_CODE, State.WORKING})

# Acts that leave the live states, whatever else is under way.
LEAVING = frozenset({Act.BEGIN_STOP, Act.BEGIN_RECOVERY, Act.BEGIN_RECYCLING})

# Acts that begin with a move, which writes what is staged.
MOVING = frozenset({Act.LAUNCH, Act.SETTLE, Act.GIVE_UP, Act.FORGET})

# Acts whose begin is news for those who watch a session: they are long, and somebody waits for them.
TOLD = frozenset({Act.LOG_OUT, Act.END_BROWSER, Act.DISCARD_PROFILE})

# What is no fault of the browser is followed by a start without a wait.
AT_ONCE = frozenset({"unlinked", recycling.REASON})

Message = Wish | Reconfigure | Observed | WorkDone | PageFree | ShutDown

SILENCE_REASON = {
    State.STARTING: "page_silent",
    State.SCAN_QR_CODE: "qr_not_renewed",
    State.PAIRING: "pairing_stalled",
    State.RECONNECTING: "connection_lost",
}


class SessionActor:
    """Brings one session from what it is to what is wanted of it."""

    def __init__(self, record: SessionRecord, around: Surroundings) -> None:
        """Take over ``record``; nothing happens before ``run``."""
        self._ledger = Ledger(record, around.store, around.clock)
        self._is_looked_at = record.state is State.STOPPED
        self.qr: str | None = None
        self._around = around
        self._limits = around.limits
        self._mailbox: asyncio.Queue[Message] = asyncio.Queue()
        self._answers = Answers(lambda: Outcome(self.record, self._acts.removal))
        self._work = Work(record.name, lambda task: self._mailbox.put_nowait(WorkDone(task)))
        self._acts = Acts(around)
        self._generation = 0
        self._due_at: float | None = None
        self._probe_at: float | None = None
        self._working_since: float | None = None
        self._arrivals = Arrivals(self._ledger, around.clock)
        self._growth = Growth(around.limits, around.clock)
        self.uses = Uses(self._page_is_free)
        self._faults = 0
        self._last_fault = PageLost("none", "")
        self._linked = False
        self._start_asked = False
        self._end_asked = False
        self._log_out_tried = False
        self._profile_gone = False
        self._shutting_down = False
        self._changes = Bell()
        self.sends = Sends(record.id, record.name, around.send_journal, around.clock, around.send_limits)
        self._wish_reason, self._asked_by = "created", "system"
        self._log = structlog.get_logger(__name__).bind(session=record.name)

    @property
    def record(self) -> SessionRecord:
        """The session as the store has it; but what an earlier server said of it is not true any more."""
        record = self._ledger.record
        return record if self._is_looked_at else replace(record, status=Status.STARTING)

    @property
    def page(self) -> WhatsAppPage | None:
        """The page while there is one."""
        return self._acts.page

    # --- the door -----------------------------------------------------------------------------------------------

    async def ask(self, kind: WishKind, *, asked_by: str) -> Outcome:
        """Ask something of this session; returns when it has come true."""
        wish = Wish(kind, asked_by)
        self._mailbox.put_nowait(wish)
        return await wish.answer

    async def reconfigure(self, record: SessionRecord, *, asked_by: str) -> Outcome:
        """Take over the configuration of ``record``; a running session is restarted with it."""
        wish = Wish(WishKind.RESTART, asked_by)
        self._mailbox.put_nowait(Reconfigure(record, wish))
        return await wish.answer

    async def working_page(self) -> WhatsAppPage:
        """Return the page as soon as the session works; wait while it comes up, or is about to get a fresh browser.

        Raises:
            WrongStatus: it will not, unless a person does something.
        """
        while self.page is None or self.record.state is not State.WORKING or self._growth.is_overgrown:
            is_wanted = self.record.desired is Desired.RUNNING and not self._shutting_down
            if not is_wanted or self.record.state in (State.SCAN_QR_CODE, State.FAILED):
                raise WrongStatus(self.record.name, self.record.status.value, (Status.WORKING.value,))
            await self._changes.next().wait()
        return self.page

    async def send(self, request: SendRequest, act: Send) -> Sent:
        """Send with this session's page, in its order, at its pace, once; see ``Sends.send``."""

        async def use(page: WhatsAppPage, token: str) -> events.Message:
            with self.uses.one():
                return await act(page, token)

        return await self.sends.send(request, self.working_page, use)

    def _page_is_free(self) -> None:
        if self._growth.is_overgrown:
            self._mailbox.put_nowait(PageFree())

    def changed(self) -> asyncio.Event:
        """Return what is set when the state, the QR or the act under way changes the next time."""
        return self._changes.next()

    def _tell_change(self) -> None:
        self._changes.ring()
        self._around.news.ring()

    @property
    def doing(self) -> Act:
        """The act that is under way."""
        return self._work.act if self._work.is_under_way else Act.REST

    @property
    def is_ending(self) -> bool:
        """Whether the session or the server is going: nothing more is to be expected."""
        return self._shutting_down or self.record.state is State.REMOVED

    def shut_down(self) -> None:
        """End the browser and then the actor; what is desired stays, for the next server."""
        self._mailbox.put_nowait(ShutDown())

    # --- the loop -----------------------------------------------------------------------------------------------

    async def run(self, *, begun_by: str = "server_started") -> None:
        """Work until the session is removed or the server stops. A crash or cancellation leaves no browser."""
        try:
            await self._boot(begun_by)
            while not self._finished():
                await self._step()
        finally:
            await self._abandon()

    def _finished(self) -> bool:
        if self.record.state is State.REMOVED:
            return True
        return self._shutting_down and not self._work.is_under_way and self.record.state not in WITH_BROWSER

    async def _boot(self, reason: str) -> None:
        self._wish_reason = reason
        # First of all, and before anything is launched: what an earlier server or a crash left behind is ended.
        if self.record.browser is not None:
            found = await self._around.engine.end_orphan(self.record.browser)
            self._log.info("earlier_browser_checked", was_running=found)
        if self.record.state is not State.STOPPED:
            await self._move(Trigger.BOOTED, reason)
        self._is_looked_at = True

    async def _step(self) -> None:
        act = next_act(self._situation(), self._around.clock.monotonic())
        leaves_now = act in LEAVING
        if not leaves_now and (act not in MOVING or self._work.is_under_way):
            await self._ledger.flush()
        if leaves_now:
            await self._work.cancel_if_pointless()
            await self._leave_live(act)
        elif self._work.is_under_way:
            await self._handle(await self._mailbox.get())
        elif act is Act.REST:
            await self._rest()
        else:
            await self._begin(act)

    async def _rest(self) -> None:
        # A due time that has passed yet asks for nothing (a failed session's) must not become a busy loop.
        now = self._around.clock.monotonic()
        moments = (self._due_at, self._probe_at, self._growth.recycle_at)
        waits = [at - now for at in moments if at is not None and at > now]
        wait = min(waits, default=None)
        try:
            async with asyncio.timeout(wait):
                message = await self._mailbox.get()
        except TimeoutError:
            return
        await self._handle(message)

    def _situation(self) -> Situation:
        return Situation(
            state=self.record.state,
            desired=self.record.desired,
            discard_profile=self.record.discard_profile,
            profile_gone=self._profile_gone,
            linked=self._linked,
            start_asked=self._start_asked,
            end_asked=self._end_asked,
            log_out_tried=self._log_out_tried,
            faults=self._faults,
            fault_budget=self._limits.restart_attempts,
            permanent_fault=self._last_fault.permanent,
            due_at=self._due_at,
            probe_at=self._probe_at,
            behind=self._arrivals.is_behind,
            overgrown=self._growth.is_overgrown,
            in_use=self.uses.is_any,
            recycle_at=self._growth.recycle_at,
            shutting_down=self._shutting_down,
        )

    # --- acts ---------------------------------------------------------------------------------------------------

    async def _begin(self, act: Act) -> None:
        match act:
            case Act.LAUNCH:
                self._generation += 1
                self._start_asked = False
                self._arrivals.begin()
                await self._move(Trigger.LAUNCHED, self._start_reason())
                self._growth.forget()
                self._work.begin(act, self._launch)
            case Act.CATCH_UP:
                self._work.begin(act, lambda: self._acts.catch_up(self._arrivals))
            case Act.PROBE:
                tend = self.record.state is State.WORKING and self._growth.wants_look
                self._work.begin(act, lambda: self._acts.probe(tend=tend))
            case Act.LOG_OUT:
                self._work.begin(act, lambda: self._acts.log_out(self.record.name))
            case Act.END_BROWSER:
                self._work.begin(act, lambda: self._acts.end_browser(self.record))
            case Act.DISCARD_PROFILE:
                self._work.begin(act, lambda: self._acts.discard_profile(self.record))
            case Act.SETTLE:
                await self._move(Trigger.SETTLED, self._wish_reason)
            case Act.GIVE_UP:
                await self._move(Trigger.GAVE_UP, self._last_fault.reason, self._last_fault.detail)
            case Act.FORGET:
                await self._move(Trigger.FORGOTTEN, self._wish_reason)
            case Act.REST | Act.BEGIN_STOP | Act.BEGIN_RECOVERY | Act.BEGIN_RECYCLING:
                raise AssertionError(act)
            case _:
                assert_never(act)
        if act in TOLD:
            self._tell_change()

    def _start_reason(self) -> str:
        if self._growth.is_change:
            return recycling.REASON
        return "restart_after_fault" if self._faults else self._wish_reason

    async def _launch(self) -> None:
        generation = self._generation
        await self._acts.launch(
            self.record, lambda observation: self._mailbox.put_nowait(Observed(generation, observation))
        )

    async def _work_ended(self, task: asyncio.Task[None]) -> None:
        # An act's unexpected error ends this actor; its supervisor starts a fresh one from the store.
        match self._work.take(task):
            case Act.LAUNCH if self.page is not None:
                await self._ledger.save(browser=self.page.record)
                if self.record.state is State.STARTING:
                    self._due_in(self._limits.start_seconds)
            case Act.CATCH_UP if not self._arrivals.is_behind:
                await self._arrivals.publish()
            case Act.PROBE:
                self._after_probe()
            case Act.LOG_OUT:
                self._log_out_tried = True
            case Act.END_BROWSER:
                self._acts.page = None
                await self._move(Trigger.BROWSER_GONE, self.record.reason, self._last_fault_detail())
            case Act.DISCARD_PROFILE:
                self._profile_gone = True
                if self.record.desired is Desired.REMOVED:
                    self._ledger.stage(discard_profile=False)
                else:
                    folder = await blocking(self._around.profiles.folder_for, self.record.name)
                    await self._ledger.save(discard_profile=False, profile_folder=folder, me=None, seen_until=None)
            case _:
                pass

    def _after_probe(self) -> None:
        now = self._around.clock.monotonic()
        if self.record.state in ASKED:
            self._probe_at = now + self._limits.liveness_interval_seconds
        if self._working_since is not None and now - self._working_since >= self._limits.stable_run_seconds:
            self._faults = 0

    def _last_fault_detail(self) -> str | None:
        return self._last_fault.detail if self.record.state is State.RECOVERING else None

    async def _leave_live(self, act: Act) -> None:
        if act is Act.BEGIN_STOP:
            reason = "server_stopping" if self._shutting_down else self._wish_reason
            self._growth.forget()
            await self._move(Trigger.END_ASKED, reason)
        elif act is Act.BEGIN_RECYCLING:
            # No fault: it uses up no budget, and the next start follows at once.
            self._last_fault = PageLost(recycling.REASON, self._growth.begin())
            RESTARTS.labels(recycling.REASON).inc()
            await self._move(Trigger.RECYCLED, self._last_fault.reason, self._last_fault.detail)
        else:
            await self._fault(PageLost(SILENCE_REASON[self.record.state], "the time limit of this state passed"))

    async def _fault(self, lost: PageLost) -> None:
        self._last_fault = lost
        self._faults += 1
        RESTARTS.labels(lost.reason).inc()
        await self._work.cancel_if_pointless()
        await self._move(Trigger.FAULT, lost.reason, lost.detail)

    # --- messages -----------------------------------------------------------------------------------------------

    async def _handle(self, message: Message) -> None:
        match message:
            case Wish():
                await self._take_wish(message)
            case Reconfigure():
                await self._ledger.save(config=message.record.config)
                if self.record.desired is Desired.RUNNING:
                    await self._take_wish(message.wish)
                else:
                    self._answers.answer(message.wish)
            case Observed():
                if message.generation == self._generation:
                    await self._take_observation(message.observation)
            case WorkDone():
                await self._work_ended(message.task)
            case ShutDown():
                self._shutting_down = True
                self._tell_change()
            case PageFree():
                pass  # the plan looks again
            case _:
                assert_never(message)
        self._answers.look()

    async def _take_wish(self, wish: Wish) -> None:
        if self.record.desired is Desired.REMOVED and wish.kind is not WishKind.REMOVE:
            self._answers.refuse(wish, BeingRemoved(self.record.name))
            return
        self._wish_reason, self._asked_by = wish.kind.value, wish.asked_by
        self._answers.supersede(wish.kind)
        generation = self._generation
        live = self.record.state in LIVE
        match wish.kind:
            case WishKind.START:
                await self._want_running()
                self._answers.wait(wish, lambda: self.record.state in LIVE)
            case WishKind.STOP:
                await self._ledger.save(desired=Desired.STOPPED)
                self._answers.wait(wish, lambda: self.record.state is State.STOPPED)
            case WishKind.RESTART:
                self._end_asked = live
                await self._want_running()
                self._answers.wait(wish, lambda: self.record.state in LIVE and self._generation > generation)
            case WishKind.LOG_OUT:
                self._end_asked = live
                await self._ledger.save(discard_profile=True)
                self._answers.wait(wish, self._logged_out)
            case WishKind.REMOVE:
                self._ledger.stage(desired=Desired.REMOVED, discard_profile=True)
                self._answers.wait(wish, lambda: self.record.state is State.REMOVED)
            case _:
                assert_never(wish.kind)

    async def _want_running(self) -> None:
        if self.record.state in (State.WAITING, State.FAILED):
            # A person asked: no reason to let them wait for a backoff that they cannot see.
            self._faults, self._due_at, self._start_asked = 0, None, True
            self._last_fault = PageLost("none", "")
        if self.record.desired is not Desired.RUNNING:
            await self._ledger.save(desired=Desired.RUNNING)

    def _logged_out(self) -> bool:
        if self.record.discard_profile or self.record.state in ENDING:
            return False
        started_again = self.record.state in LIVE
        return started_again or self.record.state is State.FAILED or self.record.desired is not Desired.RUNNING

    async def _take_observation(self, seen: Observation) -> None:
        match seen:
            case MessageSeen(message):
                await self._arrivals.take(message)
            case AckSeen(acknowledgement):
                await self._ledger.publish_acknowledgement(acknowledgement)
            case Told(name, payload):
                await self._ledger.publish_told(name, payload)
            case _ if self.record.state not in LIVE:
                pass  # its end is under way; what the page says about itself no longer matters
            case Weighed(memory_bytes):
                self._growth.weighed(memory_bytes)
            case QrShown(value):
                await self._show_qr(value)
            case Scanned():
                self._linked = True
                if self.record.state in (State.STARTING, State.SCAN_QR_CODE):
                    await self._move(Trigger.SCANNED, "scanned")
                elif self.record.state is State.WORKING:
                    await self._move(Trigger.DISCONNECTED, "disconnected", "the page is loading the account again")
            case Connected(me):
                self._linked = True
                if me != self.record.me:
                    await self._ledger.save(me=me)
                if self.record.state is not State.WORKING:
                    await self._move(Trigger.CONNECTED, "connected")
            case Disconnected(detail):
                if self.record.state is State.WORKING:
                    await self._move(Trigger.DISCONNECTED, "disconnected", detail)
            case Unlinked(detail):
                await self._unlinked(detail)
            case PageLost():
                await self._fault(seen)
            case _:
                assert_never(seen)

    async def _show_qr(self, value: str) -> None:
        if self.record.state in (State.WORKING, State.RECONNECTING):
            # A linked page that shows a QR has lost its keys, whatever else it said or did not say.
            await self._unlinked("the page asks for a new scan")
            return
        self._linked = False
        self.qr = value
        if self.record.state is State.SCAN_QR_CODE:
            self._due_in(self._limits.qr_seconds)
            self._tell_change()
        else:
            await self._move(Trigger.QR_SHOWN, "qr_shown")

    async def _unlinked(self, detail: str) -> None:
        """End the browser first, then remove the keys: a page's word never deletes a file under a live browser."""
        self._linked = False
        wanted = Desired.STOPPED if self._limits.stop_after_unlink else self.record.desired
        self._ledger.stage(discard_profile=True, desired=wanted, me=None)
        self._last_fault = PageLost("unlinked", detail)
        self._wish_reason, self._asked_by = "unlinked", "phone"
        await self._work.cancel_if_pointless()
        await self._move(Trigger.FAULT, "unlinked", detail)

    # --- moving -------------------------------------------------------------------------------------------------

    async def _move(self, trigger: Trigger, reason: str, detail: str | None = None) -> None:
        asked_by = self._asked_by if reason == self._wish_reason else "system"
        await self._ledger.move(trigger, reason, detail, asked_by=asked_by)
        self._entered(self.record.state, trigger)
        self._answers.look()
        self._tell_change()

    def _entered(self, state: State, trigger: Trigger) -> None:
        self._due_at = None
        now = self._around.clock.monotonic()
        self._probe_at = now + self._limits.liveness_interval_seconds if state in ASKED else None
        self._working_since = now if state is State.WORKING else None
        if state is not State.SCAN_QR_CODE:
            self.qr = None
        if state is not State.STARTING:
            self._acts.leave_gate()
        match state:
            case State.STOPPED:
                self._faults = 0
            case State.SCAN_QR_CODE:
                self._due_in(self._limits.qr_seconds)
            case State.PAIRING:
                self._due_in(self._limits.pairing_seconds)
            case State.RECONNECTING:
                self._due_in(self._limits.reconnect_seconds)
            case State.WAITING if self._last_fault.reason not in AT_ONCE:
                # Random by intent, not for secrecy: many sessions must not come back at one moment.
                self._due_in(self._limits.restart_backoff.delay_seconds(max(1, self._faults), random.random()))  # noqa: S311
            case _:
                pass
        if trigger in (Trigger.BROWSER_GONE, Trigger.BOOTED):
            self._end_asked = self._log_out_tried = self._linked = self._profile_gone = False

    def _due_in(self, seconds: float) -> None:
        self._due_at = self._around.clock.monotonic() + seconds

    async def _abandon(self) -> None:
        """Leave nothing behind, however the actor ends: no act, no browser, no asker without an answer."""
        await self._work.cancel()
        await self._acts.abandon()
        unread = []
        while not self._mailbox.empty():
            match self._mailbox.get_nowait():
                case Wish() as wish:
                    unread.append(wish)
                case Reconfigure(wish=wish):
                    unread.append(wish)
                case _:
                    pass
        self._answers.close(unread, PageUnavailable("The server is stopping or met an error; ask again."))
