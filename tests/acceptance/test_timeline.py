"""Why did it (not) arrive: one message from the request to the receivers' answers, in one list and on one page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx

from conftest import StartServer
from support.receiver import Receiver
from support.running import Sandbox, Server, wait_for


def timeline(server: Server, session: str, message: str, key: str | None = None) -> httpx.Response:
    headers = {} if key is None else {"X-Api-Key": key}
    return server.http.get(f"/api/{session}/messages/{message}/timeline", headers=headers)


def steps(server: Server, session: str, message: str) -> list[dict[str, Any]]:
    answer = timeline(server, session, message)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["steps"]
    assert found == sorted(found, key=lambda step: datetime.fromisoformat(step["at"]))
    return found


def untold(found: list[dict[str, Any]], url: str) -> int:
    """Return how many of the steps that this receiver wants it does not have yet."""
    return sum(told["url"] == url and told["state"] != "delivered" for step in found for told in step["told"])


def test_a_message_s_way_is_told_from_the_request_to_the_receivers(start_server: StartServer, sandbox: Sandbox) -> None:
    with Receiver() as good, Receiver() as bad:
        bad.refuses = True
        server = start_server()
        shop, budi = sandbox.phone("628191000501"), sandbox.phone("628191000502")
        hooks: list[dict[str, Any]] = [
            {"url": f"{one.url}?token=secret", "events": ["message.any", "message.ack"]} for one in (good, bad)
        ]
        server.pair(sandbox, "shop", shop, config={"webhooks": hooks})
        sent = server.http.post("/api/sendText", json={"session": "shop", "chatId": budi, "text": "with no key"})
        message = sent.json()["id"]
        sandbox.call("POST", f"/phones/{budi}/read", {"chat": shop})

        def arrived() -> bool:
            acks = [one["payload"]["ack"] for one in steps(server, "shop", message) if one["step"] == "message.ack"]
            return 3 in acks

        wait_for(arrived, what="the message is read")
        good.wait_for("message.ack", id=message, ack=3)
        wait_for(lambda: untold(steps(server, "shop", message), hooks[0]["url"]) == 0, what="its receiver has all")
        found = steps(server, "shop", message)
        # The page tells of the message before it answers that it is sent, or after.
        names = [one["step"] for one in found]
        assert names[:2] == ["asked", "begun"]
        assert names.count("sent") == 1
        (told,) = [one for one in found if one["step"] == "message.any"]
        assert told["payload"]["body"] == "with no key"
        states = {one["url"]: (one["state"], one["error"]) for one in told["told"]}
        assert states[hooks[0]["url"]] == ("delivered", None)
        assert states[hooks[1]["url"]] == ("waiting", "HTTP 500")

        # The token alone is enough, also when the session rests; and it is there after a restart.
        server.http.post("/api/sessions/shop/stop")
        assert steps(server, "shop", message.rpartition("_")[2]) == steps(server, "shop", message)

        reader = server.http.post("/api/keys", json={"name": "reader", "scopes": ["read"], "sessions": ["shop"]}).json()
        shown = timeline(server, "shop", message, reader["key"]).json()["steps"]
        assert "secret" not in str([one["told"] for one in shown])

        missing = timeline(server, "shop", "3EB0FFFFFFFFFFFF")
        assert (missing.status_code, missing.json()["code"]) == (404, "nothing_known")
        assert timeline(server, "nobody", message).json()["code"] == "session_not_found"
