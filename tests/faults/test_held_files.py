"""A foreign process has a profile's file open, where that stands in the way of deleting: a real server's answers."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import StartServer
from support.running import Sandbox, Server, wait_for
from support.share_modes import Rule, share_modes

BUSY = "Session is busy. Files may still be in use. Please try again in a few moments."
QUICK = {"TUNTAS_REMOVAL_ATTEMPTS": "2", "TUNTAS_REMOVAL_DELAY_SECONDS": "0.2"}
HOLDER = """
import select, sys
file = open(sys.argv[1])
print("ready", flush=True)
select.select([sys.stdin], [], [], float(sys.argv[2]))
"""


@contextmanager
def holding(file: Path, seconds: float = 600.0) -> Iterator[subprocess.Popen[bytes]]:
    """Have another process keep ``file`` open for so long, at most until the block ends."""
    command = [sys.executable, "-c", HOLDER, str(file), str(seconds)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"ready\n"
    try:
        yield holder
    finally:
        holder.kill()
        holder.communicate()


@pytest.fixture
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The data folder's profiles, on a disk with share modes; the server is started, and ended, above it."""
    profiles = tmp_path / "data" / "profiles"
    with share_modes(tmp_path / "disk", profiles, request.param):
        yield profiles


def stopped_session(server: Server, sandbox: Sandbox, name: str, number: str) -> Path:
    """Pair a session, end its browser, and return a file of its profile."""
    server.pair(sandbox, name, number)
    assert server.http.post(f"/api/sessions/{name}/stop").status_code == 201
    return next(one for one in sorted((server.profiles / name).rglob("*")) if one.is_file() and "Default" in one.parts)


@pytest.mark.parametrize("disk", [Rule.FOLDERS], indirect=True)
def test_a_held_profile_is_answered_with_202_and_listed_and_its_name_works_and_it_goes_by_itself(
    disk: Path, start_server: StartServer, sandbox: Sandbox
) -> None:
    server = start_server(**QUICK)
    file = stopped_session(server, sandbox, "held", "628300000001")
    with holding(file) as holder:
        answer = server.http.delete("/api/sessions/held")
        assert answer.status_code == 202
        assert answer.json()["message"] == BUSY
        (listed,) = server.http.get("/api/removals").json()
        assert (listed["session"], listed["state"], listed["reason"]) == ("held", "stuck", "in_use")
        ((pid, name),) = [(one["pid"], one["name"]) for one in listed["holders"]]
        assert pid == holder.pid
        assert name.startswith("python")
        assert f"pid {holder.pid}" in listed["message"]
        assert listed["obstaclePath"] == str(file)

        server.create("held")
        server.wait_status("held", "SCAN_QR_CODE")
        assert len(server.folders()) == 2
    wait_for(lambda: server.http.get("/api/removals").json() == [], what="it went on by itself")
    (folder,) = server.folders()
    assert folder.startswith("held.")
    assert server.status("held") == "SCAN_QR_CODE"
    assert server.http.delete("/api/sessions/held").status_code == 200
    server.wait_trash_empty()


@pytest.mark.parametrize("disk", [Rule.FOLDERS], indirect=True)
def test_a_profile_that_is_held_for_two_seconds_is_waited_for_and_answered_with_200(
    disk: Path, start_server: StartServer, sandbox: Sandbox
) -> None:
    server = start_server()
    file = stopped_session(server, sandbox, "soon", "628300000002")
    begun = time.monotonic()  # before the holder's two seconds begin, however late we come to ask
    with holding(file, 2.0):
        assert server.http.delete("/api/sessions/soon").status_code == 200
        assert time.monotonic() - begun > 1.9
    assert "Cleanup attempt 1/3 for session soon" in server.log.read_text()
    server.wait_trash_empty()
    wait_for(lambda: server.http.get("/api/removals").json() == [], what="the record is closed")


@pytest.mark.parametrize("disk", [Rule.SILLY_RENAME], indirect=True)
def test_a_file_that_a_network_disk_only_hides_is_listed_until_it_is_closed(
    disk: Path, start_server: StartServer, sandbox: Sandbox
) -> None:
    server = start_server(**QUICK)
    file = stopped_session(server, sandbox, "hidden", "628300000003")
    with holding(file) as holder:
        server.http.delete("/api/sessions/hidden")

        def stuck() -> bool:
            return [one["state"] for one in server.http.get("/api/removals").json()] == ["stuck"]

        wait_for(stuck, what="the purge is stuck")
        (listed,) = server.http.get("/api/removals").json()
        assert [one["pid"] for one in listed["holders"]] == [holder.pid]
        hidden = [one for one in (disk / ".trash").rglob("*") if one.name.startswith(".fuse_hidden")]
        assert len(hidden) == 1
        server.create("hidden")
        server.wait_status("hidden", "SCAN_QR_CODE")
    wait_for(lambda: server.http.get("/api/removals").json() == [], what="it was purged by itself")
    server.wait_trash_empty()
    assert server.status("hidden") == "SCAN_QR_CODE"


@pytest.mark.parametrize("disk", [Rule.FOLDERS], indirect=True)
def test_a_working_session_on_such_a_disk_is_deleted_without_leaving_anything(
    disk: Path, start_server: StartServer, sandbox: Sandbox
) -> None:
    server = start_server(**QUICK)
    server.pair(sandbox, "whole", "628300000004")
    assert server.http.delete("/api/sessions/whole").status_code == 200
    assert server.folders() == []
    server.wait_trash_empty()
    assert "Cleanup attempt" not in server.log.read_text()
