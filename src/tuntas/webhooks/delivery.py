"""Delivers what is in the outbox: one task a lane that has something to do, none for a lane that has not.

A slow or dead receiver holds up only its own lane. It must never lose an event: an attempt is noted after its
answer, so a crash between the two repeats the delivery with the same event id.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import structlog

from tuntas.foundation.addresses import AddressRefused, CheckedTransport, NoSuchHost
from tuntas.foundation.clock import Clock, milliseconds
from tuntas.foundation.identifiers import ulid
from tuntas.foundation.meters import WEBHOOK_SECONDS
from tuntas.foundation.tasks import end, spawn
from tuntas.webhooks.ports import Delivery, DeliveryFilter, Outbox
from tuntas.webhooks.retry import TryAgain, after_failure
from tuntas.webhooks.signing import headers

BATCH = 50
NOTED_AFTER_SECONDS = 0.1
PAUSE_AFTER_CRASH_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Deliverer:
    """Owns the lanes. Use as ``async with``; on leaving, attempts under way are ended and repeated next time."""

    def __init__(
        self, outbox: Outbox, clock: Clock, *, timeout_seconds: float, version: str, private_addresses: bool = True
    ) -> None:
        """Deliver from ``outbox``; a receiver has ``timeout_seconds`` for its answer.

        ``private_addresses``: also to receivers on this machine and its own networks.
        """
        self._outbox = outbox
        self._clock = clock
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._news: set[str] = set()
        self._http = httpx.AsyncClient(
            transport=CheckedTransport(private_addresses=private_addresses, setting="TUNTAS_WEBHOOK_PRIVATE_ADDRESSES"),
            trust_env=False,
            timeout=timeout_seconds,
            follow_redirects=False,
            headers={"User-Agent": f"Tuntas/{version}"},
        )

    async def __aenter__(self) -> Deliverer:
        """Take up what an earlier server could not deliver."""
        for lane in await self._outbox.lanes():
            self.wake(lane)
        return self

    async def __aexit__(self, *error: object) -> None:
        """End all lanes."""
        for task in list(self._lanes.values()):
            await end(task)
        await self._http.aclose()

    def wake(self, lane: str) -> None:
        """Say that a lane has something new."""
        self._news.add(lane)
        if lane not in self._lanes:
            self._lanes[lane] = spawn(self._serve(lane), name=f"webhook lane {lane}")

    async def _serve(self, lane: str) -> None:
        try:
            while lane in self._news:
                self._news.discard(lane)
                try:
                    await self._empty(lane)
                except Exception:
                    # The outbox itself failed (a full disk, say): the events are safe in it, so try again.
                    log.exception("webhook_lane_crashed", lane=lane)
                    self._news.add(lane)
                    await asyncio.sleep(PAUSE_AFTER_CRASH_SECONDS)
        finally:
            del self._lanes[lane]

    async def _empty(self, lane: str) -> None:
        while deliveries := await self._outbox.waiting(lane, limit=BATCH):
            taken = _Taken(self._outbox)
            try:
                for delivery in deliveries:
                    await self._bring(delivery, taken)
            finally:
                await taken.note()

    async def _bring(self, delivery: Delivery, taken: _Taken) -> None:
        attempts, due = delivery.attempts, delivery.next_attempt_at
        while True:
            await asyncio.sleep(max(0.0, (due - self._clock.now()).total_seconds()))
            begun = time.perf_counter()
            failure = await self._attempt(delivery)
            outcome = "delivered" if failure is None else "failed"
            WEBHOOK_SECONDS.labels(outcome).observe(time.perf_counter() - begun)
            if failure is None:
                await taken.add(delivery)
                return
            await taken.note()  # the next attempt may be an hour away
            attempts += 1
            decision = after_failure(
                delivery.subscription.retries,
                attempts,
                chance=random.random(),  # noqa: S311 - to spread attempts, not for secrecy
                asked_seconds=failure.asked_seconds,
            )
            log.warning("webhook_failed", session=delivery.session, event_id=delivery.event_id, error=failure.error)
            if not isinstance(decision, TryAgain):
                await self._outbox.given_up(delivery, error=failure.error)
                return
            due = self._clock.now() + timedelta(seconds=decision.delay_seconds)
            await self._outbox.postponed(delivery, next_attempt_at=due, error=failure.error)

    async def _attempt(self, delivery: Delivery) -> _Failure | None:
        """Make one request; return what went wrong, or None."""
        body = delivery.body.encode()
        subscription = delivery.subscription
        now = self._clock.now()
        sent = dict(subscription.headers) | headers(
            body,
            request_id=ulid(),
            event_id=delivery.event_id,
            timestamp=milliseconds(now),
            key=subscription.hmac_key,
        )
        try:
            answer = await self._http.post(subscription.url, content=body, headers=sent)
        except (httpx.HTTPError, httpx.InvalidURL, AddressRefused, NoSuchHost) as error:
            return _Failure(f"{type(error).__name__}: {error}")
        if answer.is_success:
            return None
        return _Failure(f"HTTP {answer.status_code}", retry_after_seconds(answer.headers.get("Retry-After"), now))


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
            self._deliverer.wake(lane)
        return len(lanes)


@dataclass(frozen=True, slots=True)
class _Failure:
    error: str
    asked_seconds: float = 0.0


class _Taken:
    """What a receiver has taken and the outbox does not know yet: noted together, for each note is a synced write.

    A crash before the note repeats at most these, with the same event ids.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._deliveries: list[Delivery] = []
        self._since = 0.0

    async def add(self, delivery: Delivery) -> None:
        """Take one down; now and then all of them."""
        if not self._deliveries:
            self._since = time.monotonic()
        self._deliveries.append(delivery)
        if time.monotonic() - self._since > NOTED_AFTER_SECONDS:
            await self.note()

    async def note(self) -> None:
        """Tell the outbox."""
        deliveries, self._deliveries = self._deliveries, []
        if deliveries:
            await self._outbox.delivered(deliveries)


def retry_after_seconds(value: str | None, now: datetime) -> float:
    """Return what a Retry-After header asks for, in seconds from ``now``; 0 without one, or for nonsense."""
    if value is None:
        return 0.0
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError):
        return 0.0
