"""The server under a sub-path, in a real browser: no address of any page leads beside it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Request, expect

from support.running import KEY, Sandbox, Server, running
from support.visitor import Visitor

SUB_PATH = "/whatsapp"
PAGES = ["", "/dashboard/new", "/dashboard/cleanup", "/dashboard/health", "/dashboard/keys", "/dashboard/none", "/docs"]

pytestmark = pytest.mark.usefixtures("nothing_left_at_the_end")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("sub-path")
    server = Server(folder / "data", sandbox.url, TUNTAS_PUBLIC_URL=f"https://example.com{SUB_PATH}/")
    with running(server):
        yield server


@pytest.fixture
def visitor(house: Server, browser: Browser) -> Iterator[Visitor]:
    visitor = Visitor(browser, house.url)
    beside: list[str] = []

    def watch(request: Request) -> None:
        if not f"{urlsplit(request.url).path}/".startswith(f"{SUB_PATH}/"):
            beside.append(request.url)

    visitor.context.on("request", watch)
    try:
        yield visitor
    finally:
        visitor.close()
    assert not beside


def test_a_session_from_sign_in_to_delete(house: Server, sandbox: Sandbox, visitor: Visitor) -> None:
    sandbox.phone("628133000001", "Toko")
    page = visitor.sign_in(path=SUB_PATH)
    page.get_by_role("link", name="New session").last.click()
    page.get_by_label("Name").fill("below")
    page.get_by_role("button", name="Create and show the code").click()
    expect(page.get_by_role("img", name="QR code to scan with the phone")).to_be_visible()
    # By the stream, so it is found too.
    sandbox.scan("628133000001", house.qr("below"))
    expect(page.locator("#state").get_by_text("Working", exact=True)).to_be_visible()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete below").click()
    expect(page.get_by_role("heading", name="below is deleted")).to_be_visible()
    page.get_by_role("link", name="All sessions").click()
    page.wait_for_url(f"**{SUB_PATH}/")


def test_every_page_and_the_reference_load_below_it_only(visitor: Visitor) -> None:
    page = visitor.sign_in(path=f"{SUB_PATH}/dashboard/health")
    assert urlsplit(page.url).path == f"{SUB_PATH}/dashboard/health"
    visitor.expect_complaint("404")
    for path in PAGES:
        page.goto(SUB_PATH + path)
        inside = "els => els.map(e => e.getAttribute('href') || e.getAttribute('action') || '')"
        addresses = page.locator("a[href], form[action]").evaluate_all(inside)
        wrong = [
            one for one in addresses if not one.startswith((f"{SUB_PATH}/", "#", "https:", "./")) or SUB_PATH * 2 in one
        ]
        assert not wrong, path
    expect(page.locator(".swagger-ui .opblock").first).to_be_visible()


def test_leaving_and_preferences_come_back_below_it(visitor: Visitor) -> None:
    page = visitor.sign_in(path=f"{SUB_PATH}/")
    cookies = visitor.context.cookies()
    assert {cookie["path"] for cookie in cookies} == {SUB_PATH}
    page.get_by_role("button", name="Indonesia").click()
    assert urlsplit(page.url).path == f"{SUB_PATH}/"
    page.get_by_role("button", name="Keluar").click()
    page.wait_for_url(f"**{SUB_PATH}/dashboard/sign-in")


def test_redirects_and_the_document_name_it(house: Server) -> None:
    with httpx.Client(base_url=house.url, headers={"X-Api-Key": KEY}, trust_env=False, timeout=60) as client:
        for asked in (f"{SUB_PATH}/api/sessions/", "/api/sessions/"):
            answer = client.get(asked)
            assert (answer.status_code, answer.headers["location"]) == (307, f"{SUB_PATH}/api/sessions")
        document = client.get(f"{SUB_PATH}/openapi.json").json()
    assert [one["url"] for one in document["servers"]] == [f"https://example.com{SUB_PATH}"]


def test_a_cookie_is_for_https_only_where_the_form_came_by_it(house: Server) -> None:
    def cookie(origin: str) -> str:
        form = {"key": KEY, "next": "/"}
        headers = {"origin": origin, "sec-fetch-site": "same-origin"}
        answer = httpx.post(f"{house.url}/dashboard/sign-in", data=form, headers=headers, trust_env=False, timeout=60)
        assert answer.status_code == 303, answer.text
        return answer.headers["set-cookie"]

    assert "Secure" in cookie("https://example.com")
    assert "Secure" not in cookie("http://example.com")
