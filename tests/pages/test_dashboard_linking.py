"""Linking a phone: the steps for both kinds of phones, and on a phone the code to type in before the QR."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from support.axe import barriers
from support.running import Sandbox, Server, running
from support.visitor import Visitor

ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
OWNER = "628136000001"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("linking") / "data", sandbox.url)
    with running(server):
        server.create("toko")
        server.wait_status("toko", "SCAN_QR_CODE")
        yield server


def test_a_computer_shows_the_qr_first_and_the_way_on_both_kinds_of_phones(house: Server, visitor: Visitor) -> None:
    page = visitor.sign_in(path="/dashboard/sessions/toko")
    linking = page.get_by_role("region", name="Link the phone")
    expect(linking.get_by_role("img", name="QR code")).to_be_visible()
    expect(linking.get_by_text("Android: tap ⋮ at the top, then Linked devices.")).to_be_visible()
    expect(linking.get_by_text("iPhone: open Settings, then Linked devices.")).to_be_visible()
    expect(linking.get_by_label("Number of the phone")).not_to_be_visible()
    assert barriers(page) == []


@pytest.mark.parametrize(
    ("agent", "its_own", "other"), [(ANDROID, "Android: ketuk ⋮", "iPhone:"), (IPHONE, "iPhone: buka", "Android:")]
)
def test_a_phone_shows_the_code_first_and_its_own_way(
    house: Server, browser: Browser, agent: str, its_own: str, other: str
) -> None:
    visitor = Visitor(browser, house.url, width=390, language="id-ID", agent=agent)
    page = visitor.page
    page.goto("/dashboard/sessions/toko")
    page.get_by_label("Kunci API").fill("test-key-of-enough-characters")
    page.get_by_role("button", name="Masuk").click()
    linking = page.get_by_role("region", name="Tautkan ponsel")
    expect(linking.get_by_label("Nomor ponsel")).to_be_visible()
    expect(linking.get_by_text(its_own).first).to_be_visible()
    expect(linking.get_by_text(other)).not_to_be_visible()
    expect(linking.get_by_role("img", name="Kode QR")).not_to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert barriers(page) == []
    linking.get_by_text("Pindai kode dengan ponsel lain").click()
    expect(linking.get_by_role("img", name="Kode QR")).to_be_visible()
    visitor.close()


def test_the_code_that_a_phone_shows_links_it(house: Server, sandbox: Sandbox, browser: Browser) -> None:
    sandbox.phone(OWNER, "Toko Sinar")
    visitor = Visitor(browser, house.url, width=390, agent=ANDROID)
    page = visitor.sign_in(path="/dashboard/sessions/toko")
    page.get_by_label("Number of the phone").fill(f"+{OWNER}")
    page.get_by_role("button", name="Show a code to type in").click()
    code = page.locator(".code").inner_text().removeprefix("Code:").strip()
    sandbox.call("POST", f"/phones/{OWNER}/link", {"code": code})
    expect(page.locator("#state").get_by_text("Working", exact=True)).to_be_visible()
    visitor.close()
