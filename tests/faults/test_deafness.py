"""A session that is connected and hears nothing: found by a message to itself, where that is set."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

from conftest import StartServer
from support.running import Sandbox, Server, wait_for

BUDI = "628170000099"


def bodies(server: Server) -> list[str]:
    with closing(sqlite3.connect(server.data_dir / "tuntas.db")) as database:
        rows = database.execute("SELECT body FROM events WHERE event IN ('message', 'message.any')").fetchall()
    return [json.loads(row[0])["payload"]["body"] for row in rows]


def test_a_page_that_became_deaf_is_replaced_and_nothing_is_lost(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(
        TUNTAS_ECHO_INTERVAL_SECONDS="1",
        TUNTAS_ECHO_TIMEOUT_SECONDS="3",
        TUNTAS_LIVENESS_INTERVAL_SECONDS="1",
        TUNTAS_RESTART_FIRST_SECONDS="0.2",
    )
    number = "628170000001"
    sandbox.phone(BUDI)
    server.pair(sandbox, "deaf", number)
    wait_for(lambda: server.log.read_text().count("is_heard=True") > 1, what="echoes")
    assert "deaf" not in server.story("deaf"), "no false alarm"
    sandbox.fault("deaf", number=number)
    sandbox.call("POST", f"/phones/{BUDI}/send", {"to": number, "text": "can you hear me?"})
    wait_for(lambda: "deaf" in server.story("deaf"), what="deafness in the story")
    server.wait_status("deaf", "WORKING")
    wait_for(lambda: "can you hear me?" in bodies(server), what="what came meanwhile")
    wait_for(
        lambda: server.log.read_text().rfind("is_heard=True") > server.log.read_text().rfind("is_heard=False"),
        what="an echo that is heard again",
    )
    assert set(bodies(server)) == {"can you hear me?"}, "an echo is nobody's message"


def test_nothing_is_sent_unless_it_is_asked_for(server: Server, sandbox: Sandbox) -> None:
    number = "628170000002"
    server.pair(sandbox, "quiet", number)
    assert sandbox.texts(number) == []
