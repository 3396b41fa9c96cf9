"""Invariants of ``docs/lifecycle.md`` that only real browsers, folders and processes can show."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from conftest import StartServer
from support.running import Sandbox, Server, alive, browsers_of, tree_of, wait_for

QUICK = {
    "TUNTAS_LIVENESS_INTERVAL_SECONDS": "1",
    "TUNTAS_LIVENESS_TIMEOUT_SECONDS": "1",
    "TUNTAS_CLOSE_TIMEOUT_SECONDS": "1",
    "TUNTAS_RESTART_FIRST_SECONDS": "0.2",
}


def traces_of(profile: Path) -> list[str]:
    """Return every process that has to do with ``profile``, with how: command line, cwd, open files, maps."""
    found = []
    for process in psutil.process_iter():
        try:
            places = {"command line": process.cmdline(), "cwd": [process.cwd()]}
            places["open file"] = [one.path for one in process.open_files()]
            places["map"] = [one.path for one in process.memory_maps()]
        except psutil.Error:
            continue
        found += [f"{process.pid} {how} {one}" for how, many in places.items() for one in many if str(profile) in one]
    return found


def test_after_a_deletion_no_process_has_the_profile_in_arguments_files_cwd_or_maps(
    server: Server, sandbox: Sandbox
) -> None:
    server.pair(sandbox, "gone", "628190000001")
    profile = server.profiles / "gone"
    assert traces_of(profile)
    tree = tree_of(server.data_dir)
    assert server.http.delete("/api/sessions/gone").status_code == 200
    assert traces_of(profile) == []
    assert alive(tree) == []
    assert server.folders() == []
    assert server.http.post("/api/sessions/gone/start").status_code == 404


def test_a_stopped_browser_is_killed_and_replaced_and_the_story_says_why(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    server = start_server(**QUICK)
    server.pair(sandbox, "frozen", "628190000002")
    (pid,) = [one["pid"] for one in server.http.get("/api/browsers").json()]
    tree = tree_of(server.data_dir)
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: "page_hung" in server.story("frozen"), what="page_hung in the story")
    server.wait_status("frozen", "WORKING")
    assert alive(tree) == []
    assert server.story("frozen").count("qr_shown") == 1


def test_a_navigation_that_never_completes_meets_its_deadline(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(TUNTAS_NAVIGATION_TIMEOUT_SECONDS="1", **QUICK)
    sandbox.fault("stall_load")
    try:
        server.create("slow")
        wait_for(lambda: "restart_after_fault" in server.story("slow"), what="a restart")
    finally:
        sandbox.fault("clear")
    server.wait_status("slow", "SCAN_QR_CODE")


def test_a_frozen_neighbour_that_is_being_deleted_delays_nobody(server: Server, sandbox: Sandbox) -> None:
    server.pair(sandbox, "good", "628190000003")
    server.pair(sandbox, "frozen", "628190000004")
    browsers = {one["session"]: one["pid"] for one in server.http.get("/api/browsers").json()}
    os.kill(browsers["frozen"], signal.SIGSTOP)
    slowest = 0.0
    with ThreadPoolExecutor(1) as pool:
        deletion = pool.submit(server.http.delete, "/api/sessions/frozen")
        while not deletion.done():
            begun = time.monotonic()
            assert server.http.get("/api/sessions").status_code == 200
            assert server.send("good", "628190000004", "still here").status_code == 201
            slowest = max(slowest, time.monotonic() - begun)
    assert deletion.result().status_code == 200
    assert 0 < slowest < 2.0


def test_a_folder_that_nobody_knows_is_neither_started_nor_deleted(start_server: StartServer, sandbox: Sandbox) -> None:
    first = start_server()
    first.pair(sandbox, "known", "628190000005")
    first.stop(signal.SIGKILL)
    stray = first.profiles / "stray"
    stray.mkdir()
    (stray / "letters").write_text("dear")
    second = start_server()
    second.wait_status("known", "WORKING")
    assert [one["name"] for one in second.http.get("/api/sessions?all=true").json()] == ["known"]
    assert second.http.delete("/api/sessions/stray").status_code == 200
    assert (stray / "letters").read_text() == "dear"
    # Its status is the last server's until its own start begins.
    running = wait_for(lambda: second.http.get("/api/browsers").json(), what="the known session's browser")
    assert [Path(one["profile"]).name for one in running] == ["known"]


def test_http_answers_within_a_second_while_six_sessions_come_up(start_server: StartServer) -> None:
    first = start_server()
    names = [f"s{number}" for number in range(6)]
    for name in names:
        first.create(name)
    first.stop()
    second = start_server(TUNTAS_BOOT_CONCURRENCY="2")
    begun = time.monotonic()
    assert second.http.get("/ping").status_code == 200
    assert len(second.http.get("/api/sessions?all=true").json()) == 6
    assert time.monotonic() - begun < 1.0
    for name in names:
        second.wait_status(name, "SCAN_QR_CODE")
    assert len(second.http.get("/api/browsers").json()) == 6


def test_a_shutdown_with_a_frozen_browser_is_bounded_and_leaves_nothing(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    server = start_server(TUNTAS_CLOSE_TIMEOUT_SECONDS="1", TUNTAS_SHUTDOWN_TIMEOUT_SECONDS="5")
    for number in range(2):
        server.pair(sandbox, f"s{number}", f"62819000001{number}")
    for one in server.http.get("/api/browsers").json():
        os.kill(one["pid"], signal.SIGSTOP)
    tree = tree_of(server.data_dir)
    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun < 10.0
    assert alive(tree) == []
    assert browsers_of(server.data_dir) == []


def test_a_deletion_asked_of_a_stopping_server_is_refused_and_not_called_accepted(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    """It was answered 202, "it goes on", and the session was back after the next start."""
    first = start_server(TUNTAS_CLOSE_TIMEOUT_SECONDS="4")
    first.pair(sandbox, "kept", "628190000021")
    for one in first.http.get("/api/browsers").json():
        os.kill(one["pid"], signal.SIGSTOP)  # the gentle stage takes its whole limit, and HTTP answers meanwhile
    first.process.send_signal(signal.SIGTERM)
    wait_for(lambda: "server_stopping" in first.log.read_text(), what="the shutdown has begun")
    answer = first.http.delete("/api/sessions/kept")
    assert answer.status_code == 503
    assert answer.json()["code"] == "server_stopping"
    first.process.wait(30)
    second = start_server()
    second.wait_status("kept", "WORKING")
