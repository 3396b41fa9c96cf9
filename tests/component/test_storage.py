"""The database: migrations, sessions with their stories, the journal, durability across ``kill -9``."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from support.postgresql import Cluster
from tuntas.events import Capping, Event, EventName, Me, Retries, RetryPolicy, Subscription, Timelock
from tuntas.foundation.clock import SystemClock
from tuntas.foundation.identifiers import fingerprint, ulid
from tuntas.profiles import Holder, Reason, Removal, RemovalState
from tuntas.sessions.access import Scope
from tuntas.sessions.errors import DiskFull, NameTaken
from tuntas.sessions.machine import Desired, State, Status
from tuntas.sessions.model import BrowserRecord, SessionConfig, SessionRecord, StateChange
from tuntas.storage import (
    Database,
    DatabaseUnusable,
    KeyStore,
    Publisher,
    SqlOutbox,
    SqlRemovalJournal,
    SqlSessionStore,
    from_portable,
    portable,
)
from tuntas.storage.tables import Moment, metadata

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


RESTRICTED = Me(
    "628@c.us",
    "Shop",
    "1@lid",
    Timelock(is_active=True, ends=1_784_477_333, enforcement_type="DEFAULT"),
    Capping("CAPPED", 10, 10, cycle_end=1_784_477_333),
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def postgresql_or_none(request: pytest.FixtureRequest) -> Cluster | None:
    """Return a server that is there before the test begins, which otherwise would be taken for left over."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgresql")


@pytest.fixture
def url(postgresql_or_none: Cluster | None, tmp_path: Path) -> str:
    """Return the address of a new database, of either kind."""
    return sqlite(tmp_path / "test.db") if postgresql_or_none is None else postgresql_or_none.new_database()


def sqlite(path: Path) -> str:
    return f"sqlite:///{path}"


@asynccontextmanager
async def opened(database_url: Path | str) -> AsyncIterator[Database]:
    database = Database(sqlite(database_url) if isinstance(database_url, Path) else database_url)
    try:
        await database.migrate()
        yield database
    finally:
        database.close()


def in_database(database_url: Path | str, work: Callable[[Database], Awaitable[None]]) -> None:
    async def main() -> None:
        async with opened(database_url) as database:
            await work(database)

    asyncio.run(main())


def a_session(name: str = "shop", *subscriptions: Subscription) -> SessionRecord:
    return SessionRecord(
        id=ulid(),
        name=name,
        config=SessionConfig({"metadata": {"a": "b"}}, subscriptions, {"a": "b"}),
        desired=Desired.RUNNING,
        state=State.STOPPED,
        status=Status.STOPPED,
        profile_folder=name,
        created_at=NOW,
        changed_at=NOW,
    )


