"""``tuntas doctor`` sees what is wrong, says what to do, and changes nothing, whether a server runs or not."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import StartServer
from support.running import Sandbox, Server, browsers_of, run, wait_for
from tuntas.browser import BrowserKind, choose

# A port that no other program has: the default one may be in use on the machine that runs the tests.
FREE_PORT = {"TUNTAS_PORT": "0"}


class Seen:
    """The findings of one run, by check."""

    def __init__(self, data_dir: Path, **more: str) -> None:
        done = run("doctor", "--json", "--data-dir", str(data_dir), **(FREE_PORT | more))  # type: ignore[arg-type]
        assert done.stderr == ""
        self.code = done.returncode
        self.findings: dict[str, dict[str, Any]] = {one["check"]: one for one in json.loads(done.stdout)}
        for one in self.findings.values():
            assert set(one) == {"check", "level", "detail", "advice"}
            assert bool(one["advice"]) is (one["level"] != "fine"), one

    def level(self, check: str) -> str:
        return str(self.findings[check]["level"])

    def detail(self, check: str) -> str:
        return str(self.findings[check]["detail"])

    def advice(self, check: str) -> str:
        return str(self.findings[check]["advice"])

    def broken(self) -> list[str]:
        return [name for name, one in self.findings.items() if one["level"] == "broken"]


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file with its time of change and its content."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


@contextmanager
def database(data_dir: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(data_dir / "tuntas.db")) as connection, connection:
        yield connection


@pytest.fixture
def stopped(start_server: StartServer) -> Path:
    """A data folder with one stopped, never paired session, and no server."""
    server = start_server()
    server.create("shop", start=False)
    server.stop()
    return server.data_dir


def test_a_folder_that_is_not_there_is_a_warning_and_is_not_made(tmp_path: Path) -> None:
    seen = Seen(tmp_path / "data")
    assert seen.level("data folder") == "warning"
    assert seen.broken() == []
    assert seen.code == 0
    assert not (tmp_path / "data").exists()
    # A full Chromium has a warning: the other kind needs half the memory.
    assert (seen.level("browser") == "fine") == (choose().kind is BrowserKind.HEADLESS_SHELL)
    assert str(choose().path) in seen.detail("browser")


def test_nothing_is_broken_while_a_server_runs_and_its_story_is_told(server: Server, sandbox: Sandbox) -> None:
    server.pair(sandbox, "shop", "628170000001")
    seen = Seen(server.data_dir, TUNTAS_WHATSAPP_URL=f"{sandbox.url}/")
    assert seen.broken() == []
    assert seen.code == 0
    assert seen.detail("server") == f"pid {server.process.pid} at {server.url} answers"
    assert seen.level("server") == "fine"
    assert server.url in seen.detail("port")
    assert seen.level("orphan browsers") == "fine"
    assert "1 run with their server" in seen.detail("orphan browsers")
    assert "all 1 linked ones are there" in seen.detail("profiles")
    assert seen.level("unknown folders") == "fine"
    assert seen.level("database integrity") == "fine"
    assert seen.level("clock and stories") == "fine"
    assert seen.level("WhatsApp's host") == "fine"
    assert seen.detail("WhatsApp's host") == "127.0.0.1 is 127.0.0.1"


def test_it_looks_at_the_page_of_the_running_server_whatever_this_terminal_has_set(server: Server) -> None:
    seen = Seen(server.data_dir)
    assert seen.detail("WhatsApp's host") == "127.0.0.1 is 127.0.0.1"
    server.stop()
    seen = Seen(server.data_dir, TUNTAS_WHATSAPP_URL="https://nowhere.invalid/")
    assert seen.detail("WhatsApp's host").startswith("nowhere.invalid cannot be resolved")


def test_what_needs_somebody_is_said_by_it_too(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server()
    number = "628170000011"
    server.pair(sandbox, "toko", number)
    assert Seen(server.data_dir).detail("troubles") == "nothing needs anybody"
    sandbox.call("POST", f"/phones/{number}/unlink", {})
    server.wait_status("toko", "SCAN_QR_CODE")
    seen = Seen(server.data_dir)
    assert seen.level("troubles") == "warning"
    assert seen.detail("troubles") == "toko has to be linked again: The phone has unlinked this device"
    server.stop()
    assert Seen(server.data_dir).level("troubles") == "fine"


def test_it_changes_nothing_when_no_server_runs(stopped: Path) -> None:
    before = snapshot(stopped)
    assert Seen(stopped).broken() == []
    assert snapshot(stopped) == before


def test_it_changes_nothing_after_a_kill_either(start_server: StartServer) -> None:
    server = start_server()
    server.create("shop", start=False)
    server.stop(signal.SIGKILL)
    before = snapshot(server.data_dir)
    assert "tuntas.db-wal" in before
    seen = Seen(server.data_dir)
    assert seen.broken() == []
    assert "1 sessions" in seen.detail("profiles")
    after = snapshot(server.data_dir)
    # SQLite's index of its log is rebuilt by whoever reads first after a kill; it holds no data.
    assert {name for name in before if before[name] != after.get(name)} <= {"tuntas.db-shm"}
    assert before.keys() == after.keys()


def test_a_server_that_does_not_answer_is_broken(server: Server) -> None:
    server.process.send_signal(signal.SIGSTOP)
    try:
        seen = Seen(server.data_dir)
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert seen.broken() == ["server"]
    assert seen.code == 1
    assert f"kill -9 {server.process.pid}" in seen.advice("server")


def test_a_damaged_database_is_broken(stopped: Path) -> None:
    with (stopped / "tuntas.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)
    seen = Seen(stopped)
    assert seen.level("database integrity") == "broken"
    assert seen.code == 1


def test_a_file_that_is_no_database_is_broken_and_no_traceback(stopped: Path) -> None:
    (stopped / "tuntas.db").write_bytes(b"this is not a database" * 100)
    seen = Seen(stopped)
    assert "not a database" in seen.detail("database")
    assert {"database", "database integrity"} <= set(seen.broken())


def test_a_database_of_a_newer_version_is_broken(stopped: Path) -> None:
    with database(stopped) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    seen = Seen(stopped)
    assert seen.broken() == ["database"]
    assert "9999" in seen.detail("database")


def test_a_database_whose_first_migration_was_cut_off_is_broken(tmp_path: Path) -> None:
    with database(tmp_path) as connection:
        connection.execute("CREATE TABLE deliveries (sequence INTEGER)")
    seen = Seen(tmp_path)
    assert seen.broken() == ["database"]
    assert "Move the file away" in seen.advice("database")


def test_a_story_from_the_future_tells_of_a_clock_that_went_back(stopped: Path) -> None:
    later = int((datetime.now(UTC) + timedelta(hours=2)).timestamp() * 1_000_000)
    with database(stopped) as connection:
        connection.execute(
            "INSERT INTO history (session_id, at, before, after, status, reason, asked_by) "
            "VALUES ('x', ?, 'stopped', 'stopped', 'STOPPED', 'test', 'test')",
            (later,),
        )
    seen = Seen(stopped)
    assert seen.level("clock and stories") == "warning"
    assert "in the future" in seen.detail("clock and stories")


def test_leftovers_are_named(stopped: Path) -> None:
    (stopped / "profiles/somebody").mkdir()
    (stopped / "profiles/.trash/01abc").mkdir()
    (stopped / "profiles/.trash/01abc/file").write_bytes(b"x" * 100_000)
    with database(stopped) as connection:
        connection.execute("""UPDATE sessions SET me = '{"id": "628@c.us", "push_name": "Shop"}'""")
        connection.execute(
            "INSERT INTO removals (id, session, path, state, reason, holders, attempts, created_at, updated_at)"
            " VALUES ('1', 'gone', '/nowhere/gone', 'stuck', 'in_use', ?, 3, 1, 1)",
            (json.dumps([{"pid": 4711, "name": "antivirus", "how": "open file", "path": "/nowhere/gone/x"}]),),
        )
    seen = Seen(stopped)
    assert seen.code == 0
    assert "somebody" in seen.detail("unknown folders")
    assert "1 folders" in seen.detail("trash size")
    assert "shop" in seen.detail("profiles")
    assert "antivirus (pid 4711)" in seen.detail("removals")
    assert {seen.level(one) for one in ("unknown folders", "trash size", "profiles", "removals")} == {"warning"}


def test_a_browser_without_a_server_is_found(stopped: Path) -> None:
    profile = stopped / "profiles/shop"
    command = [
        str(choose().path),
        "--no-sandbox",
        "--headless",
        f"--user-data-dir={profile}",
        "--remote-debugging-port=0",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            wait_for(lambda: browsers_of(stopped), what="the browser runs")
            seen = Seen(stopped)
        finally:
            browser.terminate()
            browser.wait(20)
    assert seen.level("orphan browsers") == "warning"
    assert f"pid {browser.pid} on shop" in seen.detail("orphan browsers")


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="there is no file system in memory here")
def test_a_data_folder_in_memory_is_a_warning(tmp_path: Path) -> None:
    place = Path("/dev/shm") / f"tuntas-{tmp_path.parent.name}-{tmp_path.name}"
    place.mkdir()
    try:
        seen = Seen(place)
    finally:
        shutil.rmtree(place)
    assert seen.level("file system") == "warning"
    assert "tmpfs" in seen.detail("file system")


def test_a_browser_that_is_not_there_is_broken_and_people_read_why(tmp_path: Path) -> None:
    done = run("doctor", "--data-dir", str(tmp_path), TUNTAS_PORT="0", TUNTAS_BROWSER="/nowhere/chrome")
    assert done.returncode == 1
    assert "✗ browser" in done.stdout
    assert "tuntas browser install" in done.stdout
    assert "1 broken" in done.stdout


def test_a_wrong_setting_is_one_line(tmp_path: Path) -> None:
    done = run("doctor", "--data-dir", str(tmp_path), TUNTAS_PORT="many")
    assert done.returncode == 1
    assert done.stderr.startswith("tuntas: Setting TUNTAS_PORT")
