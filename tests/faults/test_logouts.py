"""A logout: the phone knows of it, or the story says that it may not."""

from __future__ import annotations

from typing import Any

from conftest import StartServer
from support.running import Sandbox, Server
from tuntas.sessions.lifecycle import NOT_CONFIRMED


def details(server: Server, name: str) -> list[Any]:
    return [line["detail"] for line in server.http.get(f"/api/sessions/{name}/history").json()]


def devices(sandbox: Sandbox, number: str) -> int:
    return sum(one["number"] == number for one in sandbox.call("GET", "/state")["devices"])


def test_a_logout_is_confirmed_by_the_page_and_unlinks_the_device(server: Server, sandbox: Sandbox) -> None:
    number = "628200000001"
    server.pair(sandbox, "leaves", number)
    assert devices(sandbox, number) == 1
    assert server.http.post("/api/sessions/leaves/logout").is_success
    assert devices(sandbox, number) == 0
    assert "WhatsApp has confirmed the logout" in details(server, "leaves")
    assert "logout_not_confirmed" not in server.log.read_text()


def test_a_logout_that_whatsapp_cannot_hear_removes_the_keys_and_says_what_is_not_proven(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    server, number = start_server(TUNTAS_LOGOUT_TIMEOUT_SECONDS="2"), "628200000002"
    server.pair(sandbox, "alone", number)
    sandbox.fault("network_down", mode="half_open", number=number)
    try:
        assert server.http.post("/api/sessions/alone/logout").is_success
        assert devices(sandbox, number) == 1, "the phone has heard of nothing"
    finally:
        sandbox.fault("clear")
    assert NOT_CONFIRMED in details(server, "alone")
    assert server.session("alone")["me"] is None
