"""``kill -9`` of the server, and of browsers: nothing lives on, nothing is lost, nobody has to scan again."""

from __future__ import annotations

import os
import signal

import psutil

from conftest import StartServer
from support.running import Sandbox, Server, alive, browsers_of, tree_of, wait_for

NAMES = ("one", "two", "three")


def test_killed_server_leaves_no_browser_and_its_next_start_restores_all_sessions(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    first = start_server()
    for index, name in enumerate(NAMES):
        first.pair(sandbox, name, f"62811000010{index}")
    tree = tree_of(first.data_dir)
    assert len(tree) >= 3 * 2
    first.stop(signal.SIGKILL)
    # One second is what is promised; waiting for it to be over is the point here.
    wait_for(lambda: not alive(tree), what="all browser processes gone", limit_seconds=1.0)
    assert browsers_of(first.data_dir) == []

    second = start_server()
    assert second.http.get("/ping").json() == {"message": "pong"}
    for name in NAMES:
        second.wait_status(name, "WORKING")
        assert second.story(name).count("qr_shown") == 1
        story = second.http.get(f"/api/sessions/{name}/history").json()
        changes = [(one["after"], one["reason"], one["askedBy"]) for one in story]
        stopped = changes.index(("stopped", "server_started", "system"))
        assert changes[stopped + 1] == ("starting", "server_started", "system")
    answer = second.send("two", "628110000100", "still here")
    assert answer.status_code == 201, answer.text


def test_http_answers_while_sessions_are_still_coming_up(start_server: StartServer, sandbox: Sandbox) -> None:
    first = start_server(TUNTAS_BOOT_CONCURRENCY="1")
    for index, name in enumerate(NAMES):
        first.pair(sandbox, name, f"62811000020{index}")
    first.stop()
    second = start_server(TUNTAS_BOOT_CONCURRENCY="1")
    statuses = {one["name"]: one["status"] for one in second.http.get("/api/sessions?all=true").json()}
    assert set(statuses) == set(NAMES)
    assert "STARTING" in statuses.values() or "STOPPED" in statuses.values()
    for name in NAMES:
        second.wait_status(name, "WORKING")


def test_a_stopped_session_stays_stopped_over_a_restart(start_server: StartServer, sandbox: Sandbox) -> None:
    first = start_server()
    first.pair(sandbox, "rest", "628110000301")
    first.http.post("/api/sessions/rest/stop")
    first.stop(signal.SIGKILL)
    second = start_server()
    assert second.status("rest") == "STOPPED"
    assert browsers_of(second.data_dir) == []


def test_a_killed_browser_comes_back_by_itself(server: Server, sandbox: Sandbox) -> None:
    server.pair(sandbox, "phoenix", "628110000401")
    (before,) = mains(server)
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: "browser_ended" in server.story("phoenix"), what="the fault in the story")
    server.wait_status("phoenix", "WORKING")
    assert mains(server) != [before]
    assert server.story("phoenix").count("qr_shown") == 1


def test_a_stopped_server_ends_its_browsers_and_keeps_what_is_wanted(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    first = start_server()
    first.pair(sandbox, "wanted", "628110000501")
    tree = tree_of(first.data_dir)
    assert first.stop() == 0
    assert alive(tree) == []
    assert not (first.data_dir / "server.json").exists()
    second = start_server()
    second.wait_status("wanted", "WORKING")


def test_a_second_signal_hurries_a_shutdown_that_hangs(start_server: StartServer, sandbox: Sandbox) -> None:
    # Without the second signal it would last longer than anybody waits here.
    server = start_server(TUNTAS_CLOSE_TIMEOUT_SECONDS="300", TUNTAS_SHUTDOWN_TIMEOUT_SECONDS="300")
    server.pair(sandbox, "hung", "628110000601")
    for pid in mains(server):
        os.kill(pid, signal.SIGSTOP)
    tree = tree_of(server.data_dir)
    server.process.send_signal(signal.SIGINT)
    wait_for(lambda: "server_stopping" in server.log.read_text(), what="the shutdown has begun")
    unready = server.http.get("/readyz")
    assert (unready.status_code, unready.json()["code"]) == (503, "not_ready")
    server.stop(signal.SIGINT)
    assert alive(tree) == []


def mains(server: Server) -> list[int]:
    """Return the pids of main processes of the server's browsers."""
    return [one["pid"] for one in server.http.get("/api/browsers").json() if psutil.pid_exists(one["pid"])]
