"""``tuntas cleanup`` and ``POST /api/cleanup`` beside a running server: its sessions live on, everything else goes."""

from __future__ import annotations

import json
from typing import Any

from conftest import StartServer
from support.launchers import launched
from support.running import Sandbox, Server, browsers_of, run, wait_for


def clean(server: Server, *more: str) -> tuple[int, dict[str, Any]]:
    done = run("cleanup", "--data-dir", str(server.data_dir), "--json", *more)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_healthy_server_has_nothing_to_clean(server: Server, sandbox: Sandbox) -> None:
    server.pair(sandbox, "shop", "628111000701")
    pids = browsers_of(server.data_dir)
    code, done = clean(server)
    assert code == 0
    assert (done["removed"], done["kept"], done["browsers_stopped"], done["bytes_freed"]) == ([], [], [], 0)
    assert browsers_of(server.data_dir) == pids
    assert server.status("shop") == "WORKING"


def test_orphans_and_unknown_folders_are_found_beside_live_sessions(server: Server, sandbox: Sandbox) -> None:
    server.pair(sandbox, "shop", "628111000702")
    with launched(server.profiles / "holiday") as browser:
        browser.orphan()
        code, done = clean(server, "--dry-run")
        assert code == 0
        assert [one["pid"] for one in done["browsers_stopped"]] == [browser.pid]
        assert browser.is_untouched()
        code, done = clean(server)
        assert code == 1
        assert [one["pid"] for one in done["browsers_stopped"]] == [browser.pid]
        assert [(one["path"], one["reason"]) for one in done["kept"]] == [
            (str(server.profiles / "holiday"), "unknown_folder")
        ]
        assert not browser.living()
        assert server.status("shop") == "WORKING"
        code, done = clean(server, "--session", "holiday")
        assert (code, done["kept"]) == (0, [])
        assert done["removed"] == [str(server.profiles / "holiday")]
        assert done["bytes_freed"] > 0
        assert server.folders() == ["shop"]
        server.wait_trash_empty()


def test_a_live_session_is_ended_only_by_name_and_force_which_says_so(server: Server, sandbox: Sandbox) -> None:
    server.pair(sandbox, "shop", "628111000703")
    (pid,) = browsers_of(server.data_dir)
    assert clean(server, "--force")[1]["browsers_stopped"] == []
    code, done = clean(server, "--session", "shop")
    assert code == 1
    assert [(one["reason"], pid in {holder["pid"] for holder in one["holders"]}) for one in done["kept"]] == [
        ("live_session", True)
    ]
    assert server.status("shop") == "WORKING"
    said = run("cleanup", "--data-dir", str(server.data_dir), "--session", "shop", "--force")
    assert said.returncode == 0, said.stdout
    assert f"pid {pid}" in said.stderr
    assert "--force" in said.stderr
    assert browsers_of(server.data_dir) == []
    assert server.status("shop") == "STOPPED"
    assert server.folders() == ["shop"], "its keys stay: deleting a session is another command"


def test_trash_is_purged_at_once_and_waited_for(server: Server) -> None:
    waiting = server.profiles / ".trash" / "01hzy0000000000000000000ab"
    waiting.mkdir()
    (waiting / "bytes").write_bytes(b"x" * 1_000_000)
    answer = server.http.post("/api/cleanup", json={"dryRun": True, "session": None})
    assert answer.json()["removed"] == [str(waiting)]
    assert waiting.exists()
    answer = server.http.post("/api/cleanup")
    assert answer.status_code == 200
    assert answer.json()["removed"] == [str(waiting)]
    assert answer.json()["bytes_freed"] >= 1_000_000
    assert not waiting.exists()


def test_bad_input_is_refused_by_name(server: Server) -> None:
    for document in ({"session": "../etc"}, {"session": ""}, {"dry_run": True}, {"session": "a."}):
        answer = server.http.post("/api/cleanup", json=document)
        assert answer.status_code == 422, document
        assert answer.json()["code"] == "invalid_input"
    done = run("cleanup", "--data-dir", str(server.data_dir), "--session", "../etc")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


def test_after_kill_9_the_folder_is_cleaned_without_a_server(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server()
    server.pair(sandbox, "shop", "628111000704")
    server.process.kill()
    server.process.wait()
    wait_for(lambda: not browsers_of(server.data_dir), what="the browsers died with their server")
    code, done = clean(server)
    assert (code, done["kept"], server.folders()) == (0, [], ["shop"])
    again = start_server()
    again.wait_status("shop", "WORKING")