def test_a_full_disk_is_told_as_one_and_the_next_look_works(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        def bounded(connection: Connection) -> None:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

        await database.run(bounded)
        store = SqlSessionStore(database)

        async def fill() -> None:
            for number in range(1000):
                await store.insert(a_session(f"shop-{number}"))

        with pytest.raises(DiskFull, match="disk of the database is full"):
            await fill()
        kept = await store.load()
        await database.check(timeout_seconds=5)
        await database.run(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count=1000000"))
        await store.insert(a_session("later"))
        assert len(await store.load()) == len(kept) + 1

    in_database(tmp_path / "full.db", work)


def test_migrations_make_exactly_the_tables_that_the_code_has(url: str) -> None:
    async def work(database: Database) -> None:
        def differences(connection: object) -> list[object]:
            context = MigrationContext.configure(connection, opts={"compare_type": False})  # type: ignore[arg-type]
            return list(compare_metadata(context, metadata))

        assert await database.run(differences) == []
        await database.migrate()  # once more changes nothing

    in_database(url, work)


def test_a_session_is_read_back_as_it_was_written(url: str) -> None:
    subscription = Subscription(
        "https://example.com/", ("message", "*"), "key", Retries(RetryPolicy.LINEAR, 1.5, 7), (("X-A", "b"),)
    )
    browser = BrowserRecord(7, 12.5, 7, "boot", "/p", "/chromium", "156", NOW)
    record = replace(
        a_session("full", subscription),
        me=RESTRICTED,
        browser=browser,
        state=State.WORKING,
        status=Status.WORKING,
        discard_profile=True,
    )

    async def work(database: Database) -> None:
        store = SqlSessionStore(database)
        await store.insert(a_session("other"))
        await store.insert(record)
        assert (await store.load())[1] == record

    in_database(url, work)


def test_a_taken_name_is_refused_and_the_first_session_stays(url: str) -> None:
    async def work(database: Database) -> None:
        store = SqlSessionStore(database)
        first = a_session()
        await store.insert(first)
        with pytest.raises(NameTaken):
            await store.insert(a_session())
        assert await store.load() == [first]

    in_database(url, work)


@pytest.mark.parametrize("other", ["Shop", "SHOP", "shoP"])
def test_a_name_that_differs_only_in_case_is_taken_too(url: str, other: str) -> None:
    async def work(database: Database) -> None:
        store = SqlSessionStore(database)
        first = a_session("shop")
        await store.insert(first)
        with pytest.raises(NameTaken, match="without regard to case"):
            await store.insert(a_session(other))
        assert await store.load() == [first]

    in_database(url, work)


def _insert(row: dict[str, object], connection: Connection) -> None:
    connection.execute(text(_OLD_SESSION), row)


def test_sessions_that_clashed_before_names_were_folded_all_go_on(url: str) -> None:
    names = ["Shop", "shop", "SHOP", "Bot", "BOT", "other"]

    async def work() -> None:
        database = Database(url)
        try:
            await database.migrate("0007")
            for number, name in enumerate(names):
                row = {"id": f"s{number}", "name": name, "at": number}
                await database.run(partial(_insert, row))
            await database.migrate()
            store = SqlSessionStore(database)
            assert [one.name for one in await store.load()] == names
            for one in await store.load():
                await store.save(replace(one, reason="looked_at"), None, [])
            (shop,) = [one for one in await store.load() if one.name == "shop"]
            change = StateChange(NOW, State.STOPPED, State.REMOVED, Status.STOPPED, "delete_requested", None, "api")
            await store.delete(shop, change, [])
            for taken in ("shop", "sHop", "bot", "OTHER"):
                with pytest.raises(NameTaken):
                    await store.insert(a_session(taken))
            assert [one.name for one in await store.load()] == [name for name in names if name != "shop"]
        finally:
            database.close()

    asyncio.run(work())


_OLD_SESSION = """
    INSERT INTO sessions (id, name, desired, state, status, reason, discard_profile, profile_folder, config, created_at,
        changed_at)
    VALUES (:id, :name, 'stopped', 'stopped', 'STOPPED', 'created', FALSE, :name,
        '{"document": {}, "subscriptions": [], "metadata": {}}', :at, :at)
"""


def test_state_story_and_event_are_written_together_and_wake_the_lane(url: str) -> None:
    woken: list[str] = []

    async def work(database: Database) -> None:
        store, outbox = SqlSessionStore(database, Publisher(woken.append)), SqlOutbox(database)
        wants_status = Subscription("https://example.com/status", ("session.status",))
        wants_messages = Subscription("https://example.com/messages", ("message",))
        record = a_session("shop", wants_status, wants_messages)
        await store.insert(record)
        started = replace(record, state=State.STARTING, status=Status.STARTING)
        change = StateChange(NOW, State.STOPPED, State.STARTING, Status.STARTING, "start_requested", None, "api")
        event = Event(EventName.SESSION_STATUS, "shop", 1_764_000_000_000, {"status": "STARTING"})
        await store.save(started, change, [event])
        assert await store.load() == [started]
        assert await store.history(record, limit=10) == [change]
        lanes = await outbox.lanes()
        assert lanes == woken
        (delivery,) = await outbox.waiting(lanes[0], limit=10)
        assert delivery.subscription == wants_status
        assert event.id in delivery.body

    in_database(url, work)


def test_a_deleted_session_leaves_its_last_event_and_frees_its_name(url: str) -> None:
    async def work(database: Database) -> None:
        store, outbox = SqlSessionStore(database), SqlOutbox(database)
        record = a_session("shop", Subscription("https://example.com/", ("*",)))
        await store.insert(record)
        change = StateChange(NOW, State.STOPPED, State.REMOVED, Status.STOPPED, "delete_requested", None, "api")
        await store.delete(record, change, [Event(EventName.SESSION_STATUS, "shop", 1, {})])
        assert await store.load() == []
        assert len(await outbox.lanes()) == 1
        again = a_session("shop")
        await store.insert(again)
        assert await store.history(again, limit=10) == []

    in_database(url, work)


def test_removals_are_kept_until_they_are_purged(url: str) -> None:
    removal = Removal(
        id=ulid(),
        session="shop",
        path=Path("/p/shop"),
        state=RemovalState.STUCK,
        created_at=NOW,
        updated_at=NOW,
        trash_path=Path("/p/.trash/x"),
        reason=Reason.IN_USE,
        obstacle_path="/p/shop/f",
        message="held",
        holders=(Holder(7, "backup", "open file", "/p/shop/f"),),
        attempts=3,
        next_attempt_at=NOW + timedelta(seconds=2),
        size_bytes=10,
    )

    async def work(database: Database) -> None:
        journal = SqlRemovalJournal(database)
        await journal.put(replace(removal, state=RemovalState.INTENT, attempts=0))
        await journal.put(removal)
        assert await journal.unfinished() == [removal]
        await journal.put(replace(removal, state=RemovalState.PURGED))
        assert await journal.unfinished() == []

    in_database(url, work)


def test_a_removal_s_news_go_to_its_session_s_receivers_also_when_the_session_is_gone(url: str) -> None:
    woken: list[str] = []

    async def work(database: Database) -> None:
        store, outbox = SqlSessionStore(database), SqlOutbox(database)
        record = replace(
            a_session("shop", Subscription("https://example.com/", ("removal.stuck", "removal.purged"))),
            me=RESTRICTED,
        )
        await store.insert(record)
        journal = SqlRemovalJournal(database, Publisher(woken.append))
        removal = Removal("r1", "shop", Path("/p/shop"), RemovalState.INTENT, NOW, NOW)
        await journal.put(removal)
        change = StateChange(NOW, State.STOPPED, State.REMOVED, Status.STOPPED, "remove", None, "api")
        await store.delete(record, change, [])
        await store.insert(a_session("shop", Subscription("https://example.com/new", ("*",))))
        trash = Path("/p/.trash/r1")
        await journal.put(replace(removal, state=RemovalState.QUARANTINED, trash_path=trash))
        stuck = replace(removal, state=RemovalState.STUCK, trash_path=trash, reason=Reason.IN_USE)
        await journal.put(stuck)
        await journal.put(replace(stuck, attempts=2))
        await journal.put(replace(stuck, reason=Reason.READ_ONLY))
        await journal.put(replace(removal, state=RemovalState.PURGED, trash_path=trash))

        (lane,) = await outbox.lanes()
        waiting = [json.loads(one.body) for one in await outbox.waiting(lane, limit=10)]
        assert lane.startswith(record.id)
        assert [(one["event"], one["payload"]["reason"]) for one in waiting] == [
            ("removal.stuck", "in_use"),
            ("removal.stuck", "read_only"),
            ("removal.purged", None),
        ]
        assert {one["session"] for one in waiting} == {"shop"}
        assert {one["me"]["id"] for one in waiting} == {"628@c.us"}
        assert woken == [lane] * 3

    in_database(url, work)


def test_a_folder_that_no_session_has_is_removed_without_telling_anybody(url: str) -> None:
    async def work(database: Database) -> None:
        store, outbox = SqlSessionStore(database), SqlOutbox(database)
        await store.insert(a_session("shop", Subscription("https://example.com/", ("*",))))
        journal = SqlRemovalJournal(database)
        await journal.put(Removal("r1", "shop", Path("/p/shop.old"), RemovalState.STUCK, NOW, NOW))
        assert await outbox.lanes() == []
        assert [one.id for one in await journal.unfinished()] == ["r1"]

    in_database(url, work)


def test_a_database_of_the_first_version_keeps_its_removals(url: str) -> None:
    async def work() -> None:
        database = Database(url)
        try:
            await database.migrate("0001")
            await database.run(lambda connection: connection.execute(text(_OLD_REMOVAL)))
            await database.migrate()
            (removal,) = await SqlRemovalJournal(database).unfinished()
            await SqlRemovalJournal(database).put(replace(removal, state=RemovalState.PURGED))
        finally:
            database.close()
        assert (removal.id, removal.session, removal.reason) == ("r1", "shop", Reason.IN_USE)

    asyncio.run(work())


_OLD_REMOVAL = """
    INSERT INTO removals (id, session, path, state, reason, holders, attempts, created_at, updated_at)
    VALUES ('r1', 'shop', '/p/shop', 'stuck', 'in_use', '[]', 3, 1, 1)
"""


def test_only_the_first_key_is_made_by_itself_and_it_is_good_for_everything(url: str) -> None:
    async def work(database: Database) -> None:
        keys = KeyStore(database, SystemClock())
        secret = await keys.first_key()
        assert secret is not None
        assert await keys.first_key() is None
        next_life = KeyStore(database, SystemClock())
        await next_life.load()
        assert await next_life.first_key() is None
        caller = await next_life.identify(secret)
        assert caller is not None
        assert all(caller.may(scope) for scope in Scope)
        assert await next_life.identify("another") is None

    in_database(url, work)


def test_a_key_of_the_first_version_stays_good_for_everything(url: str) -> None:
    async def work() -> None:
        database = Database(url)
        try:
            await database.migrate("0001")
            values = {"id": "k1", "name": "first", "fingerprint": fingerprint("secret"), "created_at": 1}
            old = text(
                "INSERT INTO keys (id, name, fingerprint, created_at) VALUES (:id, :name, :fingerprint, :created_at)"
            )
            await database.run(lambda connection: connection.execute(old, values))
            await database.migrate()
            keys = KeyStore(database, SystemClock())
            await keys.load()
            caller = await keys.identify("secret")
        finally:
            database.close()
        assert caller is not None
        assert caller.may(Scope.ADMIN)
        assert caller.may_use("any")

    asyncio.run(work())


def test_pruning_forgets_what_is_old_and_done_and_nothing_else(url: str) -> None:
    async def work(database: Database) -> None:
        store, outbox = SqlSessionStore(database), SqlOutbox(database)
        record = a_session("shop", Subscription("https://example.com/", ("*",)))
        await store.insert(record)
        for number in range(2):
            at = NOW - timedelta(days=10 * number)
            change = StateChange(at, State.STOPPED, State.STARTING, Status.STARTING, f"r{number}", None, "api")
            await store.save(record, change, [Event(EventName.SESSION_STATUS, "shop", number, {})])
        (lane,) = await outbox.lanes()
        first, second = await outbox.waiting(lane, limit=10)
        await outbox.delivered([first])
        await store.prune(NOW - timedelta(days=7))
        await outbox.prune(datetime.now(UTC) + timedelta(days=1))
        assert [change.reason for change in await store.history(record, limit=10)] == ["r0"]
        assert [one.id for one in await outbox.waiting(lane, limit=10)] == [second.id]

    in_database(url, work)


@pytest.mark.parametrize("url", ["no url", "sqlite:////no/such/folder/x.db", "mysterydb://host/x"])
def test_a_database_that_cannot_be_used_is_said_in_words(url: str) -> None:
    async def main() -> None:
        database = Database(url)
        try:
            await database.migrate()
        finally:
            database.close()

    with pytest.raises(DatabaseUnusable):
        asyncio.run(main())


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1901, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_moments_keep_every_microsecond(moment: datetime) -> None:
    column = Moment()
    assert column.process_result_value(column.process_bind_param(moment, None), None) == moment  # type: ignore[arg-type]


WRITER = """
import asyncio, sys
sys.path.insert(0, {tests!r})
from component.test_storage import a_session
from tuntas.storage import Database, SqlSessionStore

async def main():
    database = Database("sqlite:///" + sys.argv[1])
    await database.migrate()
    store = SqlSessionStore(database)
    for number in range(10_000):
        await store.insert(a_session(f"s{{number}}"))
        print(number, flush=True)

asyncio.run(main())
"""


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    script = WRITER.format(tests=str(Path(__file__).parents[1]))
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = -1
        for line in writer.stdout:
            acknowledged = int(line)
            if acknowledged == 25:
                os.kill(writer.pid, signal.SIGKILL)
                break
        acknowledged = max([acknowledged, *(int(line) for line in writer.stdout.read().split())])

    async def main() -> list[SessionRecord]:
        async with opened(path) as database:
            return await SqlSessionStore(database).load()

    names = {record.name for record in asyncio.run(main())}
    assert {f"s{number}" for number in range(acknowledged + 1)} <= names
    assert len(names) <= acknowledged + 2


MIGRATOR = """
import asyncio, os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from tuntas.storage import Database

executed = 0

@event.listens_for(Engine, "after_cursor_execute")
def count(*_):
    global executed
    executed += 1
    if executed == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    database = Database("sqlite:///" + sys.argv[1])
    await database.migrate()
    database.close()
    print("done")

asyncio.run(main())
"""


@pytest.mark.parametrize("statement", [3, 6, 9, 12, 15, 18])
def test_a_kill_in_the_middle_of_a_migration_leaves_nothing_half_done(tmp_path: Path, statement: int) -> None:
    path = tmp_path / "test.db"
    command = [sys.executable, "-c", MIGRATOR, str(path), str(statement)]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    async def work(database: Database) -> None:
        store = SqlSessionStore(database)
        await store.insert(a_session())
        assert len(await store.load()) == 1

    in_database(path, work)


def test_a_session_in_a_file_has_its_account_with_all_that_restricts_it() -> None:
    record = replace(a_session("moved"), me=RESTRICTED)
    written = json.loads(json.dumps(portable(record)))
    assert from_portable(written, "folder", NOW).me == RESTRICTED
