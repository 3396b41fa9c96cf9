"""A link signs in once, as the key it stands for, whoever presses the button behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from support.axe import barriers
from support.running import Sandbox, Server, run, running
from support.visitor import Visitor


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("link") / "data", sandbox.url)
    with running(server):
        yield server


def link(house: Server, *arguments: str) -> str:
    done = run("open", "--json", *arguments, "--data-dir", str(house.data_dir))
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["url"])


def test_a_link_from_the_terminal_signs_in_once_and_no_key_is_typed(house: Server, browser: Browser) -> None:
    url = link(house)
    assert url.startswith(f"{house.url}/dashboard/sign-in?link=")
    phone = Visitor(browser, house.url)
    phone.page.goto(url)
    expect(phone.page.get_by_label("API key")).to_have_count(0)
    assert barriers(phone.page) == []
    phone.page.goto(url)  # to look is not to use
    phone.page.get_by_role("button", name="Sign in").click()
    expect(phone.page.get_by_role("link", name="Keys")).to_be_visible()
    phone.close()

    stranger = Visitor(browser, house.url)
    stranger.expect_complaint("422")
    stranger.page.goto(url)
    stranger.page.get_by_role("button", name="Sign in").click()
    expect(stranger.page.get_by_text("This link was used already")).to_be_visible()
    expect(stranger.page.get_by_label("API key", exact=True)).to_be_visible()
    stranger.close()


def test_it_opens_what_its_key_is_good_for_and_ends_with_it(house: Server, visitor: Visitor) -> None:
    clerk = house.http.post("/api/keys", json={"name": "clerk", "scopes": ["read"]}).json()["id"]
    page = visitor.page
    page.goto(link(house, "--key", "clerk"))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Key: clerk")).to_be_visible()
    expect(page.get_by_role("link", name="Keys")).to_have_count(0)
    late = link(house, "--key", clerk)
    house.http.delete(f"/api/keys/{clerk}")
    visitor.expect_complaint("422")
    # The page goes there by itself: its stream ends with the key.
    expect(page.get_by_label("API key", exact=True)).to_be_visible()
    page.goto(late)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This link was used already")).to_be_visible()


def test_only_who_administers_gets_links_and_only_for_keys_that_there_are(house: Server) -> None:
    reader = house.http.post("/api/keys", json={"name": "reader", "scopes": ["read", "control"]}).json()["key"]
    path = "/api/keys/sign-in-link"
    assert house.http.post(path, json={}, headers={"X-Api-Key": reader}).status_code == 403
    assert house.http.post(path, json={"key": "none"}).status_code == 404
    done = run("open", "--key", "nobody", "--data-dir", str(house.data_dir))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "There is no key nobody." in done.stderr
