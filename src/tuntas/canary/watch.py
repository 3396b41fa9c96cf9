"""Looks at WhatsApp's page once in an interval, in a calm moment, and remembers what was found."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from tuntas.canary.book import CanaryBook
from tuntas.canary.course import HOUR_SECONDS, Course
from tuntas.canary.report import CanaryReport, Verdict
from tuntas.foundation.clock import Clock
from tuntas.foundation.tasks import blocking

CALM_LOOK_SECONDS = 5.0

log = structlog.get_logger(__name__)


class CanaryWatch:
    """Knows what the page is like, and looks again until it is cancelled."""

    def __init__(
        self,
        look: Callable[[], Awaitable[CanaryReport]],
        is_calm: Callable[[], bool],
        book: CanaryBook,
        clock: Clock,
        hours: float,
        looked: Callable[[], None],
    ) -> None:
        """Have ``look`` look every ``hours`` (0: never) in a moment that ``is_calm``; call ``looked`` after it."""
        self._look = look
        self._is_calm = is_calm
        self._book = book
        self._clock = clock
        self._interval_seconds = hours * HOUR_SECONDS
        self._looked = looked
        self.course = Course()
        self.next_at: datetime | None = None
        """When the next look is due; None where none is."""

    @property
    def is_on(self) -> bool:
        """Whether it looks at all."""
        return self._interval_seconds > 0

    async def run(self) -> None:
        """Look for ever; nothing at all where it is off."""
        if not self.is_on:
            return
        self.course = await blocking(self._book.read)
        while True:
            chance = random.random()  # noqa: S311 - spread, not secrecy
            now = self._clock.now()
            wait_seconds = self.course.wait_seconds(now, self._interval_seconds, chance)
            self.next_at = now + timedelta(seconds=wait_seconds)
            await asyncio.sleep(wait_seconds)
            while not self._is_calm():  # noqa: ASYNC110 - the memory of a machine rings no bell
                await asyncio.sleep(CALM_LOOK_SECONDS)
            await self._look_once()

    async def _look_once(self) -> None:
        try:
            report = await self._look()
        except Exception as error:
            # One look that fails must not be the last one.
            log.exception("canary_failed")
            report = CanaryReport("", problem=f"canary_failed: {error!r}")
        self.course = self.course.after(report, self._clock.now())
        _tell(report, self.course)
        try:
            await blocking(self._book.write, self.course)
        except OSError as error:
            log.warning("canary_not_kept", error=str(error))
        self._looked()


def _tell(report: CanaryReport, course: Course) -> None:
    known = course.known
    if course.problem is not None:
        log.info("canary_unseen", problem=course.problem, seconds=report.seconds)
    elif known is not None and known.verdict is Verdict.UNUSABLE:
        log.error(
            "canary_unusable",
            lacks=list(known.lacks),
            version=known.version,
            build=known.build,
            advice="tuntas canary; docs/page.md",
        )
    else:
        log.info(
            "canary_looked",
            verdict=report.verdict.value,
            missing=sorted(report.missing),
            version=report.version,
            build=report.build,
            seconds=report.seconds,
        )
