"""Deliveries and events of all sessions in a real browser: what was given up goes out again in one act."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from support.axe import barriers
from support.receiver import Receiver
from support.running import KEY, Sandbox, Server, running, wait_for
from support.visitor import Visitor


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("dead") / "data", sandbox.url, TUNTAS_WEBHOOK_PRIVATE_ADDRESSES="true")
    with running(server):
        yield server


def test_what_a_receiver_missed_is_shown_with_its_error_and_delivered_again_in_one_act(
    house: Server, browser: Browser
) -> None:
    visitor = Visitor(browser, house.url)
    page = visitor.sign_in(path="/dashboard/deliveries")
    expect(page.get_by_role("heading", name="0 were given up")).to_be_visible()
    with Receiver() as receiver:
        receiver.refuses = True
        hook = {"url": receiver.url, "events": ["session.status"], "retries": {"attempts": 1}}
        for name in ("one", "two"):
            house.create(name, config={"webhooks": [hook]})
            house.wait_status(name, "SCAN_QR_CODE")
        wait_for(lambda: len(house.http.get("/api/webhooks/deliveries?state=dead").json()) >= 4, what="all are dead")
        rows = page.locator("#found tbody tr")
        expect(rows.filter(has_text="two").first).to_contain_text("HTTP 500")
        assert barriers(page) == []
        page.get_by_role("searchbox", name="Session").fill("one")
        page.get_by_role("button", name="Show").click()
        expect(rows.first).to_be_visible()
        expect(rows.filter(has_text="two")).to_have_count(0)
        receiver.refuses = False
        page.get_by_role("button", name="Deliver all again").click()
        expect(page.get_by_role("heading", name="0 were given up")).to_be_visible()
        assert {one["session"] for one in receiver.wait_count(2)} == {"one"}
        page.goto("/dashboard/deliveries?state=")
        expect(rows.filter(has_text="Delivered").first).to_contain_text("one")
        expect(rows.filter(has_text="Given up").first).to_contain_text("two")
    visitor.close()


def test_events_are_followed_by_session_and_kind(house: Server, browser: Browser) -> None:
    visitor = Visitor(browser, house.url)
    house.create("seen", start=False)
    house.create("unseen", start=False)
    page = visitor.sign_in(path="/dashboard/events?session=seen&event=session.status")
    for name in ("unseen", "seen"):
        house.http.post(f"/api/sessions/{name}/start")
        house.wait_status(name, "SCAN_QR_CODE")
    lines = page.locator("#monitor li")
    expect(lines.filter(has_text="Waiting for your phone").first).to_be_visible()
    expect(lines.filter(has_text="unseen")).to_have_count(0)
    assert barriers(page) == []
    page.goto("/dashboard/events")
    expect(lines.filter(has_text="unseen").first).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") == 390, "it is wider than a phone"
    visitor.close()


def test_a_limited_key_follows_its_own_session_only(house: Server) -> None:
    for name in ("mine", "yours"):
        house.create(name, start=False)
        house.http.post(f"/api/sessions/{name}/start")
        house.wait_status(name, "SCAN_QR_CODE")
    made = house.http.post("/api/keys", json={"name": "eyes", "scopes": ["read"], "sessions": ["mine"]}).json()
    for key, session, sees in ((made["key"], "", False), (made["key"], "yours", False), (KEY, "yours", True)):
        with httpx.Client(base_url=house.url, trust_env=False, timeout=60) as client:
            client.post("/dashboard/sign-in", data={"key": key})
            page = client.get(f"/dashboard/events?session={session}")
            assert page.status_code == 200
            assert ("/dashboard/sessions/yours" in page.text) is sees
            assert client.get("/dashboard/deliveries").status_code == (200 if key == KEY else 403)
