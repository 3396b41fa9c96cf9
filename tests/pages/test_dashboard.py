"""The dashboard in a real browser, from sign-in to delete: one server and one sandbox for all of it.

Every window is watched, see ``support.visitor``: no console error, no breach of the policy, no request elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from support.axe import barriers
from support.receiver import Receiver
from support.running import KEY, Sandbox, Server, browsers_of, running, wait_for
from support.visitor import Visitor
from tuntas.dashboard.linking import drawn

SHOP, BUDI, LATER = "628130000001", "628130000002", "628130000003"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox, receiver: Receiver) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("dashboard")
    server = Server(folder / "data", sandbox.url, TUNTAS_WEBHOOK_URL=receiver.url)
    with running(server):
        yield server


def test_the_whole_story_from_sign_in_to_delete(
    house: Server, sandbox: Sandbox, receiver: Receiver, visitor: Visitor
) -> None:
    sandbox.phone(SHOP, "Toko Sinar")
    sandbox.phone(BUDI, "Budi")
    page = visitor.sign_in()
    page.get_by_role("link", name="New session").last.click()
    page.get_by_label("Name").fill("story")
    page.get_by_role("button", name="Create and show the code").click()

    shown = page.get_by_role("img", name="QR code to scan with the phone")
    expect(shown).to_be_visible()
    page.evaluate("window.isTheSamePage = true")
    old = house.qr("story")
    wait_for(lambda: strokes(shown.inner_html()) == strokes(str(drawn(old))), what="the QR of now")
    page.get_by_role("button", name="Restart").click()
    value = str(wait_for(lambda: other_qr(house, "story", old), what="another QR"))
    wait_for(lambda: strokes(shown.inner_html()) == strokes(str(drawn(value))), what="the QR renews itself")
    sandbox.scan(SHOP, value)
    state = page.locator("#state")
    expect(state.get_by_text("Working", exact=True)).to_be_visible()
    expect(state).to_contain_text("Toko Sinar")
    expect(shown).not_to_be_visible()
    expect(page.locator("#story")).to_contain_text("A phone has scanned the code")

    for _ in range(2):  # the same words again are another message
        page.get_by_label("To", exact=True).fill("0812 3456")
        page.get_by_label("Text").fill("Halo Budi")
        visitor.expect_complaint("422")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_role("status").get_by_text("country code")).to_be_visible()
        page.get_by_label("To", exact=True).fill(f"0{BUDI[2:5]} {BUDI[5:]}")  # as people here write it
        expect(page.get_by_text("Goes to +62 813-0000-002")).to_be_visible()
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.locator(".notice.good")).to_be_visible()
        expect(page.get_by_label("Text")).to_have_value("")
    wait_for(lambda: sandbox.texts(BUDI) == ["Halo Budi"] * 2, what="both texts on Budi's phone")
    sandbox.call("POST", f"/phones/{BUDI}/send", {"to": SHOP, "text": "Halo toko <b>&</b>"})
    expect(page.locator("#events")).to_contain_text("Halo toko <b>&</b>")

    first = receiver.wait_for("message", body="Halo toko <b>&</b>")
    row = page.locator("#deliveries tr", has_text="Message received")
    row.get_by_role("button", name="Deliver again").click()
    again = receiver.wait_for("message", body="Halo toko <b>&</b>")
    assert again["id"] == first["id"]

    page.get_by_role("button", name="Take a picture").click()
    expect(page.get_by_role("img", name="What the browser of story shows now")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(state.get_by_text("Stopped", exact=True)).to_be_visible()
    expect(page.get_by_role("status").get_by_text("None of its processes is left")).to_be_visible()
    assert browsers_of(house.data_dir) == []
    page.get_by_role("button", name="Start").click()
    expect(state.get_by_text("Working", exact=True)).to_be_visible()
    assert page.evaluate("window.isTheSamePage"), "the page was loaded anew in between"

    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_role("heading", name="What will be lost")).to_be_visible()
    expect(page.locator("form.confirm")).to_contain_text("The link with Toko Sinar")
    watch_steps(page)
    page.get_by_role("button", name="Delete story").click()
    expect(page.get_by_role("heading", name="story is deleted")).to_be_visible()
    assert_in_order(
        page.evaluate("window.steps"),
        ["Unlinking the device", "Closing the browser", "Removing its files", "Forgetting the session"],
    )
    assert house.http.get("/api/sessions/story").status_code == 404
    assert browsers_of(house.data_dir) == []
    assert house.folders() == []
    page.get_by_role("link", name="All sessions").click()
    expect(page.get_by_role("link", name="story")).not_to_be_visible()


def test_a_code_to_type_in_links_a_phone_and_the_overview_follows_without_being_loaded_anew(
    house: Server, sandbox: Sandbox, visitor: Visitor, receiver: Receiver
) -> None:
    sandbox.phone(LATER, "Toko Kedua")
    page = visitor.sign_in()
    house.create("second")
    house.create("asleep", start=False)
    needs = page.get_by_role("region", name="Needs you")
    expect(needs.get_by_role("link", name="second")).to_be_visible()
    assert page.get_by_role("heading", level=2).all_inner_texts()[0].startswith("Needs you")
    needs.get_by_role("link", name="second").click()
    page.get_by_text("Link with a phone number instead").click()
    page.get_by_label("Number of the phone").fill(f"+{LATER}")
    page.get_by_role("button", name="Show a code to type in").click()
    code = page.locator(".code").inner_text().removeprefix("Code:").strip()
    sandbox.call("POST", f"/phones/{LATER}/link", {"code": code})
    expect(page.locator("#state").get_by_text("Working", exact=True)).to_be_visible()
    page.get_by_role("link", name="All sessions").click()
    sandbox.call("POST", f"/phones/{LATER}/send", {"to": LATER, "text": "catatan"})
    row = page.get_by_role("region", name="Working").locator("li", has_text="second")
    expect(row).to_contain_text("catatan")
    expect(row.locator(".row-memory")).to_contain_text("MB")

    assert barriers(page) == []
    found: list[str] = []
    for path in ("sessions/second", "sessions/asleep", "sessions/second/logout", "sessions/second/delete", "new"):
        page.goto(f"/dashboard/{path}")
        found += barriers(page)
    page.goto("/dashboard/sessions/second")
    page.locator("#events li", has_text="catatan").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="What became of this message")).to_be_visible()
    expect(page.locator("main")).to_contain_text("catatan")
    expect(page.locator("main")).to_contain_text(receiver.url)
    found += barriers(page)
    page.goto("/dashboard/sessions/second/logout")
    page.get_by_role("button", name="Log out second").click()
    page.wait_for_url("**/sessions/second")
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    found += barriers(page)
    assert found == []
    for name in ("second", "asleep"):
        house.http.delete(f"/api/sessions/{name}")


def test_a_passkey_is_answered_and_its_code_compared_on_the_session_s_page(
    house: Server, sandbox: Sandbox, visitor: Visitor
) -> None:
    number = "628160000077"
    sandbox.phone(number, "Toko Kunci")
    sandbox.fault("passkey", number=number)
    page = visitor.sign_in()
    house.create("locked")
    page.goto("/dashboard/sessions/locked")
    sandbox.scan(number, house.qr("locked"))
    expect(page.get_by_role("heading", name="Answer with the passkey")).to_be_visible()
    challenge = house.http.get("/api/locked/auth/passkey/challenge").json()["challenge"]
    expect(page.locator("#passkey-line")).to_contain_text(challenge)
    assert barriers(page) == []
    for wrong in ("not what it gave", "[]"):
        page.get_by_label("What it gave you").fill(wrong)
        visitor.expect_complaint("422")
        page.get_by_role("button", name="Hand it over").click()
        expect(page.locator(".notice.bad")).to_contain_text("not what the passkey signed")
    signed = sandbox.call("POST", f"/phones/{number}/passkey", {"challenge": challenge})
    page.get_by_label("What it gave you").fill(json.dumps(signed))
    page.get_by_role("button", name="Hand it over").click()
    expect(page.get_by_role("heading", name="Compare the code")).to_be_visible()
    code = house.http.get("/api/locked/auth/passkey/confirmation").json()["code"]
    expect(page.locator(".code")).to_contain_text(code)
    page.get_by_role("button", name="It is the same").click()
    expect(page.locator("#state").get_by_text("Working", exact=True)).to_be_visible()
    house.http.delete("/api/sessions/locked")


def test_clean_up_health_and_keys(house: Server, visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/")
    found = barriers(page)
    visitor.expect_complaint("422")
    page.get_by_label("API key", exact=True).fill("not a key")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This key is not known here")).to_be_visible()
    found += barriers(page)
    visitor.sign_in(path="/dashboard/cleanup")
    assert page.url.endswith("/dashboard/cleanup"), "the sign-in leads to what was asked for"

    house.create("leftover", start=False)
    house.http.post("/api/sessions/leftover/start")
    house.wait_status("leftover", "SCAN_QR_CODE")
    (profile,) = house.profiles.glob("leftover*")
    with (profile / "held.txt").open("w"):
        assert house.http.delete("/api/sessions/leftover").status_code == 202
        waiting = page.locator("#waiting")
        expect(waiting.get_by_role("heading", name="leftover")).to_be_visible()
        expect(waiting).to_contain_text("The files are in use.")
        expect(waiting).to_contain_text("held.txt")
        found += barriers(page)
    page.get_by_role("button", name="Clean now").click()
    expect(waiting.get_by_text("Nothing waits")).to_be_visible()
    house.wait_trash_empty()

    page.get_by_role("link", name="Health").click()
    expect(page.locator(".verdict")).to_be_visible()
    found += barriers(page)

    page.get_by_role("link", name="Keys").click()
    page.get_by_label("Whose it is").fill("bot")
    page.locator("input[name=scope][value=send]").check()
    page.get_by_role("button", name="Make the key").click()
    secret = page.locator("#secret").inner_text()
    found += barriers(page)
    assert found == []
    with httpx.Client(base_url=house.url, headers={"X-Api-Key": secret}, trust_env=False) as client:
        assert client.get("/api/sessions").status_code == 200
        page.goto("/dashboard/keys")
        assert secret not in page.content()
        page.locator("summary").click()
        page.get_by_role("button", name="Revoke for good").click()
        expect(page.get_by_text("There are no stored keys")).to_be_visible()
        assert client.get("/api/sessions").status_code == 401
    assert secret not in house.log.read_text()


def test_a_revoked_key_ends_the_open_page_and_a_limited_one_sees_only_its_session(
    house: Server, browser: Browser, visitor: Visitor
) -> None:
    house.create("mine", start=False)
    house.create("other", start=False)
    key = {"name": "clerk", "scopes": ["read"], "sessions": ["mine"]}
    made = house.http.post("/api/keys", json=key).json()
    visitor.expect_complaint("403")
    page = visitor.sign_in(made["key"])
    expect(page.get_by_role("link", name="mine", exact=True)).to_be_visible()
    assert "other" not in page.content()
    for hidden in ("Health", "Keys", "New session"):
        expect(page.get_by_role("link", name=hidden)).to_have_count(0)
    for refused in ("sessions/other", "sessions/mine/delete", "sessions/mine/screenshot.png", "keys", "health", "new"):
        answer = page.goto(f"/dashboard/{refused}")
        assert answer is not None
        assert answer.status == 403, refused
    page.goto("/dashboard/sessions/mine")
    expect(page.get_by_role("button", name="Start")).to_have_count(0)
    expect(page.locator("#deliveries")).to_have_count(0)
    assert house.http.delete(f"/api/keys/{made['id']}").status_code == 204
    page.wait_for_url("**/dashboard/sign-in")


def test_language_and_appearance_are_the_readers_choice(house: Server, browser: Browser) -> None:
    visitor = Visitor(browser, house.url, language="id-ID", width=390)
    page = visitor.page
    page.goto("/")
    expect(page.get_by_role("heading", name="Masuk")).to_be_visible()
    page.get_by_label("Kunci API").fill(KEY)
    page.get_by_role("button", name="Masuk").click()
    expect(page.get_by_role("heading", name="Sesi", level=1)).to_be_visible()
    page.get_by_role("button", name="Gelap").click()
    expect(page.locator("html")).to_have_css("color-scheme", "dark")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Sessions", level=1)).to_be_visible()
    for path in ("/", "/dashboard/keys", "/dashboard/health", "/dashboard/cleanup"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") == 390, f"{path} is wider than a phone"
    visitor.close()


def test_a_server_that_went_away_is_told_and_the_page_comes_back_by_itself(
    tmp_path: Path, sandbox: Sandbox, browser: Browser
) -> None:
    first = Server(tmp_path / "data", sandbox.url)
    port = int(first.url.rpartition(":")[2])
    visitor = Visitor(browser, first.url)
    for part in ("ERR_", "503"):
        visitor.expect_complaint(part)
    page = visitor.page
    away = page.get_by_role("alert")
    with running(first):
        visitor.sign_in()
        first.create("survivor", start=False)
        expect(page.get_by_role("link", name="survivor")).to_be_visible()
        expect(away).not_to_be_visible()
    expect(away).to_contain_text("The server cannot be reached.")
    expect(page.get_by_role("link", name="survivor")).to_be_visible()
    second = Server(tmp_path / "data", sandbox.url, port)
    with running(second):
        expect(away).not_to_be_visible()
        second.create("later", start=False)
        expect(page.get_by_role("link", name="later")).to_be_visible()
        visitor.close()


def test_a_form_that_does_not_come_from_our_own_page_does_nothing(house: Server) -> None:
    house.create("guarded", start=False)
    path = "/dashboard/sessions/guarded/delete"
    with httpx.Client(base_url=house.url, trust_env=False) as client:
        assert client.post(path, data={"token": "x"}).headers["location"].startswith("/dashboard/sign-in")
        signed_in = client.post("/dashboard/sign-in", data={"key": KEY, "next": "//evil.example/"})
        assert signed_in.headers["location"] == "/"
        cookie = signed_in.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert KEY not in cookie
        token = token_in(client.get(path).text)
        for more in ({}, {"token": ""}, {"token": "é"}, {"token": token[:-1] + "0" * (token[-1] != "0")}):
            assert client.post(path, data=more).status_code == 403
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://["},
            {"Origin": "http://[::1"},
            {"Sec-Fetch-Site": "cross-site"},
        ):
            assert client.post(path, data={"token": token}, headers=headers).status_code == 403, headers
        foreign_key = client.post("/dashboard/sign-in", data={"key": KEY}, headers={"Origin": "https://evil.example"})
        assert foreign_key.status_code == 403
        with httpx.Client(base_url=house.url, trust_env=False) as other:
            other.post("/dashboard/sign-in", data={"key": KEY})
            assert other.post(path, data={"token": token}).status_code == 403, "another visitor's token"
        assert house.session("guarded")["name"] == "guarded"
        # The API takes no cookie: a form on a foreign page cannot ride on it.
        assert client.delete("/api/sessions/guarded").status_code == 401
        without_script = client.post(path, data={"token": token})
        assert (without_script.status_code, without_script.headers["location"]) == (303, "/")
    assert house.http.get("/api/sessions/guarded").status_code == 404


def test_every_answer_carries_the_policy_and_errors_are_pages(house: Server) -> None:
    with httpx.Client(base_url=house.url, trust_env=False) as client:
        client.post("/dashboard/sign-in", data={"key": KEY})
        pages = {
            "/": 200,
            "/dashboard/static/base.css": 200,
            "/dashboard/nothing": 404,
            "/dashboard/sessions/none": 404,
        }
        for path, status in pages.items():
            answer = client.get(path)
            assert answer.status_code == status, path
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
        assert client.put("/").status_code == 405
        too_long = client.post("/dashboard/new", content=b"a=" + b"x" * 300_000)
        assert too_long.status_code == 413
        assert client.post("/dashboard/new", content=b"\xff").status_code == 422
    # The API's own addresses stay its own.
    assert house.http.get("/api/nothing").json()["code"] == "not_found"
    assert house.http.get("/docs").status_code == 200


def other_qr(house: Server, name: str, old: str) -> str | None:
    """Return a session's QR when it is another one."""
    answer = house.http.get(f"/api/{name}/auth/qr", params={"format": "raw"})
    value = str(answer.json()["value"]) if answer.is_success else old
    return None if value == old else value


