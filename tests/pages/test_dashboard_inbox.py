"""The inbox in a real browser: a shop owner reads, answers and sends files; what comes in is there without a click."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from support.axe import barriers
from support.running import KEY, Sandbox, Server, running, wait_for
from support.visitor import Visitor

SHOP, BUDI, SITI, NOBODY_YET = "628140000001", "628140000002", "628140000003", "628140000004"
PAPER = b"%PDF-1.7 a price list"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("inbox") / "data", sandbox.url, TUNTAS_MEDIA_MAX_BYTES="1000000")
    with running(server):
        for number, name in ((BUDI, "Budi"), (SITI, "Siti"), (NOBODY_YET, "Nobody yet")):
            sandbox.phone(number, name)
        server.pair(sandbox, "shop", SHOP)
        yield server


def writes(sandbox: Sandbox, number: str, text: str, **media: str) -> None:
    """Have somebody write to the shop."""
    more = {"media": media} if media else {}
    sandbox.call("POST", f"/phones/{number}/send", {"to": SHOP, "text": text} | more)


def test_a_customer_writes_and_is_answered_with_words_and_a_picture(
    sandbox: Sandbox, visitor: Visitor, tmp_path: Path
) -> None:
    page = visitor.sign_in(path="/dashboard/sessions/shop")
    page.get_by_role("link", name="Inbox").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    page.evaluate("window.isTheSamePage = true")
    chats = page.get_by_role("region", name="Chats").get_by_role("listitem")
    writes(sandbox, SITI, "Masih buka?")
    writes(sandbox, BUDI, "Ada kopi <b>&</b> gula?")
    budi = chats.filter(has_text="Budi")
    expect(budi).to_contain_text("Ada kopi <b>&</b> gula?")
    expect(budi).to_contain_text("1 new message")
    assert page.evaluate("window.isTheSamePage")
    assert barriers(page) == []

    budi.get_by_role("link").click()
    page.evaluate("window.isTheSamePage = true")
    log = page.get_by_role("region", name="Messages")
    expect(log).to_contain_text("Ada kopi <b>&</b> gula?")
    answer = page.get_by_role("textbox", name="Answer")
    answer.fill("Ada, Pak.")
    writes(sandbox, BUDI, "Halo?")
    expect(log).to_contain_text("Halo?")
    expect(page.get_by_role("status").filter(has_text="Budi writes: Halo?")).to_have_count(1)
    expect(answer).to_have_value("Ada, Pak.")
    answer.press("Enter")
    expect(log).to_contain_text("Ada, Pak.")
    expect(answer).to_have_value("")
    expect(budi).not_to_contain_text("new message")
    wait_for(lambda: sandbox.texts(BUDI).count("Ada, Pak.") == 1, what="the answer is on Budi's phone")
    answer.fill("Ada, Pak.")  # the same words again are another message
    page.get_by_role("button", name="Send").click()
    wait_for(lambda: sandbox.texts(BUDI).count("Ada, Pak.") == 2, what="it is there again")

    picture = tmp_path / "kopi.png"
    picture.write_bytes(png())
    page.get_by_label("Attach a file").set_input_files(picture)
    answer.fill("Ini kopinya")
    page.get_by_role("button", name="Send").click()
    shown = log.get_by_role("listitem").filter(has_text="Ini kopinya").get_by_role("img")
    expect(shown).to_be_visible()
    wait_for(lambda: shown.evaluate("image => image.complete && image.naturalWidth > 0"), what="the picture is drawn")
    assert page.get_by_label("Attach a file").evaluate("field => field.files.length") == 0
    sent = sandbox.call("GET", f"/phones/{BUDI}/messages")[-1]
    assert (sent["text"], sent["media"]["kind"]) == ("Ini kopinya", "image")
    assert page.evaluate("window.isTheSamePage")
    assert barriers(page) == []


def test_files_that_come_are_offered_and_never_shown_as_pages_of_ours(
    house: Server, sandbox: Sandbox, visitor: Visitor
) -> None:
    evil = base64.b64encode(b"<script>alert(1)</script>").decode()
    writes(sandbox, SITI, "", kind="document", mimetype="text/html", filename="harga.html", data=evil)
    page = visitor.sign_in(path=f"/dashboard/sessions/shop/inbox/{SITI}@c.us")
    link = page.get_by_role("link", name="harga.html")
    with page.expect_download() as waiting:
        link.click()
    assert waiting.value.suggested_filename == "harga.html"
    assert waiting.value.path().read_bytes() == base64.b64decode(evil)
    answer = page.request.get(str(link.get_attribute("href")))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_what_cannot_be_sent_is_told_beside_the_form_which_keeps_what_was_typed(
    sandbox: Sandbox, visitor: Visitor, tmp_path: Path
) -> None:
    large, wrong = tmp_path / "besar.pdf", tmp_path / "palsu.png"
    large.write_bytes(bytes(1_000_001))
    wrong.write_bytes(b"<html>")
    page = visitor.sign_in(path=f"/dashboard/sessions/shop/inbox/{SITI}@c.us")
    answer, file = page.get_by_role("textbox", name="Answer"), page.get_by_label("Attach a file")
    form, send = page.locator("#send-form"), page.get_by_role("button", name="Send")
    answer.fill("Daftar harga")
    before = sandbox.texts(SITI)
    file.set_input_files(large)
    expect(form.get_by_role("alert")).to_contain_text("larger than 1 MB")
    send.click()
    expect(form.get_by_role("alert")).to_be_visible()
    visitor.expect_complaint("422")
    file.set_input_files(wrong)
    expect(form.get_by_role("alert")).not_to_be_visible()
    send.click()
    expect(form.locator("#reply-result")).to_contain_text("This is no picture")
    file.set_input_files([])
    answer.fill(" ")
    send.click()
    expect(form.locator("#reply-result")).to_contain_text("Write something")
    answer.fill("Daftar harga")
    sandbox.fault("timelock", number=SHOP, seconds=3600)
    page.goto(f"/dashboard/sessions/shop/inbox/{NOBODY_YET}@c.us")
    expect(page.get_by_text("No messages yet")).to_be_visible()
    answer.fill("Daftar harga")
    visitor.expect_complaint("429")
    send.click()
    expect(form.locator("#reply-result")).to_contain_text("does not let this account write to this person")
    expect(answer).to_have_value("Daftar harga")
    assert barriers(page) == []
    sandbox.fault("clear")
    assert sandbox.texts(SITI) == before
    assert sandbox.texts(NOBODY_YET) == []


def test_without_script_a_form_answers_once_and_a_refusal_keeps_the_words(house: Server, sandbox: Sandbox) -> None:
    path = f"/dashboard/sessions/shop/inbox/{BUDI}@c.us"
    with signed_in(house) as client:
        html = client.get(path).text
        form = {"token": value_of("token", html), "send_key": value_of("send_key", html), "text": "Sekali saja"}
        for _ in range(2):
            answer = client.post(path, data=form, files={"file": ("", b"")})
            assert (answer.status_code, answer.headers.get("location")) == (303, path)
        refused = client.post(path, data=form | {"text": "Lihat ini"}, files={"file": ("a.png", b"x", "image/png")})
        assert refused.status_code == 422
        assert "This is no picture" in refused.text
        assert ">Lihat ini</textarea>" in refused.text
        too_large = client.post(path, data=form, files={"file": ("a.bin", bytes(1_000_001))})
        assert (too_large.status_code, "larger than 1 MB" in too_large.text) == (422, True)
        assert client.post(path, data=form | {"token": "x"}, files={"file": ("", b"")}).status_code == 403
        for wrong in ("nobody", "1@example.com", "628@c.us%2F..", "status@broadcast"):
            assert client.get(f"/dashboard/sessions/shop/inbox/{wrong}").status_code == 404, wrong
    wait_for(lambda: sandbox.texts(BUDI).count("Sekali saja") == 1, what="it is sent")
    assert sandbox.texts(BUDI).count("Sekali saja") == 1


def test_chats_are_found_and_a_number_without_one_can_be_written_to(sandbox: Sandbox, visitor: Visitor) -> None:
    for number, text in ((SITI, "Terima kasih"), (BUDI, "Sampai besok")):
        writes(sandbox, number, text)
    page = visitor.sign_in(path="/dashboard/sessions/shop/inbox")
    chats = page.get_by_role("region", name="Chats").get_by_role("listitem")
    expect(chats.filter(has_text="Sampai besok")).to_have_count(1)
    search = page.get_by_role("searchbox")
    search.fill("terima")
    search.press("Enter")
    expect(chats).to_have_count(1)
    expect(chats.first).to_contain_text("Terima kasih")
    page.get_by_role("searchbox").fill("tidak ada yang begini")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_text("No chat has this")).to_be_visible()
    page.get_by_role("searchbox").fill("+62 899 0000 1111")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name="Write to +6289900001111").click()
    expect(page.get_by_role("heading", name="+6289900001111")).to_be_visible()


def test_a_session_that_stops_keeps_what_is_shown_and_a_key_may_only_look(
    house: Server, sandbox: Sandbox, browser: Browser
) -> None:
    writes(sandbox, BUDI, "Masih buka?")
    made = house.http.post("/api/keys", json={"name": "eyes", "scopes": ["read"], "sessions": ["shop"]}).json()
    visitor = Visitor(browser, house.url, width=390)
    try:
        page = visitor.sign_in(made["key"], path=f"/dashboard/sessions/shop/inbox/{BUDI}@c.us")
        expect(page.get_by_role("textbox", name="Answer")).to_have_count(0)
        log = page.get_by_role("region", name="Messages")
        expect(log.get_by_role("listitem").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 390, "it is wider than a phone"
        house.http.post("/api/sessions/shop/stop")
        expect(page.get_by_role("status").filter(has_text="as soon as the session works")).to_be_visible()
        expect(log.get_by_role("listitem").first).to_be_visible()
        assert barriers(page) == []
        house.http.post("/api/sessions/shop/start")
        expect(page.get_by_role("status").filter(has_text="as soon as the session works")).not_to_be_visible()
        visitor.expect_complaint("403")
        answer = page.request.post(f"/dashboard/sessions/shop/inbox/{BUDI}@c.us", multipart={"text": "x"})
        assert answer.status == 403
    finally:
        visitor.close()
        house.http.delete(f"/api/keys/{made['id']}")


@contextmanager
def signed_in(house: Server) -> Iterator[httpx.Client]:
    """Have a client with a visitor's cookie, as a browser without script."""
    with httpx.Client(base_url=house.url, trust_env=False, timeout=60) as client:
        client.post("/dashboard/sign-in", data={"key": KEY})
        yield client


def value_of(name: str, html: str) -> str:
    """Return what a hidden field of a page has."""
    match = re.search(rf'name="{name}"[^>]* value="([^"]*)"', html)
    assert match is not None
    return match[1]


def png() -> bytes:
    """Return a picture of 16 by 16 points."""
    rows = b"".join(b"\0" + b"\x6f\x4e\x37" * 16 for _ in range(16))
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
