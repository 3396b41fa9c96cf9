"""A profile that will not go: the answer says so, the name is free, and it heals by itself when it can."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from conftest import StartServer
from support.metrics import measured
from support.receiver import Receiver
from support.running import KEY, Sandbox, run, wait_for

BUSY = "Session is busy. Files may still be in use. Please try again in a few moments."


@contextmanager
def immutable(folder: Path) -> Iterator[None]:
    """Make ``folder`` impossible to rename, as a lock would; skip where the file system cannot."""
    done = subprocess.run(["chattr", "+i", folder], capture_output=True, text=True, timeout=10)
    if done.returncode != 0:
        pytest.skip(f"chattr +i is not to be had here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", folder], capture_output=True, timeout=10)


@contextmanager
def foreign_process(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Have a process that is none of ours hold ``file`` open."""
    code = "import sys; kept = open(sys.argv[1]); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere an open file blocks the rename itself")
def test_a_profile_that_a_foreign_process_uses_is_not_called_gone_before_it_lets_go(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    server = start_server()
    with Receiver() as receiver:
        server.pair(sandbox, "used", "628180000003", config={"webhooks": [{"url": receiver.url, "events": ["*"]}]})
        server.http.post("/api/sessions/used/stop")
        assert measured(server)["tuntas_sessions", "STOPPED"] == 1
        database = next((server.profiles / "used").rglob("*/LOCK"))
        with foreign_process(database) as holder:
            answer = server.http.delete("/api/sessions/used")
            assert answer.status_code == 202
            assert answer.json()["message"] == BUSY
            assert [one["pid"] for one in answer.json()["removal"]["holders"]] == [holder.pid]
            assert receiver.wait_for("removal.quarantined")["payload"]["session"] == "used"

            # The bytes go at once, but what is still open is not gone: it is told until nobody has it.
            stuck = receiver.wait_for("removal.stuck")
            assert stuck["payload"]["reason"] == "in_use"
            assert [one["pid"] for one in stuck["payload"]["holders"]] == [holder.pid]
            assert server.http.delete("/api/sessions/used").status_code == 202
            server.wait_trash_empty()
            numbers = measured(server)
            assert numbers["tuntas_removals", "stuck"] == 1
            assert numbers["tuntas_removals_held", "in_use"] == 1
            assert numbers["tuntas_removals_bytes", ""] > 0
            assert numbers["tuntas_removals_oldest_age_seconds", ""] > 0

            server.create("used")
            server.wait_status("used", "SCAN_QR_CODE")
            assert server.http.delete("/api/sessions/used").status_code == 200
        purged = receiver.wait_for("removal.purged")
        assert purged["payload"]["id"] == stuck["payload"]["id"]
        assert purged["payload"]["holders"] == []
    # The event goes out with the commit; what the server lists follows it.
    wait_for(lambda: server.http.get("/api/removals").json() == [], what="the removal is listed no more")
    assert server.http.delete("/api/sessions/used").status_code == 200
    numbers = measured(server)
    assert numbers["tuntas_removals", "stuck"] == 0
    assert numbers["tuntas_removals_oldest_age_seconds", ""] == 0
    assert numbers["tuntas_sessions", "STOPPED"] == 0


def test_a_held_profile_is_told_the_name_is_free_and_it_goes_when_it_can(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    server = start_server(TUNTAS_REMOVAL_ATTEMPTS="3", TUNTAS_REMOVAL_DELAY_SECONDS="0.2")
    server.pair(sandbox, "held", "628180000001")
    server.http.post("/api/sessions/held/stop")
    with immutable(server.profiles / "held"):
        answer = server.http.delete("/api/sessions/held")
        assert answer.status_code == 202
        assert answer.json()["message"] == BUSY
        removal = answer.json()["removal"]
        assert removal["state"] == "stuck"
        assert removal["reason"] == "immutable"
        assert "Session held files may not be fully deleted. Manual cleanup may be required." in removal["message"]
        log = server.log.read_text()
        assert "Cleanup attempt 2/3 for session held" in log
        assert server.http.get("/api/sessions/held").status_code == 404
        (listed,) = server.http.get("/api/removals").json()
        assert listed["id"] == removal["id"]
        assert listed["nextAttemptAt"]
        assert listed["obstaclePath"] == str(server.profiles / "held")
        again = server.http.delete("/api/sessions/held")
        assert again.status_code == 202
        assert again.json()["message"] == BUSY

        # The terminal says the same and exits with 1, since something is left.
        done = run("sessions", "delete", "held", "--yes", "--data-dir", str(server.data_dir))
        assert done.returncode == 1
        assert BUSY in done.stdout

        server.create("held")
        server.wait_status("held", "SCAN_QR_CODE")
        assert len(server.folders()) == 2
    wait_for(lambda: server.http.get("/api/removals").json() == [], what="the removal went on by itself")
    (folder,) = server.folders()
    assert folder.startswith("held.")
    assert server.status("held") == "SCAN_QR_CODE"
    assert server.http.delete("/api/sessions/held").status_code == 200
    assert server.folders() == []


def test_a_deletion_asked_again_on_the_dashboard_waits_too_and_what_is_in_the_way_is_shown(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    server = start_server(TUNTAS_REMOVAL_ATTEMPTS="2", TUNTAS_REMOVAL_DELAY_SECONDS="1")
    server.create("asked", start=False)
    profile = server.profiles / "asked"
    server.http.post("/api/sessions/asked/start")
    server.wait_status("asked", "SCAN_QR_CODE")
    server.http.post("/api/sessions/asked/stop")
    with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as page:
        page.post("/dashboard/sign-in", data={"key": KEY, "next": "/"})
        page.headers["HX-Request"] = "1"
        (token,) = set(re.findall(r'name="token" value="([^"]+)"', page.get("/dashboard/sessions/asked/delete").text))
        with ThreadPoolExecutor(1) as pool:
            with immutable(profile):
                first = page.post("/dashboard/sessions/asked/delete", data={"token": token})
                assert f"<code>{profile}</code>" in first.text
                waiting = page.get("/dashboard/cleanup").text
                assert "In the way:" in waiting
                before = server.log.read_text().count("Cleanup attempt 1/2 for session asked")
                again = pool.submit(page.post, "/dashboard/sessions/asked/delete", data={"token": token})

                def has_begun() -> bool:
                    return server.log.read_text().count("Cleanup attempt 1/2 for session asked") > before

                wait_for(has_begun, what="another round of attempts")
            assert "asked is deleted" in again.result().text
            assert "some of its files wait" not in again.result().text
        assert server.folders() == []


def test_a_deletion_asked_again_waits_for_the_open_one(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(TUNTAS_REMOVAL_ATTEMPTS="2", TUNTAS_REMOVAL_DELAY_SECONDS="1")
    server.pair(sandbox, "asked", "628180000004")
    server.http.post("/api/sessions/asked/stop")
    with ThreadPoolExecutor(1) as pool:
        with immutable(server.profiles / "asked"):
            assert server.http.delete("/api/sessions/asked").status_code == 202
            before = server.log.read_text().count("Cleanup attempt 1/2 for session asked")
            asked = pool.submit(server.http.delete, "/api/sessions/asked")

            def has_begun() -> bool:
                return server.log.read_text().count("Cleanup attempt 1/2 for session asked") > before

            wait_for(has_begun, what="another round of attempts")
        assert asked.result().status_code == 200
        assert server.folders() == []


def test_a_removal_goes_on_after_the_server_was_killed(start_server: StartServer, sandbox: Sandbox) -> None:
    quick = {"TUNTAS_REMOVAL_ATTEMPTS": "1", "TUNTAS_REMOVAL_DELAY_SECONDS": "0"}
    first = start_server(**quick)
    first.pair(sandbox, "later", "628180000002")
    first.http.post("/api/sessions/later/stop")
    with immutable(first.profiles / "later"):
        assert first.http.delete("/api/sessions/later").status_code == 202
        first.stop(signal.SIGKILL)
    second = start_server(**quick)
    wait_for(lambda: second.folders() == [], what="the folder is gone")
    wait_for(lambda: second.http.get("/api/removals").json() == [], what="the record is closed")
    assert second.http.delete("/api/sessions/later").status_code == 200


def test_many_are_deleted_at_once_and_those_with_an_account_only_if_all_are_meant(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    server = start_server()
    server.pair(sandbox, "linked", "628110000901")
    server.create("asking")
    server.create("resting", start=False)
    answer = server.http.post("/api/sessions/terminate", json={"which": "unlinked"})
    assert (answer.status_code, sorted(one["name"] for one in answer.json())) == (200, ["asking", "resting"])
    assert [one["name"] for one in server.http.get("/api/sessions?all=true").json()] == ["linked"]
    assert server.http.post("/api/sessions/terminate", json={"which": "old"}).status_code == 422

    data = ("--data-dir", str(server.data_dir))
    assert run("sessions", "delete", "linked", "--all", *data).returncode == 2
    done = run("sessions", "delete", "--all", "--yes", *data)
    assert (done.returncode, done.stdout) == (0, "Session linked is deleted.\n"), done.stderr
    assert server.folders() == []
    assert run("sessions", "delete", "--all", "--yes", *data).stdout == "There is no such session.\n"
