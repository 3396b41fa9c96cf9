"""Channels over HTTP, on a real page: made, found, followed, muted, read, told of, deleted."""

from __future__ import annotations

import base64
from typing import Any

import httpx

from acceptance.test_messages import PNG
from support.receiver import Receiver
from support.running import Sandbox, Server, wait_for


def test_channels_are_made_found_followed_muted_read_told_of_and_deleted(server: Server, sandbox: Sandbox) -> None:
    shop, budi, ani = (sandbox.phone(f"62812600000{last}", f"Phone {last}") for last in (1, 2, 3))

    def on_phone(number: str, kind: str, **asked: Any) -> Any:
        return sandbox.call("POST", f"/phones/{number}/channels/{kind}", asked)

    news = on_phone(budi, "channel_create", name="Budi's news", description="From the beach")["channel"]
    on_phone(ani, "channel_create", name="Ani cooks", description="Recipes")
    for text in ("one", "two"):
        on_phone(budi, "channel_post", channel=news["id"], text=text)
    with Receiver() as receiver:
        server.pair(
            sandbox, "ch", shop, config={"webhooks": [{"url": receiver.url, "events": ["message", "message.any"]}]}
        )

        def ask(method: str, path: str = "", **more: Any) -> httpx.Response:
            return server.http.request(method, f"/api/ch/channels{path}", **more)

        def done(method: str, path: str = "", **more: Any) -> Any:
            answer = ask(method, path, **more)
            assert answer.is_success, answer.text
            return answer.json()

        assert done("GET") == []
        picture = {"mimetype": "image/png", "data": base64.b64encode(PNG).decode()}
        made = done("POST", json={"name": "Our shop", "description": "Every week", "picture": picture})
        assert (made["name"], made["description"], made["role"]) == ("Our shop", "Every week", "OWNER")
        assert httpx.get(made["picture"], trust_env=False, timeout=60).headers["content-type"] == "image/jpeg"
        wait_for(lambda: done("GET") == [made], what="the new channel in the list")
        assert (ask("POST", json={"name": " "}).status_code, len(sandbox.call("GET", f"/phones/{shop}/channels"))) == (
            422,
            1,
        )

        # One of somebody else's: looked at by its id, its code, its address.
        seen = done("GET", f"/{news['id']}")
        assert (seen["name"], seen["role"], seen["verified"]) == ("Budi's news", "GUEST", False)
        assert seen["invite"] == f"https://www.whatsapp.com/channel/{news['invite']}"
        assert done("GET", f"/{news['invite']}") == seen
        found = done(
            "POST", "/search/by-text", json={"text": "beach", "categories": [], "limit": 50, "startCursor": ""}
        )
        assert [one["id"] for one in found["channels"]] == [news["id"]]
        pages, cursor = [], ""
        for more in (True, True, False):
            part = done("POST", "/search/by-text", json={"text": "e", "limit": 1, "startCursor": cursor})
            assert part["page"]["hasNextPage"] is more
            pages += [one["name"] for one in part["channels"]]
            cursor = part["page"]["endCursor"]
        assert pages == ["Budi's news", "Ani cooks", "Our shop"]
        assert {"value": "NEWS", "name": "News & Information"} in done("GET", "/search/categories")

        # Not followed: nothing can be read or muted.
        for method, path in (("GET", "messages/preview"), ("POST", "mute"), ("POST", "unfollow"), ("DELETE", "")):
            assert ask(method, f"/{news['id']}/{path}".removesuffix("/")).status_code == 404, path
        assert done("POST", f"/{news['id']}/follow") == {"success": True}
        assert done("POST", f"/{news['id']}/follow") == {"success": True}
        wait_for(lambda: len(done("GET", params={"role": "SUBSCRIBER"})) == 1, what="the followed channel in the list")
        assert done("GET", f"/{news['id']}")["subscribersCount"] == 1
        on_phone(budi, "channel_post", channel=news["id"], text="three")
        told = receiver.wait_for("message", body="three")["payload"]
        assert (told["from"], told["fromMe"]) == (news["id"], False)
        (read,) = done("GET", f"/{news['id']}/messages/preview")
        assert (read["message"]["body"], read["viewCount"], read["reactions"]) == ("three", 1, {})

        assert done("POST", f"/{news['id']}/mute") == {"success": True}
        muted = {one["id"]: one["muted"] for one in sandbox.call("GET", f"/phones/{shop}/channels")}
        assert muted == {made["id"]: False, news["id"]: True}
        assert done("POST", f"/{news['id']}/unmute") == {"success": True}
        assert not any(one["muted"] for one in sandbox.call("GET", f"/phones/{shop}/channels"))
        refused = ask("DELETE", f"/{news['id']}")
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed_in_whatsapp")

        # What the owner posts on the phone; what is posted while the session is away.
        on_phone(shop, "channel_post", channel=made["id"], text="we open")
        assert receiver.wait_for("message.any", body="we open")["payload"]["fromMe"] is True
        assert server.http.post("/api/sessions/ch/stop").is_success
        server.wait_status("ch", "STOPPED")
        on_phone(budi, "channel_post", channel=news["id"], text="four")
        assert server.http.post("/api/sessions/ch/start").is_success
        server.wait_status("ch", "WORKING")
        receiver.wait_for("message", body="four")
        assert [one["message"]["body"] for one in done("GET", f"/{news['id']}/messages/preview")] == ["four", "three"]

        assert done("POST", f"/{news['id']}/unfollow") == {"success": True}
        assert done("DELETE", f"/{made['id']}") == {"success": True}
        wait_for(lambda: done("GET") == [], what="no channel is left")
        assert ask("GET", f"/{made['id']}").status_code == 404
        assert ask("POST", f"/{made['id']}/follow").status_code == 404
        for path, body in (
            ("/search/by-text", {"text": " "}),
            ("/search/by-text", {"text": "x", "categories": ["CATS"]}),
            (f"/{budi}/follow", None),
        ):
            assert ask("POST", path, json=body).status_code == 422, path
        assert ask("POST", "/search/by-view", json={}).status_code == 501
