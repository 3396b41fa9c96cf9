"""Networks that are away in other ways than by a refusal: half-open connections, and a name that nobody knows."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest

from conftest import StartServer
from support.running import Sandbox, Server, wait_for


def told(server: Server) -> list[str]:
    with closing(sqlite3.connect(server.data_dir / "tuntas.db")) as database:
        rows = database.execute("SELECT body FROM events WHERE event = 'message'").fetchall()
    return [json.loads(row[0])["payload"]["body"] for row in rows]


@pytest.mark.parametrize("seconds", [3, 25], ids=["before the page notices", "after it has"])
def test_a_half_open_connection_loses_and_doubles_nothing(
    start_server: StartServer, sandbox: Sandbox, seconds: int
) -> None:
    server = start_server(TUNTAS_LIVENESS_INTERVAL_SECONDS="1", TUNTAS_CALL_TIMEOUT_SECONDS="10")
    number, friend = f"6281900001{seconds:02}", f"6281900002{seconds:02}"
    sandbox.phone(friend)
    server.pair(sandbox, "half", number)
    sandbox.fault("network_down", mode="half_open", number=number, seconds=seconds)
    sandbox.call("POST", f"/phones/{friend}/send", {"to": number, "text": "held up"})
    body = {"session": "half", "chatId": f"{friend}@c.us", "text": "goes once", "linkPreview": False}

    def send() -> httpx.Response:
        return server.http.post("/api/sendText", json=body, headers={"Idempotency-Key": "once"})

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send)
        wait_for(lambda: "held up" in told(server), what="what was held up")
        assert first.result().status_code in (201, 503), first.result().text
    wait_for(lambda: send().status_code == 201, what="the answer to the same key")
    assert sandbox.texts(friend) == ["held up", "goes once"]
    assert told(server) == ["held up"]
    assert "restart_after_fault" not in server.story("half")


def test_a_name_that_nobody_knows_is_tried_for_as_long_as_it_takes(start_server: StartServer) -> None:
    server = start_server(
        TUNTAS_WHATSAPP_URL="http://whatsapp.invalid/",
        TUNTAS_RESTART_ATTEMPTS="0",
        TUNTAS_RESTART_FIRST_SECONDS="0.2",
        TUNTAS_RESTART_CEILING_SECONDS="0.5",
    )
    server.create("nameless")
    wait_for(lambda: server.story("nameless").count("page_unreachable") > 3, what="a few tries")
    assert server.status("nameless") == "STARTING"
    history = server.http.get("/api/sessions/nameless/history").json()
    assert any("ERR_NAME_NOT_RESOLVED" in (line["detail"] or "") for line in history)
