"""What is measured is kept small, and comes back true: on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from component.test_storage import a_session, opened, sqlite
from support.postgresql import Cluster
from tuntas.foundation.metrics import MESSAGES, WEBHOOK_SECONDS
from tuntas.measurements import Sample, Series, Span
from tuntas.processes.browsers import RunningBrowser
from tuntas.server.measuring import Measurer
from tuntas.storage import Database, SqlMeasurementStore
from tuntas.storage.tables import measurements

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)

Scene = Callable[[Database, SqlMeasurementStore], Awaitable[None]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def cluster(request: pytest.FixtureRequest) -> Cluster | None:
    return request.getfixturevalue("postgresql") if request.param == "postgresql" else None


@pytest.fixture
def on(cluster: Cluster | None, tmp_path: Path) -> Callable[[Scene], None]:
    def play(scene: Scene) -> None:
        async def main() -> None:
            url = sqlite(tmp_path / "test.db") if cluster is None else cluster.new_database()
            async with opened(url) as database:
                await scene(database, SqlMeasurementStore(database))

        asyncio.run(main())

    return play


def test_samples_of_one_minute_come_together_and_each_span_has_its_own(on: Callable[[Scene], None]) -> None:
    async def scene(_database: Database, store: SqlMeasurementStore) -> None:
        for seconds, total in ((0, 10.0), (20, 20.0), (120, 60.0)):
            await store.add(NOW + timedelta(seconds=seconds), [Sample(Series.SERVER_MEMORY, total)], ())
        later = NOW + timedelta(minutes=3)
        (hour,) = (await store.read(Span.HOUR, later)).values()
        assert [(one.at, one.mean) for one in hour] == [
            (Span.HOUR.bucket(NOW), 15.0),
            (Span.HOUR.bucket(NOW + timedelta(minutes=2)), 60.0),
        ]
        (day,) = (await store.read(Span.DAY, later)).values()
        assert [(one.total, one.count) for one in day] == [(90.0, 3)]

    on(scene)


def test_it_stays_small_however_long_it_runs(on: Callable[[Scene], None]) -> None:
    async def scene(database: Database, store: SqlMeasurementStore) -> None:
        at = NOW
        for _ in range(400):
            at += timedelta(hours=2)
            await store.add(at, [Sample(Series.MESSAGES_IN, 1.0)], ())
        count = select(func.count()).select_from(measurements)
        rows = await database.run(lambda connection: connection.execute(count).scalar_one())
        assert rows <= sum(span.length / span.step + 1 for span in Span)
        (month,) = (await store.read(Span.MONTH, at)).values()
        assert sum(one.total for one in month) > 29.5 * 12
        assert set(await store.read(Span.HOUR, at + timedelta(days=60))) == set()

    on(scene)


def test_of_a_session_that_is_gone_nothing_stays(on: Callable[[Scene], None]) -> None:
    async def scene(_database: Database, store: SqlMeasurementStore) -> None:
        taken = [Sample(Series.BROWSER_MEMORY, 5.0, session=name) for name in ("shop", "bot")]
        await store.add(NOW, taken, {"shop", "bot"})
        await store.add(NOW, [], {"bot"})
        assert set(await store.read(Span.HOUR, NOW)) == {(Series.BROWSER_MEMORY, "bot")}

    on(scene)


def test_a_look_measures_what_is_and_what_came_since_the_last_one(on: Callable[[Scene], None]) -> None:
    class At:
        def now(self) -> datetime:
            return NOW

        def monotonic(self) -> float:
            return 0.0

    async def scene(_database: Database, store: SqlMeasurementStore) -> None:
        session = a_session("shop")
        browsers = [
            RunningBrowser(Path("profiles", folder), 1, 7, memory, NOW)
            for folder, memory in ((session.profile_folder, 70_000_000), ("nobody's", 1))
        ]

        async def deliveries() -> dict[str, int]:
            return {"waiting": 4, "delivered": 9}

        measurer = Measurer(store, At(), lambda: [session], lambda: browsers, deliveries)
        MESSAGES.labels("in").inc(3)
        WEBHOOK_SECONDS.labels("delivered").observe(0.5)
        WEBHOOK_SECONDS.labels("failed").observe(1.5)
        await measurer.look()
        MESSAGES.labels("in").inc(2)
        await measurer.look()
        found = await store.read(Span.HOUR, NOW)
        came = found[Series.MESSAGES_IN, ""]
        assert [one.total for one in came] == [5.0]
        assert found[Series.DELIVERY_SECONDS, ""][0].mean == pytest.approx(1.0)
        assert found[Series.DELIVERIES_WAITING, ""][0].mean == 4.0
        assert found[Series.BROWSER_MEMORY, "shop"][0].mean == 70_000_000
        assert found[Series.SERVER_MEMORY, ""][0].mean > 1_000_000
        assert {session for _, session in found} == {"", "shop"}

    on(scene)
