"""What needs somebody is seen on every page, in the title of its tab, and told by the browser to those who wish it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from support.axe import barriers
from support.running import Sandbox, Server, running
from support.visitor import Visitor

NOW = datetime.now(UTC)
# Counts notifications in place of a desktop that a test does not have, and lets a test hide the page.
PRETEND = """
window.notes = [];
window.Notification = class { constructor(title, options) { window.notes.push(options.body); } };
Notification.permission = localStorage.getItem("pretended") ?? "default";
Notification.requestPermission = async () => {
  localStorage.setItem("pretended", "granted");
  return (Notification.permission = "granted");
};
window.hide = (isHidden) => {
  Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
};
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("bell") / "data"
    server = Server(data, sandbox.url)
    with running(server):
        yield server


def unlink(house: Server, sandbox: Sandbox, name: str, number: str) -> None:
    house.pair(sandbox, name, number)
    sandbox.call("POST", f"/phones/{number}/unlink", {})
    house.wait_status(name, "SCAN_QR_CODE")


def test_the_title_and_the_head_of_every_page_count_what_needs_somebody_live(
    house: Server, sandbox: Sandbox, visitor: Visitor
) -> None:
    page = visitor.sign_in(path="/dashboard/keys")
    bell = page.locator("#bell")
    expect(bell).not_to_be_visible()
    expect(page).to_have_title("Keys · Tuntas")
    page.evaluate("window.isTheSamePage = true")
    for count, name in enumerate(("toko", "kios"), start=1):
        unlink(house, sandbox, name, f"62813700000{count}")
        expect(page).to_have_title(f"({count}) Keys · Tuntas")
        expect(bell).to_be_visible()
    assert page.evaluate("window.isTheSamePage")
    assert barriers(page) == []
    page.get_by_role("link", name="2 things need you").click()
    expect(page.get_by_role("heading", name="2 things need you")).to_be_visible()
    expect(page).to_have_title("(2) Sessions · Tuntas")
    for name in ("toko", "kios"):
        house.http.delete(f"/api/sessions/{name}")
    expect(page).to_have_title("Sessions · Tuntas")
    expect(bell).not_to_be_visible()


def test_a_browser_tells_of_it_only_on_wish_and_only_once(house: Server, sandbox: Sandbox, visitor: Visitor) -> None:
    visitor.context.add_init_script(PRETEND)
    page = visitor.sign_in()
    wish = page.get_by_role("button", name="Tell me in this browser")
    expect(wish).to_have_attribute("aria-pressed", "false")
    page.evaluate("hide(true)")
    unlink(house, sandbox, "warung", "628137000003")
    page.evaluate("hide(true)")
    expect(page).to_have_title("(1) Sessions · Tuntas")  # also where the page is hidden and has no stream
    assert notes(page) == []
    page.evaluate("hide(false)")
    wish.click()
    expect(wish).to_have_attribute("aria-pressed", "true")
    page.evaluate("hide(true)")
    page.wait_for_function("notes.length === 2")
    assert notes(page) == [
        "Tuntas tells you here from now on what needs you.",
        "warung has to be linked again: The phone has unlinked this device",
    ]
    page.reload()
    expect(wish).to_have_attribute("aria-pressed", "true")
    with page.expect_response("**/dashboard/bell"):
        page.evaluate("hide(true)")
    page.evaluate("new Promise((done) => setTimeout(done))")
    assert notes(page) == []
    page.evaluate("hide(false)")
    wish.click()
    expect(wish).to_have_attribute("aria-pressed", "false")
    house.http.delete("/api/sessions/warung")


def test_what_is_wrong_with_the_server_itself_is_a_banner_on_every_page(
    tmp_path: Path, sandbox: Sandbox, browser: Browser
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    moment = str(NOW)
    known = {
        "verdict": "unusable",
        "at": moment,
        "since": moment,
        "version": "2.3000.1",
        "wa_js": "4.6.0",
        "build": "1",
        "lacks": ["whatsapp.functions.addAndSendMsgToChat"],
        "missing": {},
    }
    kept = {"tried_at": moment, "problem": None, "silent_looks": 0, "known": known}
    (data / "canary.json").write_text(json.dumps(kept))
    server = Server(data, sandbox.url)
    with running(server):
        visitor = Visitor(browser, server.url, width=390, language="id-ID")
        page = visitor.page
        page.goto("/dashboard/keys")
        page.get_by_label("Kunci API").fill("test-key-of-enough-characters")
        page.get_by_role("button", name="Masuk").click()
        banner = page.get_by_role("alert").filter(has_text="WhatsApp mengubah halamannya")
        expect(banner).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert barriers(page) == []
        page.goto("/dashboard/health")
        expect(banner).to_be_visible()
        expect(page.locator("#canary")).to_contain_text("sesi yang dimulai sekarang tidak dapat bekerja dengannya")
        visitor.close()


def notes(page: Page) -> list[str]:
    return list(page.evaluate("window.notes"))
