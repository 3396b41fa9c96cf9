"""Many sessions in a real browser: found, filtered, sorted, and acted on at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from support.axe import barriers
from support.running import Sandbox, Server, running
from support.visitor import Visitor


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("many") / "data", sandbox.url)
    with running(server):
        yield server


def test_sessions_are_found_and_acted_on_together(house: Server, browser: Browser) -> None:
    for name in ("shop-1", "shop-2", "bot"):
        house.create(name, start=False)
    visitor = Visitor(browser, house.url)
    page = visitor.sign_in()
    page.get_by_role("searchbox", name="Search").fill("shop")
    page.get_by_role("button", name="Show").click()
    rows = page.locator("#sessions .row")
    expect(rows).to_have_count(2)
    house.create("shop-3", start=False)
    expect(rows).to_have_count(3)  # live, by the same search
    house.create("bot-2", start=False)
    house.http.delete("/api/sessions/shop-3")
    expect(rows).to_have_count(2)
    assert barriers(page) == []
    page.get_by_role("link", name="Act on many").click()
    assert barriers(page) == []
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("Done with 2 sessions.")).to_be_visible()
    for name in ("shop-1", "shop-2"):
        house.wait_status(name, "SCAN_QR_CODE")
    assert house.status("bot") == "STOPPED"
    page.goto("/?group=needs&sort=name")
    expect(rows).to_have_count(2)
    page.get_by_role("combobox", name="State").select_option("Stopped")
    page.get_by_role("button", name="Show").click()
    expect(rows).to_have_count(2)
    expect(page.get_by_role("link", name="bot", exact=True)).to_be_visible()

    page.goto("/dashboard/many?search=shop")
    page.get_by_role("checkbox", name="shop-2").uncheck()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Done with 1 session.")).to_be_visible()
    assert house.status("shop-1") == "STOPPED"
    assert house.status("shop-2") == "SCAN_QR_CODE"
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Delete 2 sessions?")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("checkbox", name="shop-2").check()  # each one by its name
    page.get_by_role("button", name="Delete those that are ticked").click()
    expect(page.get_by_text("Done with 1 session.")).to_be_visible()
    assert sorted(one["name"] for one in house.http.get("/api/sessions?all=true").json()) == ["bot", "bot-2", "shop-1"]
    visitor.expect_complaint("422")
    page.goto("/dashboard/many?search=shop")
    page.get_by_role("checkbox", name="shop-1").uncheck()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="Choose at least one session")).to_be_visible()
    page.goto("/?search=nobody")
    expect(page.get_by_text("No session fits.")).to_be_visible()
    visitor.close()
