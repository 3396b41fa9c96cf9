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
        first.pair(sandbox, "every", shop, config=config)
        write("1")
        receiver.wait_count(1)
        first.stop()

        dying = start_server(TUNTAS_KILL_AT=moment)
        dying.wait_status("every", "WORKING")
        write("2")
        assert dying.process.wait(30) != 0
        write("3")

        second = start_server()
        second.wait_status("every", "WORKING")
        write("4")
        wait_for(lambda: "4" in [event["payload"]["body"] for event in receiver.seen], what="the last message is told")
        told = list({event["id"]: event["payload"]["body"] for event in receiver.seen}.values())
        assert told == ["1", "2", "3", "4"]


def test_more_than_fits_into_one_answer_is_told_once_and_in_order_and_a_list_of_it_is_refused_in_words(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    shop, budi = sandbox.phone("628193000021"), sandbox.phone("628193000031")

    def write(text: str) -> None:
        sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": text})

    wanted = [f"{number} {'x' * 60_000}" for number in range(150)]
    with Receiver() as receiver:
        config = {"webhooks": [{"url": receiver.url, "events": ["message"]}]}
        server = start_server()
        server.pair(sandbox, "away", shop, config=config)
        write("before")
        receiver.wait_count(1)
        assert server.http.post("/api/sessions/away/stop").status_code == 201
        for text in wanted:
            write(text)
        assert server.http.post("/api/sessions/away/start").status_code == 201
        server.wait_status("away", "WORKING")
        write("after")
        wait_for(
            lambda: receiver.seen and receiver.seen[-1]["payload"]["body"] == "after",
            what="the last message is told", limit_seconds=120,
        )  # fmt: skip
        told = list({event["id"]: event["payload"]["body"] for event in receiver.seen}.values())
        assert [text[:5] for text in told] == [text[:5] for text in ("before", *wanted, "after")]

        history = f"/api/away/chats/{budi}@c.us/messages"
        too_many = server.http.get(history, params={"limit": 200})
        assert (too_many.status_code, too_many.json()["code"]) == (422, "answer_too_large"), too_many.text
        assert "a smaller limit" in too_many.json()["detail"]
        assert len(server.http.get(history, params={"limit": 50}).json()) == 50
        assert server.status("away") == "WORKING"
