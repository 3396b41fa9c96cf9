"""Calls that ring: told of, rejected over HTTP, and what becomes of those that people take care of by themselves."""

from __future__ import annotations

from typing import Any

import httpx

from support.receiver import Receiver
from support.running import Sandbox, Server, wait_for

EVENTS = [f"call.{what}" for what in ("received", "accepted", "rejected")]


def test_a_call_is_told_of_rejected_and_what_people_do_with_it_is_told_too(server: Server, sandbox: Sandbox) -> None:
    shop, budi, ani = (sandbox.phone(f"62812700000{last}") for last in (1, 2, 3))
    with Receiver() as receiver:
        server.pair(sandbox, "calls", shop, config={"webhooks": [{"url": receiver.url, "events": EVENTS}]})

        def ring(video: bool = False) -> str:
            call = sandbox.call("POST", f"/phones/{budi}/call", {"to": shop, "video": video})["id"]
            received = receiver.wait_for("call.received", id=call)["payload"]
            assert received | {"timestamp": 0} == {
                "id": call,
                "from": f"{budi}@c.us",
                "fromPn": f"{budi}@c.us",
                "timestamp": 0,
                "isVideo": video,
                "isGroup": False,
                "_data": {},
            }
            return str(call)

        def states() -> list[str]:
            return [str(one["state"]) for one in sandbox.call("GET", f"/phones/{shop}/calls")]

        def reject(call: str, caller: str = budi) -> httpx.Response:
            return server.http.post("/api/calls/calls/reject", json={"id": call, "from": caller})

        first = ring(video=True)
        assert reject(first, ani).status_code == 404, "it is somebody else who calls"
        assert reject("NOCALL").json()["code"] == "not_found_in_whatsapp"
        assert states() == ["ringing"]
        answer = reject(first, f"+{budi}")
        assert (answer.status_code, answer.json()) == (201, {"success": True}), answer.text
        wait_for(lambda: states() == ["rejected"], what="the call is rejected")
        assert receiver.wait_for("call.rejected", id=first)["payload"]["from"] == f"{budi}@c.us"
        assert reject(first).status_code == 404, "it rings no more"

        # On the phone; and one that nobody took is neither.
        accepted = ring()
        sandbox.call("POST", f"/phones/{shop}/call/{accepted}", {"do": "accept"})
        receiver.wait_for("call.accepted", id=accepted)
        missed = ring()
        sandbox.call("POST", f"/phones/{budi}/call/{missed}", {"do": "hang_up"})
        rejected = ring()
        sandbox.call("POST", f"/phones/{shop}/call/{rejected}", {"do": "reject"})
        receiver.wait_for("call.rejected", id=rejected)
        assert states() == ["rejected", "accepted", "missed", "rejected"]
        told: list[tuple[Any, Any]] = [(one["event"], one["payload"]["id"]) for one in receiver.seen]
        assert [event for event, call in told if call == missed] == ["call.received"]
        assert sorted(event for event, _ in told) == sorted(
            ["call.received"] * 4 + ["call.rejected"] * 2 + ["call.accepted"]
        )

        for wrong in ({"id": first}, {"from": budi}, {"id": "a b", "from": budi}, {"id": first, "from": "nobody"}):
            refused = server.http.post("/api/calls/calls/reject", json=wrong)
            assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input"), wrong
