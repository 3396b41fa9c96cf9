"""A session's life over HTTP against the sandbox: everything that a client can see of it."""

from __future__ import annotations

import base64

from support.receiver import Receiver
from support.running import Sandbox, Server, browsers_of, run, tree_of, wait_for

SHOP, BUDI = "628110000001", "628110000002"
PNG = b"\x89PNG\r\n\x1a\n"


def test_from_qr_to_messages_to_deletion(server: Server, sandbox: Sandbox) -> None:
    with Receiver() as receiver:
        hook = {
            "url": receiver.url,
            "events": ["session.status", "message", "message.any", "message.ack"],
            "hmac": {"key": "my-secret-key"},
            "customHeaders": [{"name": "X-Tenant", "value": "shop-1"}],
        }
        sandbox.phone(SHOP, "Toko Sinar")
        sandbox.phone(BUDI, "Budi")
        created = server.create("life", config={"webhooks": [hook], "metadata": {"customer": "42"}})
        assert created["status"] == "STARTING"
        assert created["engine"] == {"engine": "WPP"}
        assert created["me"] is None
        assert created["config"]["webhooks"][0]["hmac"] == {"key": "***"}

        value = server.qr("life")
        image = server.http.get("/api/life/auth/qr")
        assert image.headers["content-type"] == "image/png"
        assert image.content.startswith(PNG)
        as_json = server.http.get("/api/life/auth/qr", headers={"Accept": "application/json"}).json()
        assert as_json["mimetype"] == "image/png"
        assert base64.b64decode(as_json["data"]).startswith(PNG)

        sandbox.scan(SHOP, value)
        server.wait_status("life", "WORKING")
        me = server.http.get("/api/sessions/life/me").json()
        assert (me["id"], me["pushName"]) == (f"{SHOP}@c.us", "Toko Sinar")
        assert me["lid"].endswith("@lid")
        assert server.http.get("/api/screenshot", params={"session": "life"}).content.startswith(PNG)
        assert server.http.get("/api/life/auth/qr").json()["code"] == "wrong_session_status"

        sandbox.call("POST", f"/phones/{BUDI}/send", {"to": SHOP, "text": "Is it open?"})
        event = receiver.wait_for("message")
        assert event["payload"]["from"] == f"{BUDI}@c.us"
        assert event["payload"]["body"] == "Is it open?"
        assert event["payload"]["fromMe"] is False
        assert event["me"] == me
        assert event["metadata"] == {"customer": "42"}
        assert event["engine"] == "WPP"

        answer = server.send("life", BUDI, "Until nine.")
        assert answer.status_code == 201
        sent = answer.json()
        assert sent["id"].startswith(f"true_{BUDI}@c.us_")
        assert sent["source"] == "api"
        wait_for(lambda: "Until nine." in sandbox.texts(BUDI), what="the text on Budi's phone")
        assert receiver.wait_for("message.any", fromMe=True)["payload"]["source"] == "api"
        receiver.wait_for("message.ack", id=sent["id"], ackName="DEVICE")
        sandbox.call("POST", f"/phones/{BUDI}/read", {"chat": SHOP})
        assert receiver.wait_for("message.ack", id=sent["id"], ackName="READ")["payload"]["ack"] == 3

        chat = server.http.get(f"/api/life/chats/{BUDI}@c.us/messages", params={"limit": 10}).json()
        assert [message["body"] for message in chat] == ["Until nine.", "Is it open?"]
        mine = server.http.get(f"/api/life/chats/{BUDI}/messages", params={"filter.fromMe": True}).json()
        assert [message["body"] for message in mine] == ["Until nine."]

        reply = server.http.post(
            "/api/sendText", json={"session": "life", "chatId": BUDI, "text": "Until ten!", "reply_to": chat[1]["id"]}
        )
        assert reply.status_code == 201, reply.text

        tree = tree_of(server.data_dir)
        assert len(tree) > 1
        assert server.http.delete("/api/sessions/life").status_code == 200
        assert browsers_of(server.data_dir) == []
        assert server.folders() == []
        assert receiver.wait_for("session.status", status="STOPPED")["payload"]["statuses"][-1]["status"] == "STOPPED"
        assert receiver.all_signed_with("my-secret-key")
        assert all(headers["x-tenant"] == "shop-1" for headers in receiver.headers)
    server.wait_trash_empty()
    assert server.http.delete("/api/sessions/life").status_code == 200
    assert server.http.get("/api/sessions/life").status_code == 404