def strokes(svg: str) -> str:
    """Return the path of a drawn QR, which is its content."""
    return svg.partition(' d="')[2].partition('"')[0]


def watch_steps(page: Page) -> None:
    """Note each step that the page says it is at."""
    page.evaluate("""() => {
      window.steps = [];
      const note = () => {
        const now = document.querySelector("#ending .now span")?.textContent.trim();
        if (now && window.steps.at(-1) !== now) window.steps.push(now);
      };
      const place = document.getElementById("ending").parentElement;
      new MutationObserver(note).observe(place, {subtree: true, childList: true});
    }""")


def assert_in_order(seen: list[str], planned: list[str]) -> None:
    """Fail unless some of the planned steps were seen, none other, and in their order."""
    places = [next(at for at, step in enumerate(planned) if words.startswith(step)) for words in seen]
    assert places, "no progress was shown"
    assert places == sorted(places), seen


def token_in(html: str) -> str:
    """Return the token of a page's forms."""
    return html.partition('name="token" value="')[2].partition('"')[0]


def test_a_session_says_in_both_languages_what_its_page_is_and_cannot_do(
    house: Server, sandbox: Sandbox, browser: Browser
) -> None:
    sandbox.fault("remove_module", module="WAWebSendReactionMsgAction")
    try:
        house.pair(sandbox, "lacking", "628130000009")
    finally:
        sandbox.fault("remove_module", module=None)
    for language, said in (("en", ("Cannot do now", "reactions")), ("id", ("Sedang tidak bisa", "reaksi"))):
        visitor = Visitor(browser, house.url, language=language)
        try:
            visitor.page.goto("/")
            visitor.page.locator("#key").fill(KEY)
            visitor.page.locator("button.main").click()
            visitor.page.wait_for_url(lambda url: "sign-in" not in url)
            visitor.page.goto("/dashboard/sessions/lacking")
            facts = visitor.page.locator("#facts")
            for words in (*said, "2.3000.1099999999", "WA-JS 4.6.0"):
                expect(facts).to_contain_text(words)
        finally:
            visitor.close()


