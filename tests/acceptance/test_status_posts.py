"""Status posts over HTTP, on a real page: made, seen by those whom the account knows, told of, and taken back."""

from __future__ import annotations

import base64
from typing import Any

from acceptance.test_messages import PNG, as_data, bytes_of
from support.receiver import Receiver
from support.running import Sandbox, Server, wait_for

STATUS = "status@broadcast"
EVENTS = ["message", "message.any", "message.ack", "message.ack.group", "message.revoked"]


def posts(sandbox: Sandbox, number: str) -> list[dict[str, Any]]:
    return [one for one in sandbox.call("GET", f"/phones/{number}/messages") if one["to"] == STATUS]


def test_status_posts_are_made_seen_told_of_and_taken_back(server: Server, sandbox: Sandbox) -> None:
    shop, budi, ani, stranger = (sandbox.phone(f"62812800000{last}", f"Phone {last}") for last in range(1, 5))
    with Receiver() as receiver:
        server.create("posts", config={"webhooks": [{"url": receiver.url, "events": EVENTS}]})
        sandbox.scan(shop, server.qr("posts"))
        server.wait_status("posts", "WORKING")

        def ask(path: str, body: Any, key: str | None = None) -> Any:
            headers = {} if key is None else {"Idempotency-Key": key}
            return server.http.post(f"/api/posts/status/{path}", json=body, headers=headers)

        def posted(path: str, body: Any, key: str | None = None) -> Any:
            answer = ask(path, body, key)
            assert answer.status_code == 201, answer.text
            return answer.json()

        # One is known by a chat, the other by the address book.
        sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "hello"})
        receiver.wait_for("message", body="hello")
        assert server.http.put(f"/api/posts/contacts/{ani}", json={"firstName": "Ani"}).is_success

        chosen = server.http.get("/api/posts/status/new-message-id").json()["id"]
        text = {"text": "Open until ten!", "backgroundColor": "#0000ff", "font": 2, "id": chosen}
        first = posted("text", text, "open")
        assert (first["id"], first["to"], first["body"]) == (
            f"true_{STATUS}_{chosen}_{shop}@c.us",
            STATUS,
            text["text"],
        )
        assert (first["fromMe"], first["source"], first["participant"]) == (True, "api", f"{shop}@c.us")
        assert posted("text", text, "open") == first
        assert posted("text", text)["id"] == first["id"], "what has gone out with an id is not posted again"
        for number in (budi, ani):
            (seen,) = posts(sandbox, number)
            assert (seen["from"], seen["text"]) == (shop, text["text"])
            assert seen["look"] == {"background": 0xFF0000FF, "font": 2}
        assert posts(sandbox, stranger) == []
        assert receiver.wait_for("message.any", id=first["id"])["payload"]["source"] == "api"
        assert receiver.wait_for("message.ack", id=first["id"], ackName="DEVICE")["payload"]["to"] == STATUS
        sandbox.call("POST", f"/phones/{ani}/read", {"chat": STATUS})
        view = receiver.wait_for("message.ack.group", id=first["id"], ackName="READ")["payload"]
        assert (view["participant"], view["to"]) == (f"{ani}@c.us", STATUS)

        # Files: WhatsApp Web makes their ids.
        files: dict[str, dict[str, Any]] = {
            "image": {"file": as_data(PNG, "image/png", "dot.png"), "caption": "Fresh"},
            "video": {"file": as_data(b"no real video", "video/mp4", "v.mp4"), "caption": "Look"},
            "voice": {"file": as_data(b"OggS no real voice", "audio/ogg; codecs=opus", "v.ogg"), "convert": False},
        }
        made = {path: posted(path, body, f"key-of-{path}") for path, body in files.items()}
        assert posted("image", files["image"], "key-of-image") == made["image"]
        assert [one.get("text") for one in posts(sandbox, budi)] == [text["text"], "Fresh", "Look", ""]
        for seen, (path, body) in zip(posts(sandbox, budi)[1:], files.items(), strict=True):
            assert seen["media"]["kind"] == {"voice": "ptt"}.get(path, path)
            assert bytes_of(sandbox, seen) == base64.b64decode(body["file"]["data"])
            assert made[path]["id"] == f"true_{STATUS}_{seen['id']}_{shop}@c.us"
            assert receiver.wait_for("message.any", id=made[path]["id"])["payload"]["hasMedia"]

        # What others post.
        sandbox.call("POST", f"/phones/{budi}/send", {"to": STATUS, "text": "At the beach"})
        came = receiver.wait_for("message", body="At the beach")["payload"]
        assert (came["from"], came["participant"], came["fromMe"]) == (STATUS, f"{budi}@c.us", False)
        listed = server.http.get(f"/api/posts/chats/{STATUS}/messages").json()
        assert [one["body"] for one in listed] == ["At the beach", "", "Look", "Fresh", text["text"]]
        assert [one["id"] for one in server.http.get("/api/posts/chats").json()] == [f"{budi}@c.us"]

        # They are there after a restart, and can be taken back: by the whole id or by its last part.
        assert server.http.post("/api/sessions/posts/restart").is_success
        server.wait_status("posts", "WORKING")
        assert posted("text", text)["id"] == first["id"]
        assert ask("delete", {"id": made["image"]["id"]}).json() == {"success": True}
        assert ask("delete", {"id": chosen, "contacts": None}).json() == {"success": True}
        gone = [one for one in posts(sandbox, ani) if one.get("revoked")]
        assert [one["id"] for one in gone] == [chosen, made["image"]["id"].split("_")[2]]
        assert ask("delete", {"id": chosen}).status_code == 404
        assert ask("delete", {"id": came["id"]}).status_code == 404, "somebody else's"
        theirs = posts(sandbox, budi)[-1]["id"]
        sandbox.call("POST", f"/phones/{budi}/messages/{theirs}", {"do": "revoke"})
        assert receiver.wait_for("message.revoked", revokedMessageId=came["id"])["payload"]["after"]["from"] == STATUS
        wait_for(
            lambda: len(server.http.get(f"/api/posts/chats/{STATUS}/messages").json()) == 2, what="two posts are left"
        )

        for path, body, status, field in (
            ("text", {"text": " "}, 422, "body.text"),
            ("text", {"text": "x", "contacts": [budi]}, 501, "body.contacts"),
            ("image", files["image"] | {"contacts": [budi]}, 501, "body.contacts"),
            ("text", {"text": "x", "backgroundColor": "blue"}, 422, "body.backgroundColor"),
            ("text", {"text": "x", "font": 9}, 422, "body.font"),
            ("image", {"caption": "x"}, 422, "body.file"),
            ("delete", {"id": "1"}, 422, "body.id"),
        ):
            refused = ask(path, body)
            assert refused.status_code == status, refused.text
            assert refused.json()["errors"][0]["field"] == field
        assert ask("image", {"file": as_data(b"words", "text/plain", "words.txt")}).status_code == 422
        place = {"session": "posts", "chatId": STATUS, "latitude": 1, "longitude": 2, "title": "here"}
        assert "posted as a status" in server.http.post("/api/sendLocation", json=place).json()["detail"]
        before = len(posts(sandbox, budi))
        assert ask("text", {"text": "x", "contacts": [budi]}).json()["code"] == "not_supported"
        voice = ask("voice", files["voice"] | {"backgroundColor": "#38b42f", "id": chosen})
        assert voice.headers["X-Tuntas-Ignored"] == "backgroundColor, id"
        assert len(posts(sandbox, budi)) == before + 1


def test_a_status_post_that_comes_while_the_session_is_away_is_told_when_it_is_back(
    server: Server, sandbox: Sandbox
) -> None:
    shop, budi = sandbox.phone("628128000011"), sandbox.phone("628128000012", "Budi")
    with Receiver() as receiver:
        server.pair(sandbox, "away", shop, config={"webhooks": [{"url": receiver.url, "events": ["message"]}]})
        sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "hello"})
        receiver.wait_for("message", body="hello")
        assert server.http.post("/api/sessions/away/stop").is_success
        server.wait_status("away", "STOPPED")
        sandbox.call("POST", f"/phones/{budi}/send", {"to": "status@broadcast", "text": "Missed?"})
        assert server.http.post("/api/sessions/away/start").is_success
        server.wait_status("away", "WORKING")
        assert receiver.wait_for("message", body="Missed?")["payload"]["from"] == STATUS
