"""A real browser that is larger than it may be gets a fresh one in its place, in the middle of a conversation."""

from __future__ import annotations

import httpx

from conftest import StartServer
from support.receiver import Receiver
from support.running import Sandbox, alive, tree_of, wait_for

SHOP, CUSTOMER = "628195000001", "628195000002"
MESSAGES = 12


def test_a_browser_that_grew_is_replaced_and_no_message_is_lost_or_doubled(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    # Any browser is larger than a megabyte; the pause keeps it at one change.
    server = start_server(TUNTAS_RECYCLE_MEGABYTES="1", TUNTAS_LIVENESS_INTERVAL_SECONDS="1")
    sandbox.phone(CUSTOMER)
    with Receiver() as receiver:
        hook = {"url": receiver.url, "events": ["message", "session.status"]}
        server.pair(sandbox, "grown", SHOP, config={"webhooks": [hook], "sends": {"perMinute": 0}})
        first = tree_of(server.data_dir)
        sent = 0

        def talk_until_the_change_is_over() -> bool:
            nonlocal sent
            sandbox.call("POST", f"/phones/{CUSTOMER}/send", {"to": SHOP, "text": f"in {sent}"})
            answer: httpx.Response = server.send("grown", CUSTOMER, f"out {sent}")
            assert answer.status_code == 201, answer.text
            sent += 1
            return sent >= MESSAGES and server.story("grown").count("recycled") == 3

        wait_for(talk_until_the_change_is_over, what="the browser is replaced")
        server.wait_status("grown", "WORKING")
        assert alive(first) == []
        wait_for(
            lambda: sum(one["event"] == "message" for one in receiver.seen) >= sent, what="all that came in is told"
        )
        changed = ["WORKING", "STARTING", "WORKING"]
        wait_for(lambda: statuses(receiver)[-3:] == changed, what="the change is told")
        told = [one["payload"]["body"] for one in receiver.seen if one["event"] == "message"]
    assert told == [f"in {number}" for number in range(sent)]
    arrived = [text for text in sandbox.texts(CUSTOMER) if text.startswith("out ")]
    assert arrived == [f"out {number}" for number in range(sent)]
    assert server.story("grown").count("recycled") == 3, "one change within the pause"


def statuses(receiver: Receiver) -> list[str]:
    """Return the statuses that were told, oldest first."""
    return [str(one["payload"]["status"]) for one in receiver.seen if one["event"] == "session.status"]
