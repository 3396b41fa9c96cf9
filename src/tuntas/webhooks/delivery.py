"""Delivers what is in the outbox: one task a lane that has something to do, none for a lane that has not.

A slow or dead receiver holds up only its own lane. It must never lose an event: an attempt is noted after its
answer, so a crash between the two repeats the delivery with the same event id.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import structlog

from tuntas.foundation.clock import Clock, milliseconds
from tuntas.foundation.identifiers import ulid
from tuntas.foundation.tasks import end, spawn
from tuntas.webhooks.ports import Delivery, Outbox
from tuntas.webhooks.retry import TryAgain, after_failure
from tuntas.webhooks.signing import headers

BATCH = 50
PAUSE_AFTER_CRASH_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Deliverer:
    """Owns the lanes. Use as ``async with``; on leaving, attempts under way are ended and repeated next time."""

    def __init__(self, outbox: Outbox, clock: Clock, *, timeout_seconds: float, version: str) -> None:
        """Deliver from ``outbox``; a receiver has ``timeout_seconds`` for its answer."""
        self._outbox = outbox
        self._clock = clock
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._news: set[str] = set()
        self._http = httpx.AsyncClient(
            timeout=timeout_seconds, follow_redirects=False, headers={"User-Agent": f"Tuntas/{version}"}
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
            for delivery in deliveries:
                await self._bring(delivery)

    async def _bring(self, delivery: Delivery) -> None:
        attempts, due = delivery.attempts, delivery.next_attempt_at
        while True:
            await asyncio.sleep(max(0.0, (due - self._clock.now()).total_seconds()))
            error = await self._attempt(delivery)
            if error is None:
                await self._outbox.delivered(delivery)
                return
            attempts += 1
            decision = after_failure(delivery.subscription.retries, attempts)
            log.warning("webhook_failed", session=delivery.session, event_id=delivery.event_id, error=error)
            if not isinstance(decision, TryAgain):
                await self._outbox.given_up(delivery, error=error)
                return
            due = self._clock.now() + timedelta(seconds=decision.delay_seconds)
            await self._outbox.postponed(delivery, next_attempt_at=due, error=error)

    async def _attempt(self, delivery: Delivery) -> str | None:
        """Make one request; return what went wrong, or None."""
        body = delivery.body.encode()
        subscription = delivery.subscription
        sent = dict(subscription.headers) | headers(
            body, request_id=ulid(), timestamp=milliseconds(self._clock.now()), key=subscription.hmac_key
        )
        try:
            answer = await self._http.post(subscription.url, content=body, headers=sent)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"{type(error).__name__}: {error}"
        return None if answer.is_success else f"HTTP {answer.status_code}"
