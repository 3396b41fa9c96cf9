"""Looks at what is wrong, keeps alerts, and tells each target: once when it begins, once when it is over.

What was told is written down after it was told: a crash in between tells again, with the same id, and
nothing is missed. A target that fails is asked again later and later; the others are not kept waiting by it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from tuntas.alerts.book import Alert, AlertBook
from tuntas.alerts.ports import AlertStore, AlertTarget, TargetFailed
from tuntas.events import Bell
from tuntas.foundation.backoff import Backoff
from tuntas.foundation.clock import Clock
from tuntas.troubles import Trouble, TroubleKind

LOOK_EVERY_SECONDS = 5.0
# Without news: a disk that fills up, a receiver that falls silent. A server that has nothing to do sleeps.
LOOK_AT_LEAST_EVERY_SECONDS = 60.0
AFTER_FAILURE = Backoff(first_seconds=2 * LOOK_EVERY_SECONDS, ceiling_seconds=600.0)
TELL_SECONDS = 60.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class TargetState:
    """How a target does. ``error`` None: it took the last one, or none was tried yet."""

    target: AlertTarget
    error: str | None = None
    failures: int = 0
    again_at: datetime | None = None


class AlertTeller:
    """Tells until it is cancelled."""

    def __init__(
        self,
        store: AlertStore,
        clock: Clock,
        troubles: Callable[[], Awaitable[Sequence[Trouble]]],
        targets: Sequence[AlertTarget],
        words: Callable[[Alert], str],
        after: timedelta,
        news: Bell,
    ) -> None:
        """Tell ``targets`` in ``words`` of ``troubles`` that last for ``after``; ``news`` rings when some may be."""
        self._news = news
        self._store = store
        self._clock = clock
        self._troubles = troubles
        self._words = words
        self._book = AlertBook(after)
        self.targets = [TargetState(one) for one in targets]

    async def run(self) -> None:
        """Look again and again."""
        while True:
            news = self._news.next()
            is_quiet = False
            try:
                await self.look()
                is_quiet = not self._book.is_waiting and all(one.again_at is None for one in self.targets)
            except Exception:
                # One look that fails (a database that is away) must not be the last one.
                log.exception("alerts_not_looked_at")
            if is_quiet:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AT_LEAST_EVERY_SECONDS):
                        await news.wait()
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def look(self) -> None:
        """Look once, and tell what is due."""
        unfinished = await self._store.unfinished()
        is_open = [one for one in unfinished if one.resolved_at is None]
        changes = self._book.changes(await self._troubles(), is_open, self._clock.now())
        await self._store.save(changes)
        changed = {one.id: one for one in changes}
        current = [changed.pop(one.id, one) for one in unfinished] + list(changed.values())
        after = {one.id: one for one in current}
        async with asyncio.TaskGroup() as group:
            tellings = [group.create_task(self._tell_all(state, current)) for state in self.targets]
        for state, telling in zip(self.targets, tellings, strict=True):
            for alert_id in telling.result():
                after[alert_id] = after[alert_id].told_to(state.target.name)
        await self._store.save([one for one in after.values() if one not in current])

    async def recent(self, limit: int) -> list[Alert]:
        """Return the newest alerts, newest first."""
        return await self._store.recent(limit=limit)

    async def test(self) -> dict[str, str | None]:
        """Tell each target that this is a test; return by its name what went wrong, None where nothing did."""
        now = self._clock.now()
        alert = Alert("test", TroubleKind.TEST, None, now, "")
        return {one.target.name: await self._told(one.target, alert) for one in self.targets}

    async def _tell_all(self, state: TargetState, alerts: Sequence[Alert]) -> list[str]:
        """Tell one target what is due, in order, until it fails; return the ids of what it was told of."""
        if state.again_at is not None and self._clock.now() < state.again_at:
            return []
        told = []
        for alert in alerts:
            if not alert.due_at(state.target.name):
                continue
            error = await self._told(state.target, alert)
            self._note(state, error)
            if error is not None:
                break
            told.append(alert.id)
        return told

    async def _told(self, target: AlertTarget, alert: Alert) -> str | None:
        try:
            async with asyncio.timeout(TELL_SECONDS):
                await target.tell(alert, self._words(alert))
        except TargetFailed as error:
            return str(error)
        except TimeoutError:
            return f"no answer within {TELL_SECONDS:g} s"
        return None

    def _note(self, state: TargetState, error: str | None) -> None:
        if error is None:
            state.error, state.failures, state.again_at = None, 0, None
            return
        state.failures += 1
        pause_seconds = AFTER_FAILURE.delay_seconds(state.failures, random.random())  # noqa: S311 - spread, not secrecy
        state.again_at = self._clock.now() + timedelta(seconds=pause_seconds)
        if error != state.error:
            log.warning("alert_not_told", target=state.target.name, error=error, again_in_seconds=round(pause_seconds))
        state.error = error
