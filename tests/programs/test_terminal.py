"""The command on a terminal: it says what to do next, draws what changes, and answers scripts in JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from support.running import Sandbox, Server, environment, run
from support.terminal import on_terminal

ESCAPE = "\x1b"


def test_alone_it_says_what_to_do_first(server: Server, sandbox: Sandbox, tmp_path: Path) -> None:
    nothing = run(TUNTAS_DATA_DIR=str(tmp_path / "none"))
    assert nothing.returncode == 0
    assert "No server runs" in nothing.stdout
    assert "tuntas serve" in nothing.stdout
    assert not (tmp_path / "none").exists()
    assert "tuntas sessions create" in run(TUNTAS_DATA_DIR=str(server.data_dir)).stdout
    server.create("first")
    server.wait_status("first", "SCAN_QR_CODE")
    assert "tuntas sessions qr first" in run(TUNTAS_DATA_DIR=str(server.data_dir)).stdout
    server.http.delete("/api/sessions/first")


def test_a_qr_is_drawn_until_it_is_scanned(server: Server, sandbox: Sandbox) -> None:
    data = ("--data-dir", str(server.data_dir))
    server.create("drawn")
    with on_terminal("sessions", "qr", "drawn", *data) as terminal:
        drawn = terminal.wait_for("Scan it for session drawn")
        assert "█" in drawn or "▀" in drawn
        sandbox.scan(sandbox.phone("628110000981"), server.qr("drawn"))
        terminal.wait_for("Session drawn: WORKING")
        assert terminal.wait_end() == 0
    there_is_none = run("sessions", "qr", "drawn", *data)
    assert there_is_none.returncode == 1
    assert "there is nothing to scan" in there_is_none.stderr
    server.http.delete("/api/sessions/drawn")


def test_the_table_follows_what_happens(server: Server, sandbox: Sandbox) -> None:
    server.create("watched", start=False)
    with on_terminal("sessions", "watch", "--data-dir", str(server.data_dir)) as terminal:
        terminal.wait_for("STOPPED")
        assert ESCAPE in terminal.shown or ESCAPE in terminal.wait_for("watched")
        server.http.post("/api/sessions/watched/start")
        terminal.wait_for("SCAN_QR_CODE")
        sandbox.scan(sandbox.phone("628110000982"), server.qr("watched"))
        terminal.wait_for("WORKING")
        terminal.wait_for(" MB")
        terminal.press_interrupt()
        assert terminal.wait_end() == 130
    server.http.delete("/api/sessions/watched")


def test_a_list_shows_those_that_are_asked_for(server: Server) -> None:
    data = ("--data-dir", str(server.data_dir))
    for name in ("asked-for", "asked-too"):
        server.create(name, start=False)
    assert [one["name"] for one in json.loads(run("sessions", "list", "--json", "--search", "FOR", *data).stdout)] == [
        "asked-for"
    ]
    assert "asked-too" in run("sessions", "list", "--status", "stopped", *data).stdout
    assert run("sessions", "list", "--status", "working", *data).stdout == "None of 2 sessions fits.\n"
    wrong = run("sessions", "list", "--status", "broken", *data)
    assert wrong.returncode == 2
    assert "SCAN_QR_CODE" in wrong.stderr
    for name in ("asked-for", "asked-too"):
        server.http.delete(f"/api/sessions/{name}")


def test_nothing_is_coloured_where_there_is_no_terminal(server: Server) -> None:
    server.create("plain", start=False)
    for arguments in (("sessions", "list"), ("ps",), ("doctor",), ("keys", "list")):
        assert ESCAPE not in run(*arguments, "--data-dir", str(server.data_dir)).stdout, arguments
    server.http.delete("/api/sessions/plain")


def test_the_shell_completes_names_of_sessions(server: Server) -> None:
    server.create("completed", start=False)

    def offered(data_dir: Path) -> str:
        line = {"COMP_WORDS": "tuntas sessions show comp", "COMP_CWORD": "3", "_TUNTAS_COMPLETE": "complete_bash"}
        done = subprocess.run(
            [Path(sys.executable).with_name("tuntas")],
            env=environment(TUNTAS_DATA_DIR=str(data_dir), **line),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return (done.stdout + done.stderr).strip()

    assert offered(server.data_dir) == "completed"
    assert offered(server.data_dir / "none") == ""
    server.http.delete("/api/sessions/completed")


def test_every_command_that_prints_data_prints_json(server: Server, sandbox: Sandbox) -> None:
    data = ("--data-dir", str(server.data_dir))
    made = json.loads(run("keys", "create", "robot", "--json", *data).stdout)
    assert json.loads(run("keys", "revoke", "robot", "--json", *data).stdout) == {"revoked": made["id"]}
    created = json.loads(run("sessions", "create", "robot", "--json", *data).stdout)
    assert created["name"] == "robot"
    assert json.loads(run("sessions", "qr", "robot", "--json", *data).stdout)["value"]
    assert json.loads(run("sessions", "stop", "robot", "--json", *data).stdout)["status"] == "STOPPED"
    assert json.loads(run("sessions", "delete", "robot", "--json", *data).stdout)["name"] == "robot"
    assert json.loads(run("ps", "--json", *data).stdout) == []
    assert json.loads(run("browser", "find", "--json", *data).stdout)[0]["chosen"] is True
