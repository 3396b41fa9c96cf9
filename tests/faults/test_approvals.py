"""An approved message across the server's death: sent once; and one that nobody decides about in time."""

from __future__ import annotations

import httpx
import pytest

from conftest import StartServer
from support.running import KEY, Sandbox, Server, wait_for


def asked(server: Server, to: str, text: str) -> str:
    answer = server.http.post("/api/keys", json={"name": "agent", "scopes": ["ask"]}).json()
    body = {"session": "once", "chatId": to, "text": text}
    made = httpx.post(
        f"{server.url}/api/sendText", json=body, headers={"X-Api-Key": answer["key"]}, trust_env=False, timeout=60
    )
    assert made.status_code == 202, made.text
    return str(made.json()["id"])


def status(server: Server, approval: str) -> str:
    return str(server.http.get(f"/api/approvals/{approval}").json()["status"])


@pytest.mark.parametrize("moment", ["approval.marked", "send.begun", "send.sent", "approval.sent"])
def test_a_server_that_dies_after_the_click_sends_once_after_its_next_start(
    start_server: StartServer, sandbox: Sandbox, moment: str
) -> None:
    place = ["approval.marked", "send.begun", "send.sent", "approval.sent"].index(moment)
    budi = sandbox.phone(f"62813200001{place}")
    first = start_server(TUNTAS_KILL_AT=moment)
    first.pair(sandbox, "once", f"62813200002{place}")
    approval = asked(first, budi, "pay 5")
    assert status(first, approval) == "waiting"
    with pytest.raises(httpx.TransportError):
        first.http.post(f"/api/approvals/{approval}/approve")
    assert first.process.wait(30) != 0
    second = start_server()
    wait_for(lambda: status(second, approval) == "sent", what="it is sent by itself")
    assert sandbox.texts(budi) == ["pay 5"]
    again = second.http.post(f"/api/approvals/{approval}/approve").json()
    assert again["status"] == "sent"
    assert sandbox.texts(budi) == ["pay 5"]


def test_what_nobody_decides_about_in_time_is_never_sent(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(TUNTAS_APPROVAL_SECONDS="1")
    budi = sandbox.phone("628132000031")
    server.pair(sandbox, "once", "628132000032")
    approval = asked(server, budi, "too late")
    wait_for(lambda: status(server, approval) == "expired", what="it expires")
    refused = server.http.post(f"/api/approvals/{approval}/approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "approval_ended")
    assert sandbox.texts(budi) == []
    assert KEY not in refused.text