def test_own_messages_from_the_phone_are_told_apart_from_those_sent_over_http(server: Server, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628110000011"), sandbox.phone("628110000012")
    with Receiver() as receiver:
        hook = {"url": receiver.url, "events": ["message", "message.any"]}
        server.pair(sandbox, "own", shop, config={"webhooks": [hook]})
        sandbox.call("POST", f"/phones/{shop}/send", {"to": budi, "text": "typed on the phone"})
        event = receiver.wait_for("message.any")
        assert event["payload"]["fromMe"] is True
        assert event["payload"]["source"] == "app"
        assert event["payload"]["to"] == f"{budi}@c.us"
    assert not [event for event in receiver.seen if event["event"] == "message"]


def test_stop_keeps_the_link_and_start_needs_no_scan(server: Server, sandbox: Sandbox) -> None:
    server.pair(sandbox, "keep", "628110000021")
    stopped = server.http.post("/api/sessions/keep/stop")
    assert stopped.json()["status"] == "STOPPED"
    assert browsers_of(server.data_dir) == []
    assert server.http.post("/api/sessions/keep/stop").json()["status"] == "STOPPED"
    assert [one["name"] for one in server.http.get("/api/sessions").json()] == []
    assert [one["name"] for one in server.http.get("/api/sessions", params={"all": True}).json()] == ["keep"]
    server.http.post("/api/sessions/keep/start")
    server.wait_status("keep", "WORKING")
    assert server.story("keep").count("qr_shown") == 1


def test_restart_brings_a_new_browser_on_the_same_profile(server: Server, sandbox: Sandbox) -> None:
    server.pair(sandbox, "again", "628110000031")
    before = browsers_of(server.data_dir)
    assert server.http.post("/api/sessions/again/restart").status_code == 201
    server.wait_status("again", "WORKING")
    assert not set(before) & set(browsers_of(server.data_dir))


def test_logout_unlinks_at_whatsapp_and_shows_a_fresh_qr(server: Server, sandbox: Sandbox) -> None:
    number = "628110000041"
    server.pair(sandbox, "out", number)
    answer = server.http.post("/api/sessions/out/logout")
    assert answer.status_code == 201
    assert answer.json()["me"] is None
    assert not sandbox_devices(sandbox, number)
    sandbox.scan(number, server.qr("out"))
    server.wait_status("out", "WORKING")


def test_a_new_configuration_restarts_a_running_session(server: Server, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628110000051"), sandbox.phone("628110000052")
    server.pair(sandbox, "conf", shop)
    with Receiver() as receiver:
        config = {"webhooks": [{"url": receiver.url, "events": ["*"]}]}
        assert server.http.put("/api/sessions/conf", json={"config": config}).status_code == 200
        receiver.wait_for("session.status", status="WORKING")
        sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "now?"})
        receiver.wait_for("message")
        server.http.post("/api/sessions/conf/stop")


def test_the_terminal_does_what_the_api_does(server: Server, sandbox: Sandbox) -> None:
    data = ("--data-dir", str(server.data_dir))
    assert run("sessions", "create", "term", *data).returncode == 0
    drawn = run("sessions", "qr", "term", *data)
    assert "█" in drawn.stdout or "▀" in drawn.stdout
    sandbox.scan(sandbox.phone("628110000061"), server.qr("term"))
    server.wait_status("term", "WORKING")
    assert "WORKING" in run("sessions", "list", *data).stdout
    assert "qr_shown" in run("sessions", "show", "term", *data).stdout
    listed = run("ps", "--json", *data).stdout
    assert '"session": "term"' in listed
    assert '"state": "working"' in listed
    assert run("sessions", "delete", "term", "--yes", *data).returncode == 0
    assert run("ps", "--json", *data).stdout.strip() == "[]"


def sandbox_devices(sandbox: Sandbox, number: str) -> list[object]:
    """Return the devices that are linked to a phone."""
    return [one for one in sandbox.call("GET", "/state")["devices"] if one["number"] == number]
