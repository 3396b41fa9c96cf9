"""No message's event is lost: not when the server dies at the worst moment, nor while it is down."""

from __future__ import annotations

import pytest

from conftest import StartServer
from support.receiver import Receiver
from support.running import Sandbox, wait_for


@pytest.mark.parametrize(("moment", "digit"), [("message.seen", 1), ("message.published", 2)])
def test_messages_around_the_server_s_death_are_all_told_once_and_in_order(
    start_server: StartServer, sandbox: Sandbox, moment: str, digit: int
) -> None:
    shop, budi = sandbox.phone(f"62819300000{digit}"), sandbox.phone(f"62819300001{digit}")

    def write(*texts: str) -> None:
        for text in texts:
            sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": text})

    with Receiver() as receiver:
        config = {"webhooks": [{"url": receiver.url, "events": ["message"]}]}
        first = start_server()
        first.pair(sandbox, "all", shop, config=config)
        write("1")
        receiver.wait_count(1)
        first.stop()

        dying = start_server(TUNTAS_KILL_AT=moment)
        dying.wait_status("all", "WORKING")
        write("2")
        assert dying.process.wait(30) != 0
        write("3")

        second = start_server()
        second.wait_status("all", "WORKING")
        write("4")
        wait_for(lambda: "4" in [event["payload"]["body"] for event in receiver.seen], what="the last message is told")
        told = list({event["id"]: event["payload"]["body"] for event in receiver.seen}.values())
        assert told == ["1", "2", "3", "4"]
