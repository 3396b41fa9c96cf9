"""A start of the server is no reason to start a session into a ban, or into a place that another login has taken."""

from __future__ import annotations

from datetime import datetime, timedelta

from conftest import StartServer
from support.running import Sandbox, Server

QUICK = {"TUNTAS_LIVENESS_INTERVAL_SECONDS": "1", "TUNTAS_CLOSE_TIMEOUT_SECONDS": "1"}


def started_anew(start_server: StartServer, server: Server) -> Server:
    """End the server and start another one on its data folder; another session of it shows that starts are over."""
    server.create("witness")
    server.wait_status("witness", "SCAN_QR_CODE")
    server.stop()
    again = start_server(**QUICK)
    again.wait_status("witness", "SCAN_QR_CODE")
    return again


def next_try_at(server: Server) -> datetime:
    return datetime.fromisoformat(server.session("banned")["nextTryAt"])


def test_a_banned_session_is_not_started_by_a_server_that_starts_and_starts_when_the_ban_is_over(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    server, number = start_server(**QUICK), "628190000001"
    server.pair(sandbox, "banned", number)
    sandbox.fault("temp_ban", number=number, seconds=3600)
    server.wait_status("banned", "FAILED")
    tries_at = next_try_at(server)
    again = started_anew(start_server, server)
    session = again.session("banned")
    assert (session["status"], session["reason"]) == ("FAILED", "temporary_ban")
    assert abs(next_try_at(again) - tries_at) < timedelta(seconds=10), "it waits for the same moment"
    assert again.story("banned")[-1] == "temporary_ban"
    sandbox.fault("clear", fault="temp_ban")
    again.http.post("/api/sessions/banned/start")
    again.wait_status("banned", "WORKING")


def test_a_session_whose_place_was_taken_leaves_it_to_the_other_login_after_a_start_of_the_server(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    server, number = start_server(**QUICK), "628190000002"
    server.pair(sandbox, "taken", number)
    sandbox.fault("replaced", number=number)
    server.wait_status("taken", "FAILED")
    again = started_anew(start_server, server)
    session = again.session("taken")
    assert (session["status"], session["reason"], session["nextTryAt"]) == ("FAILED", "replaced", None)
    assert again.story("taken")[-1] == "replaced"
    again.http.post("/api/sessions/taken/start")
    again.wait_status("taken", "WORKING")


def test_a_place_that_was_taken_is_taken_back_after_a_while_where_that_is_set(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    settings = {"TUNTAS_AFTER_REPLACEMENT": "wait", "TUNTAS_FAILED_RETRY_SECONDS": "2"}
    server, number = start_server(**QUICK | settings), "628190000003"
    server.pair(sandbox, "patient", number)
    sandbox.fault("replaced", number=number)
    server.wait_status("patient", "FAILED")
    assert server.session("patient")["nextTryAt"] is not None
    server.wait_status("patient", "WORKING")
    story = server.story("patient")
    assert story[story.index("replaced") :].count("replaced") == 3, "its end, its pause, its rest"
