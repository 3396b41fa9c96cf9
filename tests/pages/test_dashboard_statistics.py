"""Curves in a real browser: of a server that has run for a month, and of what it measures itself."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from support.axe import barriers
from support.running import Sandbox, Server, running
from support.visitor import Visitor
from tuntas.measurements import Sample, Series
from tuntas.storage import Database, SqlMeasurementStore

MEGABYTE = 1_000_000
GROWS, STAYS = "grows", "stays"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("statistics") / "data", sandbox.url)
    with running(server):
        for name in (STAYS, GROWS):
            server.create(name, start=False)
        server.stop()
    asyncio.run(a_month(server.data_dir / "tuntas.db"))
    server = Server(server.data_dir, sandbox.url)
    with running(server):
        yield server


async def a_month(file: Path) -> None:
    """Write what a server would have measured."""
    database = Database(file)
    store, now = SqlMeasurementStore(database), datetime.now(UTC)
    for back in (*range(30 * 24 * 60, 24 * 60, -360), *range(24 * 60, 60, -15), *range(60, 0, -1)):
        at, day = now - timedelta(minutes=back), math.sin(back / 1440 * math.tau)
        await store.add(
            at,
            [
                Sample(Series.SERVER_MEMORY, 100 * MEGABYTE),
                Sample(Series.BROWSER_MEMORY, (90 + day) * MEGABYTE, session=STAYS),
                Sample(Series.BROWSER_MEMORY, 300 * MEGABYTE - back * 4000, session=GROWS),
                Sample(Series.MESSAGES_IN, round(20 + 15 * day), round(20 + 15 * day)),
                Sample(Series.MESSAGES_OUT, round(10 + 8 * day), round(10 + 8 * day)),
                Sample(Series.DELIVERIES_WAITING, max(0, round(day * 6))),
                Sample(Series.DELIVERY_SECONDS, 0.4, 20),
            ],
            {STAYS, GROWS},
        )
    database.close()


def test_curves_over_three_spans_tell_what_was_measured(visitor: Visitor) -> None:
    page = visitor.sign_in()
    page.get_by_role("link", name="Statistics").click()
    for span in ("An hour", "A day", "A month"):
        page.get_by_role("link", name=span, exact=True).click()
        memory = page.get_by_role("region", name="Memory", exact=True)
        expect(memory.get_by_text(re.compile(r"at most (38|39)\d MB"))).to_be_visible()  # both browsers together
        assert all(
            one.count("L") > 20
            for one in (memory.locator("path.curve").nth(n).get_attribute("d") or "" for n in (0, 1))
        )
        messages = page.get_by_role("region", name="Messages")
        assert messages.locator("g.c1 rect").count() > 40
        expect(page.get_by_role("region", name="Time that a receiver takes").get_by_text("20 ms").first).to_be_visible()
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    rows = page.locator(".sparks li")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text(GROWS)
    expect(rows.first).to_contain_text("MB more")
    expect(rows.last).to_contain_text("as before")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_server_measures_by_itself_from_its_start(house: Server, visitor: Visitor) -> None:
    page = visitor.sign_in()
    page.goto("/dashboard/statistics")
    # What was written for it was always 100 MB; a server takes something else.
    expect(page.get_by_role("region", name="Memory", exact=True).get_by_text("server: ")).not_to_contain_text(
        "server: 100 MB"
    )


def test_whose_key_is_for_some_sessions_sees_theirs_only(house: Server, visitor: Visitor) -> None:
    key = house.http.post("/api/keys", json={"name": "clerk", "scopes": ["read"], "sessions": [STAYS]}).json()["key"]
    page = visitor.sign_in(key)
    page.goto("/dashboard/statistics?span=nonsense")
    expect(page.locator(".sparks li")).to_have_count(1)
    expect(page.get_by_text(GROWS)).to_have_count(0)
    expect(page.get_by_role("region", name="Memory", exact=True)).to_have_count(0)
