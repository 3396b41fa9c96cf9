"""A server's backups on demand: one at a time, and a stop does not wait for all of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest

from support.until import until
from tuntas.backup.creating import Made
from tuntas.backup.entries import Tell
from tuntas.backup.errors import BackupUnderWay
from tuntas.backup.places import BackupPlace
from tuntas.backup.profile_files import Extent
from tuntas.backup.reading import Listed
from tuntas.backup.runs import BackupRun, BackupRuns, RunState
from tuntas.foundation.clock import SystemClock

MADE = Made("/b/x.tuntas", "x.tuntas", 1, datetime(2026, 11, 26, tzinfo=UTC), True, Extent.MINIMAL, ())


class Halting:
    """Tells two sessions, and waits between them until it may go on."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()

    def create(self, _target: None, _extent: Extent, tell: Tell) -> Made:
        tell("Session one")
        self.may_go_on.wait(30)
        tell("Session two")
        return MADE


def no_listing(_target: None) -> tuple[BackupPlace, list[Listed]]:
    raise NotImplementedError


def last(runs: BackupRuns) -> BackupRun:
    assert runs.last is not None
    return runs.last


def test_a_second_backup_is_refused_while_one_runs_and_made_after_it() -> None:
    async def story() -> None:
        halting = Halting()
        runs = BackupRuns("/b", halting.create, no_listing, SystemClock())
        assert runs.last is None
        runs.start(Extent.MINIMAL)
        await until(lambda: last(runs).step == "Session one")
        with pytest.raises(BackupUnderWay, match="is being made since"):
            runs.start(Extent.WHOLE)
        halting.may_go_on.set()
        await until(lambda: last(runs).state is RunState.DONE)
        assert (last(runs).made, last(runs).extent, last(runs).step) == (MADE, Extent.MINIMAL, "")
        runs.start(Extent.WHOLE)
        await runs.close()

    bounded(story())


def test_a_server_that_stops_lets_a_backup_end_before_its_next_profile() -> None:
    async def story() -> None:
        halting = Halting()
        runs = BackupRuns("/b", halting.create, no_listing, SystemClock())
        runs.start(Extent.MINIMAL)
        await until(lambda: last(runs).step == "Session one")
        async with asyncio.TaskGroup() as group:
            group.create_task(runs.close())
            await asyncio.sleep(0)
            halting.may_go_on.set()
        assert (last(runs).state, last(runs).made) == (RunState.FAILED, None)
        assert "The server stopped" in str(last(runs).error)

    bounded(story())


def bounded(story: Coroutine[Any, Any, None]) -> None:
    async def within_limit() -> None:
        async with asyncio.timeout(30):
            await story

    asyncio.run(within_limit())
