"""Names that would hurt on some disk or in some address: refused with the reason, for new sessions only."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from conftest import StartServer
from support.running import Server, run


@pytest.mark.parametrize("name", ["CON", "nul", "Com1", "lpt9", "sessions", "server", "ALL", "sendText", "keys"])
def test_a_new_session_gets_no_name_of_a_device_or_of_an_address(server: Server, name: str) -> None:
    answer = server.http.post("/api/sessions", json={"name": name, "start": False})
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "session_name_refused"
    assert [one["field"] for one in problem["errors"]] == ["body.name"]
    assert name in problem["detail"]
    older = server.http.post("/api/sessions/start", json={"name": name})
    assert (older.status_code, older.json()["code"]) == (422, "session_name_refused")
    assert server.http.get("/api/sessions", params={"all": "true"}).json() == []


def test_two_sessions_that_differ_only_in_case_are_refused_and_the_first_stays(server: Server) -> None:
    server.create("shop", start=False)
    answer = server.http.post("/api/sessions", json={"name": "SHOP", "start": False})
    assert (answer.status_code, answer.json()["code"]) == (422, "session_exists")
    assert "'shop'" in answer.json()["detail"]
    assert [one["name"] for one in server.http.get("/api/sessions", params={"all": "true"}).json()] == ["shop"]
    assert server.http.delete("/api/sessions/SHOP").status_code == 200
    assert server.status("shop") == "STOPPED"


def test_a_session_that_has_such_a_name_already_keeps_working(start_server: StartServer, tmp_path: Path) -> None:
    first = start_server()
    first.create("plain", start=False)
    first.stop()
    with sqlite3.connect(tmp_path / "data" / "tuntas.db") as database:
        database.execute("UPDATE sessions SET name = 'CON', folded_name = 'con', profile_folder = 'CON'")
    database.close()
    server = start_server()
    assert server.http.post("/api/sessions/CON/start").status_code == 201
    server.wait_status("CON", "SCAN_QR_CODE")
    assert server.folders() == ["CON"]
    assert server.http.delete("/api/sessions/CON").status_code == 200
    assert server.folders() == []


@pytest.mark.parametrize("name", ["nul", "sendText", "All"])
def test_an_import_refuses_such_names_and_changes_nothing(tmp_path: Path, name: str) -> None:
    source = tmp_path / "auth" / f"session-{name}"
    (source / "Default").mkdir(parents=True)
    done = run("import", str(source.parent), "--data-dir", str(tmp_path / "data"))
    assert done.returncode == 1
    assert name in done.stderr
    assert source.is_dir()
    assert not (tmp_path / "data").exists()


def test_an_import_refuses_a_name_that_differs_from_a_session_s_only_in_case(tmp_path: Path) -> None:
    for name in ("shop", "SHOP"):
        source = tmp_path / name / f"session-{name}"
        (source / "Default").mkdir(parents=True)
        done = run("import", str(source.parent), "--data-dir", str(tmp_path / "data"))
    assert done.returncode == 1
    assert "A session named shop exists" in done.stderr
    assert source.is_dir()
