"""A session that mends itself is not among those that need somebody, and says when it is tried again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from support.axe import barriers
from support.running import Server, running, wait_for
from support.visitor import Visitor


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    quick = {"TUNTAS_RESTART_FIRST_SECONDS": "0.1", "TUNTAS_RESTART_CEILING_SECONDS": "3"}
    server = Server(tmp_path_factory.mktemp("mending") / "data", "http://127.0.0.1:9", **quick)
    with running(server):
        server.create("toko")
        wait_for(lambda: server.story("toko").count("page_unreachable") > 8, what="some tries that fail")
        yield server


def test_a_network_that_is_away_needs_nobody_and_its_tries_are_told_once(house: Server, visitor: Visitor) -> None:
    page = visitor.sign_in()
    mending = page.get_by_role("region", name="Mending itself")
    expect(mending.get_by_role("link", name="toko")).to_be_visible()
    expect(mending.get_by_text("It is tried again by itself")).to_be_visible()
    expect(page.get_by_role("region", name="Needs you")).to_have_count(0)
    expect(page).to_have_title("Sessions · Tuntas")
    assert barriers(page) == []
    mending.get_by_role("link", name="toko").click()
    expect(page.locator("#story")).to_contain_text("more times before")
    page.get_by_role("button", name="Try now").click()
    expect(page.get_by_text("toko is starting.")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#state").get_by_text("Stopped", exact=True)).to_be_visible()
