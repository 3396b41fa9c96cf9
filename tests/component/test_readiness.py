"""A server is ready when it can work, and says why when it cannot."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

from component.test_storage import opened
from support.volumes import tiny_volume
from tuntas.foundation.tasks import spawn
from tuntas.profiles import ProfileStore
from tuntas.server import readiness
from tuntas.server.readiness import Readiness
from tuntas.storage import Database


def with_readiness(
    path: Path, profiles: Path, work: Callable[[Readiness, Database, asyncio.Event], Awaitable[None]]
) -> None:
    async def main() -> None:
        async with opened(path / "test.db") as database:
            stopping = asyncio.Event()
            await work(Readiness(database, ProfileStore(profiles), stopping), database, stopping)

    asyncio.run(main())


def test_a_server_is_ready_from_its_sessions_being_read_until_it_stops(tmp_path: Path) -> None:
    async def work(ready: Readiness, _: Database, stopping: asyncio.Event) -> None:
        assert await ready.obstacle() == "The sessions are not read yet."
        ready.is_loaded = True
        assert await ready.obstacle() is None
        stopping.set()
        assert await ready.obstacle() == "The server is stopping."

    with_readiness(tmp_path, tmp_path, work)


def test_a_database_that_does_not_answer_makes_a_server_unready(tmp_path: Path) -> None:
    async def work(ready: Readiness, database: Database, _: asyncio.Event) -> None:
        ready.is_loaded = True
        begun, may_go_on = threading.Event(), threading.Event()

        def hang(_: object) -> None:
            begun.set()
            may_go_on.wait()

        busy = spawn(database.run(hang), name="a transaction that hangs")
        await asyncio.to_thread(begun.wait)
        try:
            assert await ready.obstacle() == f"The database did not answer within {readiness.DATABASE_SECONDS:g} s."
        finally:
            may_go_on.set()
            await busy
        assert await ready.obstacle() is None

    with_readiness(tmp_path, tmp_path, work)


def test_a_full_disk_makes_a_server_unready(tmp_path: Path) -> None:
    async def work(ready: Readiness, _: Database, __: asyncio.Event) -> None:
        ready.is_loaded = True
        obstacle = await ready.obstacle()
        assert obstacle is not None
        assert "are free on this volume" in obstacle

    with tiny_volume(tmp_path / "profiles"):
        with_readiness(tmp_path, tmp_path / "profiles", work)
