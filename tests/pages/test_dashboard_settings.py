"""A session's webhooks and settings in forms, in a real browser: made, tried, corrected, deleted; nothing leaks."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from support.axe import barriers
from support.receiver import Receiver
from support.running import Sandbox, Server, running
from support.visitor import Visitor

KEY, PASSWORD, HEADER = "a-signing-key-of-mine", "a-password-of-mine", {"name": "X-Shop", "value": "sinar"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("settings") / "data", sandbox.url, TUNTAS_WEBHOOK_PRIVATE_ADDRESSES="true")
    with running(server):
        yield server


def test_a_webhook_is_made_tried_corrected_and_deleted(house: Server, visitor: Visitor) -> None:
    house.create("shop", start=False)
    page = visitor.sign_in(path="/dashboard/sessions/shop")
    page.get_by_role("link", name="Add a webhook").click()
    assert barriers(page) == []
    with Receiver([500, 204]) as receiver:
        page.get_by_label("Address").fill("https://nobody.example:0/")
        page.get_by_label("Signing key").fill(KEY)
        visitor.expect_complaint("422")
        page.get_by_role("button", name="Save the webhook").click()
        expect(page.get_by_role("alert").first).to_be_visible()
        expect(page.get_by_label("Address")).to_have_value("https://nobody.example:0/")
        assert house.session("shop")["config"].get("webhooks", []) == []
        assert KEY not in page.content()
        page.get_by_label("Address").fill(receiver.url)
        page.get_by_label("Signing key").fill(KEY)
        page.get_by_role("checkbox", name="Status changed").check()
        page.get_by_role("button", name="Save the webhook").click()
        page.locator("details.webhook summary", has_text=receiver.url).click()
        assert KEY not in page.content()
        first = page.locator("details.webhook").first
        first.get_by_role("button", name="Send a test event").click()
        expect(page.locator(".notice.bad")).to_contain_text("HTTP 500")
        first.get_by_role("button", name="Send a test event").click()
        expect(page.locator(".notice.good")).to_contain_text("has taken the test event")
        tried = receiver.wait_for("session.status", test=True)
        assert tried["session"] == "shop"
        assert barriers(page) == []

        # What the form does not show stays, and an empty key keeps the stored one.
        config = house.session("shop")["config"]
        assert config["webhooks"][0]["hmac"] == {"key": "***"}
        config["webhooks"][0] |= {"customHeaders": [HEADER], "retries": {"policy": "linear"}}
        assert house.http.put("/api/sessions/shop", json={"config": config}).is_success
        page.reload()
        page.locator("details.webhook summary", has_text=receiver.url).click()
        first.get_by_role("checkbox", name="Everything").check()
        first.get_by_role("button", name="Save the webhook").click()
        page.wait_for_load_state()
        (hook,) = house.session("shop")["config"]["webhooks"]
        assert (hook["events"], hook["customHeaders"], hook["hmac"]) == (["*"], [HEADER], {"key": "***"})
        assert hook["retries"]["policy"] == "linear"
        page.locator("details.webhook summary", has_text=receiver.url).click()
        first.get_by_role("button", name="Delete the webhook").click()
        expect(page.locator("details.webhook")).to_have_count(1)
        assert house.session("shop")["config"]["webhooks"] == []


def test_a_proxy_is_set_its_password_is_kept_and_a_wrong_one_changes_nothing(house: Server, visitor: Visitor) -> None:
    house.create("far", start=False, config={"metadata": {"customer": "42"}})
    page = visitor.sign_in(path="/dashboard/sessions/far/settings")
    server, save = page.get_by_label("Proxy", exact=True), page.get_by_role("button", name="Save the settings")
    server.fill("proxy without a scheme")
    visitor.expect_complaint("422")
    save.click()
    expect(page.get_by_role("alert").filter(has_text="This proxy cannot be used")).to_be_visible()
    expect(server).to_have_value("proxy without a scheme")
    server.fill("http://proxy.example:3128")
    page.get_by_label("Username for the proxy").fill("shop")
    page.get_by_label("Password for the proxy").fill(PASSWORD)
    page.get_by_role("checkbox", name="Groups").check()
    save.click()
    expect(page.get_by_text("One is set, and is not shown again")).to_be_visible()
    assert PASSWORD not in page.content()
    assert barriers(page) == []
    page.get_by_role("checkbox", name="Status posts").check()
    save.click()
    expect(page.get_by_role("checkbox", name="Status posts")).to_be_checked()
    config = house.session("far")["config"]
    assert config["proxy"] == {"server": "http://proxy.example:3128", "username": "shop", "password": "***"}
    assert (config["ignore"]["groups"], config["ignore"]["status"], config["metadata"]) == (
        True,
        True,
        {"customer": "42"},
    )
    server.fill("http://another.example:3128")  # a password never goes to another proxy than the one it is for
    save.click()
    expect(page.get_by_text("Empty: none.")).to_be_visible()
    assert "password" not in house.session("far")["config"]["proxy"]
    assert PASSWORD not in house.log.read_text()


def test_only_administrators_come_to_the_settings(house: Server) -> None:
    house.create("guarded", start=False)
    key = house.http.post("/api/keys", json={"name": "operator", "scopes": ["read", "send", "control"]}).json()
    with httpx.Client(base_url=house.url, trust_env=False, timeout=60) as client:
        client.post("/dashboard/sign-in", data={"key": key["key"]})
        assert client.get("/dashboard/sessions/guarded/settings").status_code == 403