def test_a_session_says_in_both_languages_what_restricts_it_and_when_it_is_tried_again(
    house: Server, sandbox: Sandbox, browser: Browser
) -> None:
    number = "628130000010"
    house.pair(sandbox, "limited", number)
    sandbox.fault("timelock", number=number, seconds=3600)
    wait_for(lambda: "reachout_timelock" in house.story("limited"), what="restricted")
    restricted = {"en": "only to people who have written to it", "id": "orang yang sudah pernah menulis"}
    banned = {"en": "It is tried again by itself", "id": "Akan dicoba lagi otomatis"}
    for words, is_banned in ((restricted, False), (banned, True)):
        if is_banned:
            sandbox.fault("temp_ban", number=number, seconds=3600)
            house.wait_status("limited", "FAILED")
        for language, said in words.items():
            visitor = Visitor(browser, house.url, language=language)
            try:
                visitor.page.goto("/")
                visitor.page.locator("#key").fill(KEY)
                visitor.page.locator("button.main").click()
                visitor.page.wait_for_url(lambda url: "sign-in" not in url)
                visitor.page.goto("/dashboard/sessions/limited")
                expect(visitor.page.locator("#state")).to_contain_text(said)
                if is_banned:
                    shown = visitor.page.locator("#next-try time")
                    assert shown.get_attribute("datetime") is not None
            finally:
                visitor.close()
    sandbox.fault("clear")
