"""Delivers what is in the outbox: a bounded number of attempts at a time, in turns, in order within each lane.

A slow or dead receiver holds up only its own lane, and a lane that waits costs a timer, not a task. It must never lose
an event: an attempt is noted after its answer, so a crash between the two repeats the delivery with the same event id.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import structlog

from tuntas.foundation.clock import Clock
from tuntas.foundation.metrics import WEBHOOK_SECONDS
from tuntas.foundation.tasks import spawn
from tuntas.webhooks.attempt import AttemptFailure, Sender, retry_after_seconds
from tuntas.webhooks.lanes import Doing, Lane, SlowDrip, Turns
from tuntas.webhooks.notes import Notes
from tuntas.webhooks.ports import (
    Delivered,
    Delivery,
    DeliveryFilter,
    GivenUp,
    LaneEnded,
    LaneReport,
    Outbox,
    Outcome,
    Postponed,
)
from tuntas.webhooks.retry import TryAgain, after_failure, least_seconds
from tuntas.webhooks.wire import Wire

__all__ = ["Deliverer", "Replayer", "retry_after_seconds"]

BATCH = 50
NOTED_AFTER_SECONDS = 0.1
PATIENCE_SECONDS = 0.5
TURN_SECONDS = 0.5
MOST_KEPT_CHARACTERS = 8192
CONNECTION_KEPT_SECONDS = 5.0
PAUSE_AFTER_CRASH_SECONDS = 5.0
STOP_SECONDS = 5.0
# Attempts at receivers that fail, all together: what each costs is what the others do not get.
FAILING_PER_SECOND = 40.0
FAILING_AT_ONCE = 20
COMPLAINT_SECONDS = 60.0
CONCURRENCY = 128
STUCK_SECONDS = 300.0
# Lanes that have nothing to do are remembered for their standing only.
MOST_REMEMBERED = 10_000

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Work:
    """A lane with what the event loop holds for it."""

    lane: Lane
    wire: Wire
    timer: asyncio.TimerHandle | None = None
    again: Delivery | None = None
    """The delivery that has failed and is due next, so that a dead receiver costs the database no look each time."""

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


@dataclass(slots=True)
class _Turn:
    """What one turn of a lane has come to so far."""

    outcomes: list[Outcome] = field(default_factory=list)
    noted_at: float = field(default_factory=time.monotonic)
    begun_at: float = field(default_factory=time.monotonic)
    rest_seconds: float = 0.0
    is_cut: bool = False


class Deliverer:
    """Owns the lanes, and every step of a lane's turn, for nobody else may touch them.

    Use as ``async with``; on leaving, attempts under way are ended and repeated next time.
    """

    def __init__(
        self,
        outbox: Outbox,
        clock: Clock,
        *,
        timeout_seconds: float,
        version: str,
        private_addresses: bool = True,
        concurrency: int = CONCURRENCY,
        stuck_seconds: float = STUCK_SECONDS,
    ) -> None:
        """Deliver from ``outbox``, ``concurrency`` attempts at a time; each has ``timeout_seconds`` for all of it.

        ``private_addresses``: also to receivers on this machine and its own networks. ``stuck_seconds``: after how
        long without a delivery a lane counts as stuck.
        """
        self._outbox = outbox
        self._clock = clock
        self._notes = Notes(outbox)
        self._sender = Sender(timeout_seconds=timeout_seconds, version=version, private_addresses=private_addresses)
        self._stuck_seconds = stuck_seconds
        self._turns = Turns(concurrency)
        self._failing = SlowDrip(FAILING_PER_SECOND, FAILING_AT_ONCE)
        self._timer: asyncio.TimerHandle | None = None
        self._lanes: dict[str, _Work] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._most_kept = concurrency
        self._kept: set[_Work] = set()
        self._complained_at = -math.inf
        self._is_closed = False

    async def __aenter__(self) -> Deliverer:
        """Begin with what an earlier server could not deliver; nobody waits for that."""
        self._spawn(self._take_up(), "webhook lanes of an earlier server")
        return self

    async def __aexit__(self, *error: object) -> None:
        """End all attempts, together."""
        self._is_closed = True
        for timer in (self._timer, *(work.timer for work in self._lanes.values())):
            if timer is not None:
                timer.cancel()
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                for work in self._lanes.values():
                    await work.wire.close()

    def wake(self, lane: str) -> None:
        """Say that a lane has something new. One that waits for its next attempt goes on waiting: order is kept."""
        if self._is_closed:
            return
        work = self._work(lane)
        if work.lane.doing is Doing.BUSY:
            work.lane.has_news = True
        elif work.lane.doing is Doing.NOTHING:
            self._make_ready(work)

    def hurry(self, lane: str) -> None:
        """Say that what waits in a lane is due now."""
        if self._is_closed:
            return
        work = self._work(lane)
        work.lane.is_due = True
        if work.lane.doing is Doing.BUSY:
            work.lane.is_stale = True
        elif work.lane.doing is not Doing.READY:
            self._make_ready(work)

    def look_again(self, session_id: str) -> None:
        """Say that a session's receivers are others now, or that it has gone: all its lanes begin anew."""
        for key in [key for key, work in self._lanes.items() if work.lane.session_id == session_id]:
            self._lanes[key].lane.forgive()
            self.hurry(key)

    def reports(self) -> list[LaneReport]:
        """Return how the lanes are that have something waiting or fail, the stuck ones first, then by age."""
        now = self._clock.now()
        lanes = [work.lane for work in self._lanes.values()]
        found = [
            LaneReport(
                lane.session, lane.url, lane.since, lane.failures, lane.error, lane.is_stuck(now, self._stuck_seconds)
            )
            for lane in lanes
            if lane.since is not None or lane.failures
        ]
        return sorted(found, key=lambda one: (not one.is_stuck, one.since or now, one.session, one.url))

    def _work(self, key: str) -> _Work:
        if key not in self._lanes:
            self._lanes[key] = _Work(Lane(key), self._sender.wire())
        return self._lanes[key]

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = spawn(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _make_ready(self, work: _Work) -> None:
        work.stop_timer()
        self._turns.add(work.lane)
        self._dispatch()

    def _dispatch(self) -> None:
        while not self._is_closed:
            wait_seconds = self._failing.wait_seconds(time.monotonic())
            lane = self._turns.next(with_failing=wait_seconds == 0)
            if lane is None:
                if self._turns.failing_wait and wait_seconds and self._timer is None:
                    self._timer = asyncio.get_running_loop().call_later(wait_seconds, self._dispatch_later)
                return
            if lane.streak == 0:
                self._failing.take()
            self._spawn(self._turn(self._lanes[lane.key]), f"webhook lane {lane.key}")

    def _dispatch_later(self) -> None:
        self._timer = None
        self._dispatch()

    async def _take_up(self) -> None:
        while True:
            try:
                heads = await self._outbox.heads()
                break
            except Exception as error:  # noqa: BLE001 - the database's, of any kind
                self._complain("webhook_outbox_unreadable", error)
                await asyncio.sleep(PAUSE_AFTER_CRASH_SECONDS)
        now = self._clock.now()
        for head in heads:
            work = self._work(head.lane)
            lane = work.lane
            if lane.doing is not Doing.NOTHING:
                continue  # news came first
            lane.session, lane.url, lane.since = head.session, head.url, head.since
            if head.attempts:
                lane.streak, lane.failures, lane.error, lane.failing_since = 0, head.attempts, head.error, head.since
            self._rest(work, (head.next_attempt_at - now).total_seconds())

    def _rest(self, work: _Work, seconds: float) -> None:
        """Have a lane wait until its next attempt is due."""
        if seconds <= 0:
            self._make_ready(work)
            return
        work.lane.doing = Doing.RESTING
        work.timer = asyncio.get_running_loop().call_later(seconds, self._make_ready, work)

    async def _turn(self, work: _Work) -> None:
        lane = work.lane
        lane.has_news = lane.is_stale = False
        self._kept.discard(work)
        rest_seconds: float | None = PAUSE_AFTER_CRASH_SECONDS
        try:
            rest_seconds = await self._serve(work)
        except Exception as error:  # noqa: BLE001 - the database's, of any kind
            # The outbox itself failed (a full disk, say): the events are safe in it, so try again.
            self._complain("webhook_outbox_failed", error)
            work.again = None
        goes_on = lane.is_stale or lane.has_news or rest_seconds == 0
        if work.wire.is_open and (len(self._kept) >= self._most_kept or not (goes_on or rest_seconds is None)):
            await work.wire.close()
        self._turns.over(lane)
        if rest_seconds is not None and not lane.is_stale:
            self._rest(work, rest_seconds)
        elif lane.has_news or lane.is_stale:
            self._make_ready(work)
        else:
            self._nothing_left(work)
        if work.wire.is_open:
            self._kept.add(work)
        self._dispatch()

    def _nothing_left(self, work: _Work) -> None:
        if len(self._lanes) > MOST_REMEMBERED:
            del self._lanes[work.lane.key]
            self._close(work)
        elif work.wire.is_open:
            work.timer = asyncio.get_running_loop().call_later(CONNECTION_KEPT_SECONDS, self._close, work)

    def _close(self, work: _Work) -> None:
        work.timer = None
        self._kept.discard(work)
        if work.wire.is_open:
            self._spawn(work.wire.close(), f"webhook lane {work.lane.key} closes")

    def _complain(self, event: str, error: Exception) -> None:
        """Log what every lane meets at the same time, once in a while."""
        if time.monotonic() - self._complained_at > COMPLAINT_SECONDS:
            self._complained_at = time.monotonic()
            log.error(event, error=repr(error))

    async def _serve(self, work: _Work) -> float | None:
        """Deliver what waits in a lane, for one turn; return after how long it goes on, None if nothing waits."""
        is_due, work.lane.is_due = work.lane.is_due, False
        again, work.again = work.again, None
        batch = 1 if work.lane.failures else BATCH
        if again is not None and not is_due:
            deliveries = [again]
        else:
            deliveries = await self._outbox.waiting(work.lane.key, limit=batch)
        turn = _Turn()
        try:
            for delivery in deliveries:
                work.lane.session, work.lane.url = delivery.session, delivery.subscription.url
                work.lane.since = delivery.created_at
                early_seconds = (delivery.next_attempt_at - self._clock.now()).total_seconds()
                if early_seconds > 0 and not is_due and delivery.hopeless is None:
                    return early_seconds
                is_due = False
                await self._bring(work, delivery, turn)
                if time.monotonic() - turn.noted_at > NOTED_AFTER_SECONDS:
                    await self._note(turn)
                is_long = time.monotonic() - turn.begun_at > TURN_SECONDS and self._turns.is_waited_for
                if turn.is_cut or is_long or work.lane.is_stale:
                    return turn.rest_seconds
        finally:
            await self._note(turn)
        if len(deliveries) == batch:
            return 0.0
        work.lane.since = None
        return None

    async def _bring(self, work: _Work, delivery: Delivery, turn: _Turn) -> None:
        """Make one attempt and see what follows."""
        if delivery.hopeless is not None:
            turn.outcomes.append(GivenUp(delivery, delivery.hopeless, was_tried=False))
            return
        begun = time.perf_counter()
        failure = await self._sender.attempt(work.wire, delivery, self._clock.now())
        seconds = time.perf_counter() - begun
        WEBHOOK_SECONDS.labels("delivered" if failure is None else "failed").observe(seconds)
        if failure is None:
            work.lane.answered(seconds)
            turn.outcomes.append(Delivered(delivery))
            return
        work.lane.failed(failure.error, self._clock.now())
        # A line for the first, the tenth, the hundredth …: a dead receiver must not fill the log.
        if math.log10(work.lane.failures).is_integer():
            kind = failure.error.partition(":")[0]
            log.warning("webhook_failed", session=delivery.session, error=kind, in_a_row=work.lane.failures)
        if failure.is_final:
            turn.outcomes.append(GivenUp(delivery, failure.error))
        elif delivery.is_last:
            turn.outcomes.append(
                GivenUp(delivery, f"{failure.error}. The session is deleted, so it is not tried again.")
            )
            turn.outcomes.append(LaneEnded(delivery.lane, "The session is deleted, and its receiver does not take it."))
            turn.is_cut = True
            work.lane.forgive()  # nobody can mend it any more
        else:
            self._try_again(work, delivery, failure, turn)

    def _try_again(self, work: _Work, delivery: Delivery, failure: AttemptFailure, turn: _Turn) -> None:
        decision = after_failure(
            delivery.subscription.retries,
            delivery.attempts + 1,
            chance=random.random(),  # noqa: S311 - to spread attempts, not for secrecy
            asked_seconds=max(failure.asked_seconds, least_seconds(work.lane.failures)),
        )
        if isinstance(decision, TryAgain):
            due = self._clock.now() + timedelta(seconds=decision.delay_seconds)
            turn.outcomes.append(Postponed(delivery, failure.error, due))
            if len(delivery.body) <= MOST_KEPT_CHARACTERS:
                work.again = replace(delivery, attempts=delivery.attempts + 1, next_attempt_at=due)
            turn.rest_seconds, turn.is_cut = decision.delay_seconds, True
        else:
            turn.outcomes.append(GivenUp(delivery, failure.error))

    async def _note(self, turn: _Turn) -> None:
        outcomes, turn.outcomes = turn.outcomes, []
        # A failure can wait for others: a crash before it is written repeats one attempt too early, no more.
        is_patient = all(isinstance(one, Postponed) for one in outcomes)
        await self._notes.write(outcomes, patience_seconds=PATIENCE_SECONDS if is_patient else 0.0)
        turn.noted_at = time.monotonic()


class Replayer:
    """Has ended deliveries made again."""

    def __init__(self, outbox: Outbox, deliverer: Deliverer, clock: Clock) -> None:
        """Choose in ``outbox``; ``deliverer`` makes them."""
        self._outbox = outbox
        self._deliverer = deliverer
        self._clock = clock

    async def __call__(self, wanted: DeliveryFilter) -> int:
        """Return how many lanes have something to do again."""
        lanes = await self._outbox.replay(wanted, self._clock.now())
        for lane in lanes:
            self._deliverer.hurry(lane)
        return len(lanes)
