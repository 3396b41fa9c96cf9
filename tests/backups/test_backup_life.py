"""A backup of a server that goes on, restored elsewhere: its sessions work there without a scan."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import StartServer
from support.receiver import Receiver
from support.running import Sandbox, Server, run, running, wait_for

# Two whole servers, one after the other.
pytestmark = pytest.mark.timeout(400)

KEY = "correct horse battery staple"


def backup(*arguments: str) -> Any:
    done = run("backup", *arguments, "--json", TUNTAS_BACKUP_KEY=KEY)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def restored(folder: Path, sandbox: Sandbox, data_dir: Path) -> Server:
    """Restore what is in ``folder`` and start a server on it."""
    backup("restore", str(folder), "--data-dir", str(data_dir))
    return Server(data_dir, sandbox.url)


def made_by_command(server: Server, folder: Path) -> Any:
    made = backup("create", str(folder), "--data-dir", str(server.data_dir))
    over = run("backup", "restore", str(folder), "--data-dir", str(server.data_dir), TUNTAS_BACKUP_KEY=KEY)
    assert (over.returncode, over.stderr.count("\n")) == (1, 1)
    assert "Another Tuntas server works on" in over.stderr
    assert [one["path"] for one in backup("list", str(folder))] == [made["path"]]
    assert backup("verify", str(folder))["sessions"] == made["sessions"]
    return made


def made_over_http(server: Server, _folder: Path) -> Any:
    answer = server.http.post("/api/backups", json={"profiles": "whole"})
    assert (answer.status_code, answer.json()["state"]) == (202, "running"), answer.text
    done = wait_for(lambda: ended(server), what="the backup has ended")
    assert (done["state"], done["error"]) == ("done", None)
    (listed,) = server.http.get("/api/backups").json()
    assert (listed["path"], listed["bytes"]) == (done["backup"]["path"], done["backup"]["bytes"])
    sessions = [{**one, "pause_ms": one["pauseMs"]} for one in done["backup"]["sessions"]]
    return done["backup"] | {"sessions": sessions}


def ended(server: Server) -> Any:
    run_of_it = server.http.get("/api/backups/last").json()
    return None if run_of_it["state"] == "running" else run_of_it


@pytest.mark.parametrize("make", [made_by_command, made_over_http])
def test_a_session_goes_on_elsewhere_without_a_scan_and_misses_nothing(
    start_server: StartServer, sandbox: Sandbox, tmp_path: Path, make: Callable[[Server, Path], Any]
) -> None:
    number, other = ("628110000961", "628110000962") if make is made_by_command else ("628110000963", "628110000964")
    folder = tmp_path / "backups"
    first = start_server(TUNTAS_BACKUP_TARGET=str(folder), TUNTAS_BACKUP_KEY=KEY)
    with Receiver() as receiver:
        first.pair(sandbox, "shop", number, config={"webhooks": [{"url": receiver.url, "events": ["message"]}]})
        sandbox.phone(other)
        sandbox.call("POST", f"/phones/{other}/send", {"to": number, "text": "before"})
        receiver.wait_for("message", body="before")
        made = make(first, folder)
        (of_shop,) = made["sessions"]
        assert (of_shop["session"], of_shop["missing"], made["encrypted"]) == ("shop", None, True)
        assert of_shop["files"] > 0
        assert of_shop["pause_ms"] > 0  # its browser ran
        assert b"before" not in Path(made["path"]).read_bytes()
        # It goes on as if nothing had been.
        sandbox.call("POST", f"/phones/{other}/send", {"to": number, "text": "after"})
        receiver.wait_for("message", body="after")
        assert first.status("shop") == "WORKING"

        first.stop()
        second = restored(folder, sandbox, tmp_path / "elsewhere")
        with running(second):
            second.wait_status("shop", "WORKING")
            assert second.story("shop").count("qr_shown") == 1  # the first one, long ago
            sandbox.call("POST", f"/phones/{other}/send", {"to": number, "text": "elsewhere"})
            receiver.wait_for("message", body="elsewhere")
            assert second.send("shop", other, "still here").status_code == 201
            chat = second.http.get(f"/api/shop/chats/{other}@c.us/messages", params={"limit": 10}).json()
            assert {"before", "elsewhere"} <= {one["body"] for one in chat}


def test_over_http_a_backup_needs_an_administrator_a_place_and_a_known_extent(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server()
    key = server.http.post("/api/keys", json={"name": "bot", "scopes": ["read", "send", "control"]}).json()["key"]
    for method, path in (("POST", "/api/backups"), ("GET", "/api/backups"), ("GET", "/api/backups/last")):
        answer = server.http.request(method, path, headers={"X-Api-Key": key})
        assert (answer.status_code, answer.json()["code"]) == (403, "key_not_sufficient")
    for method in ("POST", "GET"):
        answer = server.http.request(method, "/api/backups")
        assert (answer.status_code, answer.json()["code"]) == (422, "backup_target_missing")
        assert "TUNTAS_BACKUP_TARGET" in answer.json()["detail"]
    assert server.http.get("/api/backups/last").status_code == 404
    server.stop()

    (tmp_path / "file").write_text("x")
    server = start_server(TUNTAS_BACKUP_TARGET=str(tmp_path / "file" / "backups"))
    answer = server.http.post("/api/backups", json={"profiles": "half"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.profiles")
    assert server.http.get("/api/backups/last").status_code == 404
    answer = server.http.get("/api/backups")
    assert (answer.status_code, answer.json()["code"]) == (502, "backup_target_unusable")
    assert server.http.post("/api/backups").status_code == 202
    failed = wait_for(lambda: ended(server), what="the backup has ended")
    assert (failed["state"], failed["backup"]) == ("failed", None)
    assert "cannot be written" in failed["error"]
