"""A database of each earlier release is taken over with all that is in it; one of a newer release is left as it is.

``released/VERSION.sql`` is what a server of that version left. A release adds a file, and none is ever changed.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, create_engine, insert, select, text

from component.test_storage import postgresql_or_none, url
from tuntas.foundation.clock import SystemClock
from tuntas.profiles import RemovalState
from tuntas.sessions.access import Scope
from tuntas.sessions.machine import Desired
from tuntas.storage import Database, DatabaseUnusable, KeyStore, SqlOutbox, SqlRemovalJournal, SqlSessionStore
from tuntas.storage.database import engine_url

__all__ = ["postgresql_or_none", "url"]

RELEASED = sorted((Path(__file__).parent / "released").glob("*.sql"))
VERSIONS = [path.stem for path in RELEASED]

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(params=RELEASED, ids=VERSIONS)
def old(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Rows:
    """Put what that release left into the database at ``url``; return its rows."""
    file = tmp_path / "released.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(request.param.read_text(encoding="utf-8"))
    found = rows(f"sqlite:///{file}")
    if url.startswith("sqlite"):
        file.rename(engine_url(url).database or "")
    else:
        # The tables by the migrations of then, which are the same ones to this day; the rows as they are.
        (version,) = found["alembic_version"]
        asyncio.run(migrated(url, version["version_num"]))
        engine = create_engine(engine_url(url))
        tables = MetaData()
        tables.reflect(engine)
        with engine.begin() as connection:
            for name, lines in found.items():
                if lines and name != "alembic_version":
                    connection.execute(insert(tables.tables[name]), lines)
        engine.dispose()
    return found


def rows(address: str) -> Rows:
    engine = create_engine(engine_url(address))
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        found = {
            name: [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for name, table in tables.tables.items()
        }
    engine.dispose()
    return found


async def migrated(address: str, revision: str = "head") -> None:
    database = Database(address)
    try:
        await database.migrate(revision)
    finally:
        database.close()


def test_nothing_that_an_earlier_release_has_written_is_lost(old: Rows, url: str) -> None:
    asyncio.run(migrated(url))
    new = rows(url)
    events = {event["event_id"]: event for event in new["events"]}
    del old["alembic_version"]
    assert {"sessions", "history", "deliveries", "removals", "keys"} <= old.keys()
    for table, lines in old.items():
        assert lines, table
        for line, row in zip(lines, new[table], strict=True):
            # A delivery's event has been a row of its own since the log of events.
            now = row if table != "deliveries" else events[row["event_id"]] | row
            assert {name: now[name] for name in line} == line


def test_what_an_earlier_release_has_written_means_the_same(old: Rows, url: str) -> None:
    async def main() -> None:
        database = Database(url)
        try:
            await database.migrate()
            sessions = {one.name: one for one in await SqlSessionStore(database).load()}
            assert {name: one.desired for name, one in sessions.items()} == {
                "shop": Desired.RUNNING,
                "Gudang_2": Desired.STOPPED,
            }
            shop, spare = sessions["shop"], sessions["Gudang_2"]
            assert shop.me is not None
            assert (shop.me.id, shop.me.push_name) == ("628111000111@c.us", "Toko Sinar")
            (hook,) = shop.config.subscriptions
            assert (hook.url, hook.hmac_key, hook.events) == ("http://127.0.0.1:9/hook", "secret", ("*",))
            assert dict(spare.config.metadata) == {"branch": "Bandung"}
            story = await SqlSessionStore(database).history(shop, limit=100)
            assert [change.reason for change in story][:4] == ["start_requested", "qr_shown", "scanned", "connected"]

            outbox = SqlOutbox(database)
            (lane,) = await outbox.lanes()
            waiting = await outbox.waiting(lane, limit=100)
            assert len(waiting) == len(old["deliveries"])
            assert "apa kabar? 👋" in "".join(str(one.body) for one in waiting)

            (removal,) = await SqlRemovalJournal(database).unfinished()
            assert (removal.session, removal.state) == ("gone", RemovalState.STUCK)
            keys = KeyStore(database, SystemClock())
            await keys.load()
            (key,) = keys.all()
            assert key.caller.name == "first"
            assert key.caller.may(Scope.ADMIN)
        finally:
            database.close()

    asyncio.run(main())


@pytest.fixture
def of_tomorrow(url: str) -> str:
    asyncio.run(migrated(url))
    engine = create_engine(engine_url(url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("CREATE TABLE of_tomorrow (name VARCHAR(9) PRIMARY KEY)"))
    engine.dispose()
    return url


def test_a_database_of_a_newer_release_is_refused_in_one_line_and_not_changed(of_tomorrow: str) -> None:
    before = rows(of_tomorrow)
    with pytest.raises(DatabaseUnusable) as refused:
        asyncio.run(migrated(of_tomorrow))
    assert len(str(refused.value).splitlines()) == 1
    assert "Install that version or newer" in str(refused.value)
    assert rows(of_tomorrow) == before
