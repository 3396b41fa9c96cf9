"""An account that asks for its passkey: told by status, event and API, answered from elsewhere, recovered when lost."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import StartServer
from support.running import Sandbox, Server, wait_for


def scan_with_passkey(sandbox: Sandbox, server: Server, name: str, number: str, **more: Any) -> None:
    sandbox.phone(number)
    sandbox.fault("passkey", number=number, **more)
    server.create(name)
    sandbox.scan(number, server.qr(name))
    server.wait_status(name, "PASSKEY_REQUIRED")


def challenge_of(server: Server, name: str) -> dict[str, Any]:
    answer = server.http.get(f"/api/{name}/auth/passkey/challenge")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def signed_by(sandbox: Sandbox, number: str, challenge: str) -> dict[str, Any]:
    return dict(sandbox.call("POST", f"/phones/{number}/passkey", {"challenge": challenge}))


def test_the_passkey_is_asked_for_and_its_code_compared(server: Server, sandbox: Sandbox) -> None:
    number = "628150000001"
    scan_with_passkey(sandbox, server, "key", number)
    options = challenge_of(server, "key")
    assert (options["rpId"], options["userVerification"]) == ("whatsapp.com", "required")
    assert server.http.get("/api/key/auth/passkey/confirmation").status_code == 422
    assert server.http.get("/api/key/auth/qr").status_code == 422
    signed = signed_by(sandbox, number, options["challenge"])
    answer = server.http.post("/api/key/auth/passkey", json=signed | {"clientExtensionResults": {}})
    assert answer.status_code == 201, answer.text
    server.wait_status("key", "PASSKEY_CONFIRMATION_REQUIRED")
    code = server.http.get("/api/key/auth/passkey/confirmation").json()["code"]
    assert len(code) == 8
    assert server.http.get("/api/key/auth/passkey/challenge").status_code == 422
    assert server.http.post("/api/key/auth/passkey/confirm").status_code == 201
    server.wait_status("key", "WORKING")
    assert server.http.get("/api/key/auth/passkey/confirmation").status_code == 422
    story = server.story("key")
    assert story.index("passkey_asked") < story.index("passkey_code_shown") < story.index("connected")


def test_a_passkey_without_a_code_leads_to_working_at_once(server: Server, sandbox: Sandbox) -> None:
    number = "628150000002"
    scan_with_passkey(sandbox, server, "quick", number, skip_code=True)
    signed = signed_by(sandbox, number, challenge_of(server, "quick")["challenge"])
    assert server.http.post("/api/quick/auth/passkey", json=signed).status_code == 201
    server.wait_status("quick", "WORKING")
    assert "passkey_code_shown" not in server.story("quick")


def test_an_answer_to_another_challenge_is_refused_and_changes_nothing(server: Server, sandbox: Sandbox) -> None:
    number = "628150000003"
    scan_with_passkey(sandbox, server, "stale", number, skip_code=True)
    options = challenge_of(server, "stale")
    stale = server.http.post("/api/stale/auth/passkey", json=signed_by(sandbox, number, "b2xkZXItY2hhbGxlbmdl"))
    assert (stale.status_code, stale.json()["code"]) == (422, "passkey_answer_refused")
    assert "another challenge" in stale.json()["detail"]
    assert server.http.post("/api/stale/auth/passkey", json={"id": "a"}).status_code == 422
    assert challenge_of(server, "stale") == options
    good = signed_by(sandbox, number, options["challenge"])
    assert server.http.post("/api/stale/auth/passkey", json=good).status_code == 201
    server.wait_status("stale", "WORKING")


@pytest.mark.parametrize("error", ["timeout", "server_error"])
def test_what_whatsapp_refuses_is_told_and_a_new_qr_comes(server: Server, sandbox: Sandbox, error: str) -> None:
    number = f"62815000001{len(error) % 10}"
    scan_with_passkey(sandbox, server, f"no-{error}", number, error=error)
    signed = signed_by(sandbox, number, challenge_of(server, f"no-{error}")["challenge"])
    answer = server.http.post(f"/api/no-{error}/auth/passkey", json=signed)
    assert (answer.status_code, answer.json()["code"]) == (422, "whatsapp_refused")
    assert error in answer.json()["detail"]
    server.wait_status(f"no-{error}", "SCAN_QR_CODE")
    history = server.http.get(f"/api/sessions/no-{error}/history").json()
    refused = next(one for one in history if one["reason"] == "passkey_refused")
    assert error in refused["detail"]
    sandbox.fault("clear", fault="passkey")
    sandbox.scan(number, server.qr(f"no-{error}"))
    server.wait_status(f"no-{error}", "WORKING")


def test_a_page_that_is_lost_in_the_middle_shows_a_new_qr(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(TUNTAS_RESTART_FIRST_SECONDS="0.2")
    number = "628150000005"
    scan_with_passkey(sandbox, server, "lost", number, skip_code=True)
    old = challenge_of(server, "lost")["challenge"]
    sandbox.fault("crash_page", number=number)
    wait_for(lambda: "page_crashed" in server.story("lost"), what="page_crashed in the story")
    qr = server.qr("lost")
    gone = server.http.post("/api/lost/auth/passkey", json=signed_by(sandbox, number, old))
    assert (gone.status_code, gone.json()["code"]) == (422, "wrong_session_status")
    sandbox.scan(number, qr)
    server.wait_status("lost", "PASSKEY_REQUIRED")
    fresh = challenge_of(server, "lost")["challenge"]
    assert fresh != old
    assert server.http.post("/api/lost/auth/passkey", json=signed_by(sandbox, number, fresh)).status_code == 201
    server.wait_status("lost", "WORKING")


def test_a_passkey_that_nobody_answers_makes_room_for_a_new_qr(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(
        TUNTAS_PASSKEY_TIMEOUT_SECONDS="1", TUNTAS_RESTART_FIRST_SECONDS="0.2", TUNTAS_RESTART_ATTEMPTS="0"
    )
    scan_with_passkey(sandbox, server, "alone", "628150000006")
    server.wait_status("alone", "SCAN_QR_CODE")
    assert "passkey_not_answered" in server.story("alone")
