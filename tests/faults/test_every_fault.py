"""Each fault that the sandbox knows is survived by a session, and told as ``docs/symptoms.md`` says.

A fault that is added to the sandbox fails here until it is in that document and has its row below.
"""

from __future__ import annotations

import html
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from conftest import StartServer
from support.running import KEY, Sandbox, Server, wait_for
from support.symptoms import told_by_fault
from tuntas.dashboard import languages, words
from tuntas.sandbox.fault_kinds import KINDS

NUMBER, FRIEND = "628180000001", "628180000002"
QUICK = {
    "TUNTAS_LIVENESS_INTERVAL_SECONDS": "1",
    "TUNTAS_LIVENESS_TIMEOUT_SECONDS": "2",
    "TUNTAS_CLOSE_TIMEOUT_SECONDS": "1",
    "TUNTAS_RESTART_FIRST_SECONDS": "0.2",
    "TUNTAS_RESTART_CEILING_SECONDS": "2",
    "TUNTAS_NETWORK_INTERVAL_SECONDS": "0.3",
    "TUNTAS_PAGE_INTERVAL_SECONDS": "1",
    "TUNTAS_FAILED_RETRY_SECONDS": "3",
}
NEEDED = {"module": "WAWebSendMsgChatAction"}


def nothing(_server: Server, _sandbox: Sandbox) -> None:
    """Do nothing more: the fault meets a page that is connected."""


def restart(server: Server, _sandbox: Sandbox) -> None:
    """Load the page anew: the fault meets what is loaded."""
    server.http.post("/api/sessions/shop/restart")


def be_written_to(_server: Server, sandbox: Sandbox) -> None:
    sandbox.call("POST", f"/phones/{FRIEND}/send", {"to": NUMBER, "text": "meanwhile"})


def lose_the_connection_then_restart(server: Server, sandbox: Sandbox) -> None:
    wait_for(lambda: "disconnected" in server.story("shop"), what="the loss in the story")
    restart(server, sandbox)


def be_unlinked_and_scan(server: Server, sandbox: Sandbox) -> None:
    sandbox.call("POST", f"/phones/{NUMBER}/unlink")
    sandbox.scan(NUMBER, server.qr("shop"))


def scan_again(server: Server, sandbox: Sandbox) -> None:
    sandbox.scan(NUMBER, server.qr("shop"))


def start(server: Server, _sandbox: Sandbox) -> None:
    server.http.post("/api/sessions/shop/start")


Act = Callable[[Server, Sandbox], None]


@dataclass(frozen=True)
class Row:
    """How a fault is met: with what it is asked for, what happens then, and what has to be done after its end."""

    more: dict[str, Any] = field(default_factory=dict)
    then: Act = nothing
    afterwards: Act = nothing
    settings: dict[str, str] = field(default_factory=dict)
    is_everybodys: bool = False


SOON = {"TUNTAS_START_TIMEOUT_SECONDS": "4"}
ROWS = {
    "hang_page": Row(),
    "crash_page": Row(),
    "deaf": Row(settings={"TUNTAS_ECHO_INTERVAL_SECONDS": "1", "TUNTAS_ECHO_TIMEOUT_SECONDS": "3"}),
    "drop_socket": Row({"seconds": 1}),
    "slow": Row({"seconds": 0.5}),
    "stall_load": Row(then=restart, is_everybodys=True, settings=SOON),
    "late_module": Row(NEEDED | {"seconds": 3}, restart),
    "trickle": Row({"seconds": 4}, restart),
    "missing_module": Row(NEEDED, restart, settings=SOON),
    "remove_module": Row(NEEDED, restart, is_everybodys=True, settings=SOON),
    "page_version": Row({"version": "2.3000.1099999111"}, restart, is_everybodys=True),
    "replaced": Row(afterwards=start, settings={"TUNTAS_FAILED_RETRY_SECONDS": "86400"}),
    "passkey": Row(then=be_unlinked_and_scan, afterwards=scan_again, settings={"TUNTAS_PASSKEY_TIMEOUT_SECONDS": "3"}),
    "temp_ban": Row({"seconds": 4}),
    "service_unavailable": Row(),
    "storage_failure": Row({"writes": True}, be_written_to),
    "unsupported_page": Row(then=restart, is_everybodys=True),
    "terms": Row(),
    "update_required": Row(),
    "timelock": Row(),
    "capping": Row({"quota": 0}),
    "network_down": Row(then=lose_the_connection_then_restart, is_everybodys=True),
    "ciphertext_first": Row({"seconds": 1}, be_written_to),
}
# Told by the end of it.
AT_ITS_END = {"restriction_lifted"}


def events(server: Server, name: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(server.data_dir / "tuntas.db")) as database:
        rows = database.execute("SELECT body FROM events WHERE event = ? ORDER BY sequence", (name,)).fetchall()
    return [json.loads(row[0])["payload"] for row in rows]


def told(server: Server) -> set[str]:
    return {one["reason"] for one in events(server, "session.status")} & set(server.story("shop"))


def requires_works(server: Server, sandbox: Sandbox) -> None:
    """Require that the session works for good, both ways."""
    sandbox.call("POST", f"/phones/{FRIEND}/send", {"to": NUMBER, "text": "can you read me?"})
    wait_for(
        lambda: "can you read me?" in [one["body"] for one in events(server, "message")], what="what somebody wrote"
    )
    wait_for(lambda: server.send("shop", f"{FRIEND}@c.us", "yes").status_code == 201, what="an answer that is sent")
    assert server.status("shop") == "WORKING"


def requires_dashboard_says(server: Server, code: str) -> None:
    for language, known in languages.load().items():
        headers = {"Accept-Language": language}
        with httpx.Client(base_url=server.url, headers=headers, follow_redirects=True, trust_env=False) as page:
            page.post("/dashboard/sign-in", data={"key": KEY, "next": "/"})
            shown = html.unescape(page.get("/dashboard/sessions/shop").text)
        assert known.say(words.REASONS[code]) in shown, (language, code)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "clear"])
def test_a_fault_is_survived_and_told(start_server: StartServer, sandbox: Sandbox, kind: str) -> None:
    row, wanted = ROWS[kind], set(told_by_fault()[kind])
    server = start_server(**QUICK | row.settings)
    sandbox.phone(FRIEND)
    server.pair(sandbox, "shop", NUMBER)
    if kind == "deaf":  # silence is news only where there was an echo before
        wait_for(lambda: "is_heard=True" in server.log.read_text(), what="an echo")
    before = server.story("shop").count("connected")
    sandbox.fault(kind, **row.more, **({} if row.is_everybodys else {"number": NUMBER}))
    try:
        row.then(server, sandbox)
        wait_for(lambda: wanted - AT_ITS_END <= told(server), what=f"{wanted} told")
        if kind == "ciphertext_first":
            wait_for(lambda: events(server, "message.waiting"), what="the event")
    finally:
        sandbox.fault("clear")
    row.afterwards(server, sandbox)
    server.wait_status("shop", "WORKING")
    requires_works(server, sandbox)
    wait_for(lambda: wanted <= told(server), what=f"{wanted} told")
    for code in sorted(wanted):
        requires_dashboard_says(server, code)
    if not wanted - {"connected"}:
        story = server.story("shop")
        assert "restart_after_fault" not in story
        assert story.count("connected") - before == (row.then is restart), "nothing was taken for a fault"
