"""One look for holders for all who ask at one moment: forty deletions at once read all processes once, not forty times.

A look that began before a question came may have passed over the very process that the question is about, so nobody is
given its answer: who comes later waits for the next look, which is one for all that wait by then.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import structlog

from tuntas.foundation import tasks
from tuntas.processes.holder import Holder
from tuntas.processes.holders import UsesFound, uses_of

log = structlog.get_logger(__name__)


class _Question:
    def __init__(self, paths: tuple[Path, ...]) -> None:
        self.paths = paths
        self.uses: tuple[Holder, ...] | None = None


class SharedLook:
    """Answers who uses which folders, as far as it can be found out in time: for naming, not as a proof."""

    def __init__(self, seconds: float) -> None:
        """A look has ``seconds``; one that hangs in the kernel is given up after twice that, and the next begins."""
        self._seconds = seconds
        self._looking = asyncio.Lock()
        self._waiting: list[_Question] = []

    async def uses(self, *paths: Path) -> tuple[Holder, ...]:
        """Return every use of the folders."""
        question = _Question(paths)
        self._waiting.append(question)
        try:
            async with self._looking:
                if question.uses is None:
                    await self._look(list(self._waiting))
        finally:
            self._waiting.remove(question)
        return question.uses or ()

    async def _look(self, questions: list[_Question]) -> None:
        scan = partial(uses_of, *(one.paths for one in questions), deadline_seconds=self._seconds)
        try:
            async with asyncio.timeout(self._seconds * 2):
                found = await tasks.blocking(scan)
        except TimeoutError:
            log.warning("holder_scan_gave_no_answer", path=str(questions[0].paths[0]))
            found = UsesFound(((),) * len(questions), in_time=True)
        if not found.in_time:
            log.warning("holder_scan_cut_short", path=str(questions[0].paths[0]))
        for question, uses in zip(questions, found.of_groups, strict=True):
            question.uses = uses
