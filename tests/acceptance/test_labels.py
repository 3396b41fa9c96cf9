"""Labels of a business account over HTTP, on a real page: made, changed, put on chats, and told of."""

from __future__ import annotations

from typing import Any

from support.receiver import Receiver
from support.running import Sandbox, Server, wait_for


def upserts(receiver: Receiver) -> int:
    return [one["event"] for one in receiver.seen].count("label.upsert")


def test_labels_are_made_put_on_chats_and_told_of_whoever_does_it(server: Server, sandbox: Sandbox) -> None:
    shop, budi, ani = "628129000001", sandbox.phone("628129000002", "Budi"), sandbox.phone("628129000003", "Ani")
    sandbox.call("POST", "/phones", {"number": shop, "name": "Shop", "business": True})
    with Receiver() as receiver:
        config = {"webhooks": [{"url": receiver.url, "events": [f"label.{one}" for one in EVENTS]}]}
        server.create("labels", config=config)
        sandbox.scan(shop, server.qr("labels"))
        server.wait_status("labels", "WORKING")

        def ask(method: str, path: str = "", body: Any = None) -> Any:
            return server.http.request(method, f"/api/labels/labels{path}", json=body)

        def done(method: str, path: str = "", body: Any = None) -> Any:
            answer = ask(method, path, body)
            assert answer.is_success, answer.text
            return answer.json()

        assert done("GET") == []
        for number in (budi, ani):
            assert server.send("labels", number, "hello").status_code == 201
        lead = done("POST", "", {"name": "Lead", "color": 0})
        assert lead == {"id": "1", "name": "Lead", "color": 0, "colorHex": "#ff9485"}
        assert receiver.wait_for("label.upsert", id="1")["payload"] == lead
        paid = done("POST", "", {"name": "Paid", "colorHex": "#FFD429"})
        assert (paid["color"], paid["colorHex"]) == (2, "#ffd429")
        assert done("POST", "", {"name": "Free"})["color"] == 1, "the first that no label has"
        changed = done("PUT", "/2", {"name": "Has paid", "color": 0})
        assert (changed["name"], changed["color"]) == ("Has paid", 0)
        receiver.wait_for("label.upsert", id="2", color=0)
        assert done("PUT", "/2", {"name": "Paid"})["color"] == 0

        assert done("GET", f"/chats/{budi}") == []
        done("PUT", f"/chats/{budi}", {"labels": [{"id": "1"}, {"id": "2"}]})
        assert [one["id"] for one in done("GET", f"/chats/{budi}")] == ["1", "2"]
        told = receiver.wait_for("label.chat.added", labelId="1")["payload"]
        assert told == {"labelId": "1", "chatId": f"{budi}@c.us", "label": lead}
        done("PUT", f"/chats/{budi}", {"labels": [{"id": "2"}]})
        assert receiver.wait_for("label.chat.deleted")["payload"]["labelId"] == "1"
        chats = done("GET", "/2/chats")
        assert [one["id"] for one in chats] == [f"{budi}@c.us"]
        assert chats[0]["lastMessage"]["body"] == "hello"
        assert done("GET", "/1/chats") == []

        # What the owner does on the phone.
        sandbox.call("POST", f"/phones/{shop}/labels/label_put", {"name": "From the phone", "color": 5})
        assert receiver.wait_for("label.upsert", id="4")["payload"]["name"] == "From the phone"
        sandbox.call("POST", f"/phones/{shop}/labels/label_chat", {"id": "4", "chat": ani, "on": True})
        assert receiver.wait_for("label.chat.added", labelId="4")["payload"]["chatId"] == f"{ani}@c.us"
        wait_for(
            lambda: [one["id"] for one in done("GET", "/4/chats")] == [f"{ani}@c.us"], what="the label on Ani's chat"
        )
        done("DELETE", "/4")
        assert receiver.wait_for("label.deleted")["payload"]["name"] == "From the phone"
        assert done("GET", f"/chats/{ani}") == []

        for method, path, body, status in (
            ("PUT", "/99", {"name": "x"}, 404),
            ("DELETE", "/99", None, 404),
            ("GET", "/99/chats", None, 404),
            ("PUT", f"/chats/{budi}", {"labels": [{"id": "99"}]}, 404),
            ("GET", "/chats/628999999999", None, 404),
            ("POST", "", {"name": " "}, 422),
            ("POST", "", {"name": "x", "color": 99}, 422),
            ("POST", "", {"name": "x", "colorHex": "#123456"}, 422),
            ("POST", "", {"name": "x", "colorHex": "#ff9485", "color": 0}, 422),
        ):
            assert ask(method, path, body).status_code == status, (method, path, body)
        assert len(done("GET")) == 3

        # They are there again after a restart, and that is no news.
        before = upserts(receiver)
        assert server.http.post("/api/sessions/labels/restart").is_success
        server.wait_status("labels", "WORKING")
        assert [one["name"] for one in done("GET")] == ["Lead", "Paid", "Free"]
        assert [one["id"] for one in done("GET", f"/chats/{budi}")] == ["2"]
        assert upserts(receiver) == before


EVENTS = ("upsert", "deleted", "chat.added", "chat.deleted")


def test_an_account_that_is_no_business_has_no_labels(server: Server, sandbox: Sandbox) -> None:
    server.pair(sandbox, "private", "628129000011")
    assert server.http.get("/api/private/labels").json() == []
    refused = server.http.post("/api/private/labels", json={"name": "Lead"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed_in_whatsapp"), refused.text
    assert "Business" in refused.json()["detail"]
