"""A session's trouble is its own: a full disk in one profile and a flood of messages, beside a session that works."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from conftest import StartServer
from support.receiver import Receiver
from support.running import Sandbox, Server, wait_for
from support.volumes import tiny_volume

FLOOD = 300


def slowest_answer(server: Server, name: str, to: str, meanwhile: Future[Any]) -> float:
    """Send with session ``name`` for as long as ``meanwhile`` goes on; return the longest time in seconds it took."""
    slowest = 0.0
    while not meanwhile.done():
        begun = time.monotonic()
        assert server.send(name, to, "still here").status_code == 201
        slowest = max(slowest, time.monotonic() - begun)
    meanwhile.result()
    return slowest


def test_a_full_disk_in_one_profile_is_its_own_trouble_and_it_can_be_deleted(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    server = start_server(
        TUNTAS_LAUNCH_TIMEOUT_SECONDS="5", TUNTAS_START_TIMEOUT_SECONDS="5", TUNTAS_RESTART_ATTEMPTS="1"
    )
    server.pair(sandbox, "good", "628191000001")
    server.create("full", start=False)
    with tiny_volume(server.profiles / "full"):

        def start() -> None:
            server.http.post("/api/sessions/full/start")
            server.wait_status("full", "FAILED")

        with ThreadPoolExecutor(1) as pool:
            assert slowest_answer(server, "good", "628191000001", pool.submit(start)) < 2.0
            change = server.http.get("/api/sessions/full/history").json()[-1]
            assert (change["after"], change["reason"]) == ("failed", "disk_full")
            assert "KB are free on this volume" in change["detail"]
            deletion = pool.submit(server.http.delete, "/api/sessions/full")
            assert slowest_answer(server, "good", "628191000001", deletion) < 2.0
            assert deletion.result().status_code == 200
        assert list((server.profiles / "full").iterdir()) == []
    assert server.status("good") == "WORKING"


def test_a_flood_of_messages_in_one_session_delays_no_other_and_loses_none(server: Server, sandbox: Sandbox) -> None:
    sender = sandbox.phone("628191000012")
    with Receiver() as receiver:
        hook = {"url": receiver.url, "events": ["message"]}
        server.pair(sandbox, "flooded", "628191000011", config={"webhooks": [hook]})
        server.pair(sandbox, "good", "628191000013")

        def flood() -> None:
            for number in range(FLOOD):
                message = {"to": "628191000011", "text": f"drop {number}"}
                sandbox.call("POST", f"/phones/{sender}/send", message)

        with ThreadPoolExecutor(1) as pool:
            assert slowest_answer(server, "good", sender, pool.submit(flood)) < 2.0
        wait_for(lambda: len(receiver.seen) >= FLOOD, what="every message is delivered")
        bodies = [event["payload"]["body"] for event in receiver.seen]
        assert bodies == [f"drop {number}" for number in range(FLOOD)]
    assert server.status("flooded") == "WORKING"
    assert server.story("flooded").count("connected") == 1
