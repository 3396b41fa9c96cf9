"""Nobody scans: the browser goes, and comes back for whoever asks for the QR, by HTTP, as a stream, or by code."""

from __future__ import annotations

import httpx
import pytest

from conftest import StartServer
from support.running import Sandbox, Server, browsers_of, wait_for


def at_rest(start_server: StartServer, name: str) -> Server:
    server = start_server(TUNTAS_QR_REST_SECONDS="2")
    server.create(name)
    server.wait_status(name, "SCAN_QR_CODE")
    server.wait_status(name, "STOPPED")
    assert server.session(name)["reason"] == "qr_not_scanned"
    assert browsers_of(server.data_dir) == []
    return server


@pytest.mark.parametrize("way", ["qr", "code"])
def test_asking_for_the_qr_or_a_code_brings_a_session_back_that_nobody_scanned(
    start_server: StartServer, sandbox: Sandbox, way: str
) -> None:
    server, number = at_rest(start_server, way), f"62816200000{len(way)}"
    sandbox.phone(number)
    if way == "qr":
        answer = server.http.get(f"/api/{way}/auth/qr", params={"format": "raw"})
        assert answer.status_code == 200, answer.text
        sandbox.scan(number, answer.json()["value"])
    else:
        answer = server.http.post(f"/api/{way}/auth/request-code", json={"phoneNumber": number})
        assert answer.status_code == 201, answer.text
        sandbox.call("POST", f"/phones/{number}/link", {"code": answer.json()["code"]})
    server.wait_status(way, "WORKING")
    story = server.story(way)
    assert story.index("qr_not_scanned") < story.index("qr_asked") < story.index("connected")


def test_a_stream_of_the_qr_brings_it_back_too_and_a_look_does_not(start_server: StartServer, sandbox: Sandbox) -> None:
    server = at_rest(start_server, "streamed")
    for path in ("/api/sessions/streamed", "/api/sessions?all=true", "/api/sessions/streamed/history"):
        assert server.http.get(path).is_success
    assert server.status("streamed") == "STOPPED"
    with server.http.stream("GET", "/api/streamed/auth/qr/live", timeout=httpx.Timeout(30)) as stream:
        lines = (line for line in stream.iter_lines() if line.startswith("event: "))
        assert "event: qr" in lines
    wait_for(lambda: "qr_asked" in server.story("streamed"), what="qr_asked in the story")


def test_a_session_that_a_person_stopped_shows_no_qr(start_server: StartServer) -> None:
    server = start_server(TUNTAS_QR_REST_SECONDS="2")
    server.create("stopped")
    server.http.post("/api/sessions/stopped/stop")
    answer = server.http.get("/api/stopped/auth/qr")
    assert (answer.status_code, answer.json()["session_status"]) == (422, "STOPPED")
    assert server.status("stopped") == "STOPPED"
