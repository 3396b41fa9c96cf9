"""A session's trouble is its own: a full disk in one profile and a flood of messages, beside a session that works."""

from __future__ import annotations

import subprocess
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from conftest import StartServer
from support.receiver import Receiver
from support.running import Sandbox, Server, wait_for
from support.volumes import tiny_volume

FLOOD = 300
SOON = {
    "TUNTAS_LAUNCH_TIMEOUT_SECONDS": "5",
    "TUNTAS_START_TIMEOUT_SECONDS": "5",
    "TUNTAS_RESTART_ATTEMPTS": "1",
}


def next_try(server: Server, name: str) -> str | None:
    """Return when a session that waits is tried again; None while it does not wait for that."""
    shown: str | None = server.http.get(f"/api/sessions/{name}").json().get("nextTryAt")
    return shown


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
    server = start_server(**SOON)
    server.pair(sandbox, "good", "628191000001")
    server.create("full", start=False)
    with tiny_volume(server.profiles / "full"):

        def start() -> None:
            server.http.post("/api/sessions/full/start")
            wait_for(lambda: next_try(server, "full"), what="the full disk is told, and when it is tried again")

        with ThreadPoolExecutor(1) as pool:
            assert slowest_answer(server, "good", "628191000001", pool.submit(start)) < 2.0
            history = server.http.get("/api/sessions/full/history").json()
            change = next(each for each in history if each["reason"] == "disk_full")
            assert "KB are free on this volume" in change["detail"]
            deletion = pool.submit(server.http.delete, "/api/sessions/full")
            assert slowest_answer(server, "good", "628191000001", deletion) < 2.0
            assert deletion.result().status_code == 200
        assert list((server.profiles / "full").iterdir()) == []
    assert server.status("good") == "WORKING"


def test_a_disk_that_was_full_for_longer_than_any_budget_of_tries_needs_no_person_once_it_has_room(
    start_server: StartServer,
) -> None:
    server = start_server(**SOON, TUNTAS_RESTART_CEILING_SECONDS="1")
    server.create("full", start=False)
    with tiny_volume(server.profiles / "full"):
        server.http.post("/api/sessions/full/start")
        wait_for(lambda: server.story("full").count("disk_full") > 3, what="it is tried again and again")
        subprocess.run(["mount", "-o", "remount,size=256m", str(server.profiles / "full")], check=True, timeout=10)
        server.wait_status("full", "SCAN_QR_CODE")
        assert "gave_up" not in server.story("full")
        assert server.http.delete("/api/sessions/full").status_code == 200


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
