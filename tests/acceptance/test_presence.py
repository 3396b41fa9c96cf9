"""Presence and the own profile over HTTP, against the sandbox."""

from __future__ import annotations

import base64
import io
from typing import Any

import httpx
import segno

from support.receiver import Receiver
from support.running import Sandbox, Server, wait_for


def test_presence_is_shown_asked_for_and_told(server: Server, sandbox: Sandbox) -> None:
    shop, ani = "628150000001", "628150000002"
    sandbox.phone(ani, "Ani")
    chat = f"{ani}@c.us"
    with Receiver() as receiver:
        server.pair(sandbox, "there", shop, config={"webhooks": [{"url": receiver.url, "events": ["presence.update"]}]})

        def ask(method: str, path: str = "", body: Any = None) -> httpx.Response:
            return server.http.request(method, f"/api/there/presence{path}", json=body)

        assert ask("GET").json() == []
        assert ask("POST", f"/{ani}/subscribe").json() == {"success": True}
        sandbox.call("POST", f"/phones/{ani}/presence", {"state": "available"})
        wait_for(lambda: told(receiver)[-1:] == [(chat, "online")], what="Ani comes")
        sandbox.call("POST", f"/phones/{ani}/presence", {"state": "unavailable"})
        wait_for(lambda: told(receiver)[-1:] == [(chat, "offline")], what="Ani goes")
        seen = ask("GET", f"/{ani}").json()
        assert seen["id"] == chat
        assert seen["presences"][0]["lastKnownPresence"] == "offline"
        assert seen["presences"][0]["lastSeen"] > 1_700_000_000
        sandbox.call("POST", f"/phones/{ani}/presence", {"state": "composing", "chat": shop})
        wait_for(lambda: ask("GET", f"/{ani}").json()["presences"][0]["lastKnownPresence"] == "typing", what="typing")
        assert [one["id"] for one in ask("GET").json()] == [chat]

        for shown, state in (("online", "available"), ("offline", "unavailable")):
            assert ask("POST", "", {"presence": shown}).json() == {"success": True}
            wait_for(lambda: sandbox.call("GET", f"/phones/{shop}/presence")["state"] == state, what=state)  # noqa: B023
        sandbox.call("POST", f"/phones/{ani}/send", {"to": shop, "text": "hello?"})
        wait_for(lambda: server.http.get("/api/there/chats").json(), what="the chat")
        assert ask("POST", "", {"presence": "recording", "chatId": ani}).status_code == 201
        wait_for(lambda: sandbox.call("GET", f"/phones/{ani}/typing") == {shop: "recording"}, what="recording")
        assert ask("POST", "", {"presence": "typing"}).json()["code"] == "invalid_input"
        assert ask("POST", "", {"presence": "dancing"}).json()["errors"][0]["field"] == "body.presence"
        assert ask("POST", "/628999999999/subscribe").status_code == 404


def test_the_own_profile_is_looked_at_and_changed(server: Server, sandbox: Sandbox) -> None:
    shop = "628150000011"
    server.pair(sandbox, "self", shop)

    def put(path: str, body: Any) -> httpx.Response:
        return server.http.put(f"/api/self/profile/{path}", json=body)

    own = {"session": "self", "contactId": shop}
    assert server.http.get("/api/self/profile").json() == {"id": f"{shop}@c.us", "name": "Somebody", "picture": ""}
    assert put("name", {"name": "Toko Sinar"}).json() == {"success": True}
    assert put("status", {"status": "Open until nine"}).json() == {"success": True}
    assert server.http.get("/api/self/profile").json()["name"] == "Toko Sinar"
    wait_for(lambda: server.session("self")["me"]["pushName"] == "Toko Sinar", what="the session's new name")
    assert server.http.get("/api/contacts/about", params=own).json() == {"about": "Open until nine"}
    assert put("name", {"name": ""}).json()["errors"][0]["field"] == "body.name"
    assert put("name", {"name": "x" * 26}).status_code == 422

    picture = io.BytesIO()
    segno.make("a picture").save(picture, kind="png", scale=4)
    file = {"mimetype": "image/png", "data": base64.b64encode(picture.getvalue()).decode()}
    assert put("picture", {"file": file}).json() == {"success": True}
    address = server.http.get("/api/self/profile").json()["picture"]
    shown = httpx.get(address, trust_env=False, timeout=60)
    assert (shown.headers["content-type"], shown.content[:3]) == ("image/jpeg", b"\xff\xd8\xff")
    assert put("picture", {"file": file | {"mimetype": "text/plain"}}).status_code == 422
    assert put("picture", {"file": {"mimetype": "image/png"}}).json()["errors"][0]["field"] == "body.file"
    assert server.http.get("/api/self/profile").json()["picture"] == address
    assert server.http.delete("/api/self/profile/picture").json() == {"success": True}
    assert server.http.get("/api/self/profile").json()["picture"] == ""


def told(receiver: Receiver) -> list[tuple[str, str]]:
    """Return the presences that were told, oldest first."""
    payloads = [event["payload"] for event in receiver.seen if event["event"] == "presence.update"]
    return [(payload["id"], one["lastKnownPresence"]) for payload in payloads for one in payload["presences"]]
