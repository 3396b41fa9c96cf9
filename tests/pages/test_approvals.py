"""A key that may only ask: nothing goes out before a person's click, and after it once."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from support.axe import barriers
from support.running import Sandbox, Server, running, wait_for
from support.visitor import Visitor

SHOP, BUDI = "628131000001", "628131000002"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("approvals") / "data", sandbox.url, TUNTAS_MAX_APPROVALS="3")
    with running(server):
        server.pair(sandbox, "shop", SHOP)
        sandbox.phone(BUDI, "Budi")
        yield server


@pytest.fixture
def agent(house: Server) -> Iterator[httpx.Client]:
    made = house.http.post("/api/keys", json={"name": "agent", "scopes": ["ask"]}).json()
    with httpx.Client(base_url=house.url, headers={"X-Api-Key": made["key"]}, timeout=60, trust_env=False) as client:
        yield client
    house.http.delete(f"/api/keys/{made['id']}")


def ask(agent: httpx.Client, text: str, key: str | None = None) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return agent.post("/api/sendText", json={"session": "shop", "chatId": BUDI, "text": text}, headers=headers)


def test_a_message_that_was_asked_for_goes_out_once_after_a_click_and_a_refused_one_never(
    house: Server, sandbox: Sandbox, visitor: Visitor, agent: httpx.Client
) -> None:
    page = visitor.sign_in()
    expect(page.locator("#waiting-count .count")).to_have_count(0)
    first = ask(agent, "Your order\nis <b>ready</b>", "order-1")
    assert (first.status_code, first.json()["status"]) == (202, "waiting")
    assert first.headers["Location"] == f"/api/approvals/{first.json()['id']}"
    again = ask(agent, "Your order\nis <b>ready</b>", "order-1")
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert again.headers["Idempotent-Replayed"] == "true"
    other = ask(agent, "Your order\nis late", "order-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")

    expect(page.locator("#waiting-count .count")).to_contain_text("1")  # live, on whatever page one is
    page.get_by_role("link", name="Approvals").click()
    card = page.locator("article", has_text="agent asks to write to +628131000002")
    expect(card.locator("pre")).to_have_text("Your order\nis <b>ready</b>")
    assert barriers(page) == []
    second = ask(agent, "Buy gold now").json()
    expect(page.locator("article")).to_have_count(2)
    page.locator("article", has_text="Buy gold now").get_by_role("button", name="Refuse").click()
    expect(page.locator("article")).to_have_count(1)
    assert sandbox.texts(BUDI) == []
    card.get_by_role("button", name="Approve and send").click()
    expect(page.get_by_role("status").get_by_text("Sent.")).to_be_visible()
    expect(page.locator("#approvals-ended").get_by_text("Refused")).to_be_visible()
    expect(page.locator("#waiting-count .count")).to_have_count(0)
    wait_for(lambda: sandbox.texts(BUDI) == ["Your order\nis <b>ready</b>"], what="the message at the phone")

    asked = f"/api/approvals/{first.json()['id']}"
    wait_for(lambda: agent.get(asked).json()["status"] != "approved", what="it is known to be sent")
    told = agent.get(asked).json()
    assert (told["status"], told["decidedBy"], told["error"]) == ("sent", "configured", None)
    assert told["messageId"].startswith("true_")
    assert agent.get(f"/api/approvals/{second['id']}").json()["status"] == "denied"
    repeated = house.http.post(f"/api/approvals/{first.json()['id']}/approve")
    assert (repeated.status_code, repeated.json()) == (200, told)
    for act in (f"{second['id']}/approve", f"{first.json()['id']}/deny"):
        refused = house.http.post(f"/api/approvals/{act}")
        assert (refused.status_code, refused.json()["code"]) == (409, "approval_ended")
    assert sandbox.texts(BUDI) == ["Your order\nis <b>ready</b>"]


def test_the_page_is_indonesian_too(house: Server, browser: Browser, agent: httpx.Client) -> None:
    visitor = Visitor(browser, house.url, width=390)
    waiting = ask(agent, "Halo").json()
    page = visitor.sign_in(path="/dashboard/approvals")
    visitor.context.add_cookies([{"name": "tuntas_language", "value": "id", "url": house.url}])
    page.reload()
    page.get_by_role("button", name="Setujui dan kirim").wait_for()
    page.get_by_role("button", name="Tolak").click()
    expect(page.get_by_role("status").get_by_text("Ditolak. Pesan ini tidak akan pernah dikirim.")).to_be_visible()
    visitor.close()
    assert agent.get(f"/api/approvals/{waiting['id']}").json()["status"] == "denied"


def test_a_file_that_was_asked_for_arrives_byte_for_byte_and_is_kept_no_longer(
    house: Server, sandbox: Sandbox, agent: httpx.Client
) -> None:
    file = {"data": base64.b64encode(b"%PDF-1.7 ours").decode(), "filename": "a.pdf", "mimetype": "application/pdf"}
    asked = agent.post("/api/sendFile", json={"session": "shop", "chatId": BUDI, "file": file, "caption": "bill"})
    assert asked.status_code == 202, asked.text
    assert asked.json()["text"] == "bill\nfile: a.pdf, application/pdf, 13 bytes"
    done = house.http.post(f"/api/approvals/{asked.json()['id']}/approve").json()
    assert done["status"] == "sent", done
    message = sandbox.call("GET", f"/phones/{BUDI}/messages")[-1]
    assert message["text"] == "bill"
    assert sandbox.http.get(f"/_sandbox/media/{message['media']['file']}").content == b"%PDF-1.7 ours"


def test_what_is_approved_while_the_session_rests_goes_out_when_it_works(
    house: Server, sandbox: Sandbox, agent: httpx.Client
) -> None:
    asked = ask(agent, "when you are up").json()
    house.http.post("/api/sessions/shop/stop")
    done = house.http.post(f"/api/approvals/{asked['id']}/approve").json()
    assert done["status"] == "approved"
    assert "STOPPED" in done["error"]
    house.http.post("/api/sessions/shop/start")
    wait_for(lambda: agent.get(f"/api/approvals/{asked['id']}").json()["status"] == "sent", what="it is sent by itself")
    assert sandbox.texts(BUDI).count("when you are up") == 1


def test_one_key_may_have_so_many_wait_and_what_is_wrong_is_refused_at_once(house: Server, agent: httpx.Client) -> None:
    assert agent.post("/api/sendText", json={"session": "shop", "chatId": BUDI}).json()["code"] == "invalid_input"
    assert agent.get("/api/sessions").status_code == 403
    assert agent.post(f"/api/shop/chats/{BUDI}/archive").status_code == 403
    nobody = agent.post("/api/sendText", json={"session": "nobody", "chatId": BUDI, "text": "x"})
    assert (nobody.status_code, nobody.json()["code"]) == (404, "session_not_found")
    for number in range(3):
        assert ask(agent, f"{number}").status_code == 202
    refused = ask(agent, "one too many")
    assert (refused.status_code, refused.json()["code"]) == (422, "quota_reached")
    assert "TUNTAS_MAX_APPROVALS" in refused.json()["detail"]
    newest = agent.get("/api/approvals", params={"status": "waiting", "limit": 2}).json()
    assert [one["text"] for one in newest] == ["2", "1"]


def test_approvals_end_with_their_session(house: Server, agent: httpx.Client) -> None:
    house.create("short", start=False)
    asked = agent.post("/api/sendText", json={"session": "short", "chatId": BUDI, "text": "late"}).json()
    house.http.delete("/api/sessions/short")
    house.create("short", start=False)  # another one of the same name
    assert house.http.post(f"/api/approvals/{asked['id']}/approve").status_code in {404, 409}
    wait_for(lambda: agent.get(f"/api/approvals/{asked['id']}").json()["status"] == "cancelled", what="it is cancelled")
    assert agent.get("/api/approvals/nothing").status_code == 422
