"""Bad input gets a clear error that names what is wrong, and changes nothing."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.running import Sandbox, Server, run, running

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Server]:
    """One server for all tests here: bad input changes nothing, so they cannot disturb each other."""
    child = Server(tmp_path_factory.mktemp("server") / "data", sandbox.url)
    with running(child):
        yield child


@pytest.fixture(autouse=True)
def no_session_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Remove what a test has created, so that each begins with no session."""
    yield
    if "server" in request.fixturenames:
        server: Server = request.getfixturevalue("server")
        for session in server.http.get("/api/sessions?all=true").json():
            server.http.delete(f"/api/sessions/{session['name']}")


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    document: dict[str, Any] = answer.json()
    assert document["code"] == code
    assert document["status"] == status
    assert document["detail"]
    return document


def test_unknown_session(server: Server) -> None:
    for method, path in [
        ("GET", "/api/sessions/nobody"),
        ("GET", "/api/sessions/nobody/me"),
        ("GET", "/api/sessions/nobody/history"),
        ("GET", "/api/nobody/auth/qr"),
        ("GET", "/api/screenshot?session=nobody"),
        ("POST", "/api/sessions/nobody/start"),
        ("POST", "/api/sessions/nobody/stop"),
        ("POST", "/api/sessions/nobody/restart"),
        ("POST", "/api/sessions/nobody/logout"),
    ]:
        assert "nobody" in problem(server.http.request(method, path), 404, "session_not_found")["detail"]
    text = {"session": "nobody", "chatId": "628111000222", "text": "x"}
    problem(server.http.post("/api/sendText", json=text), 404, "session_not_found")


@pytest.mark.parametrize("name", ["../x", "", "a b", "a/b", "x" * 65, "é", ".", "a\n"])
def test_bad_names_name_the_field_and_make_no_session(server: Server, name: str) -> None:
    found = problem(server.http.post("/api/sessions", json={"name": name}), 422, "invalid_input")
    assert [one["field"] for one in found["errors"]] == ["body.name"]
    assert server.http.get("/api/sessions?all=true").json() == []
    assert server.folders() == []


def test_taken_name(server: Server) -> None:
    server.create("taken", start=False, config={"metadata": {"mine": "yes"}})
    problem(server.http.post("/api/sessions", json={"name": "taken"}), 422, "session_exists")
    assert server.session("taken")["config"] == {"metadata": {"mine": "yes"}}


def test_send_to_a_session_that_is_not_working_says_its_status(server: Server) -> None:
    server.create("idle", start=False)
    found = problem(server.send("idle", "628111000222", "x"), 422, "wrong_session_status")
    assert found["session_status"] == "STOPPED"
    assert "STOPPED" in found["detail"]
    problem(server.http.get("/api/screenshot?session=idle"), 422, "wrong_session_status")


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"session": "s", "chatId": "hello", "text": "x"}, "body.chatId"),
        ({"session": "s", "chatId": "628111000222", "text": ""}, "body.text"),
        ({"session": "s", "chatId": "628111000222"}, "body.text"),
        ({"session": "s", "chatId": "628111000222", "text": "x", "txet": "y"}, "body.txet"),
        ({"session": "../s", "chatId": "628111000222", "text": "x"}, "body.session"),
    ],
)
def test_bad_texts_name_the_field(server: Server, document: dict[str, str], field: str) -> None:
    found = problem(server.http.post("/api/sendText", json=document), 422, "invalid_input")
    assert [one["field"] for one in found["errors"]] == [field]


@pytest.mark.parametrize(
    ("webhook", "field"),
    [
        ({"url": "not a url", "events": ["message"]}, "body.config.webhooks.0.url"),
        ({"url": "ftp://example.com/", "events": ["message"]}, "body.config.webhooks.0.url"),
        ({"url": "http://example.com/", "events": []}, "body.config.webhooks.0.events"),
        ({"url": "http://example.com/", "events": ["*"], "customHeaders": [{"name": "a\r\nb", "value": ""}]},
         "body.config.webhooks.0.customHeaders.0.name"),
    ],
)  # fmt: skip
def test_bad_webhooks_name_the_field(server: Server, webhook: dict[str, Any], field: str) -> None:
    answer = server.http.post("/api/sessions", json={"name": "hook", "config": {"webhooks": [webhook]}})
    assert problem(answer, 422, "invalid_input")["errors"][0]["field"].startswith(field)
    assert server.http.get("/api/sessions?all=true").json() == []


def test_a_recipient_who_is_not_on_whatsapp_is_refused_by_whatsapp(server: Server, sandbox: Sandbox) -> None:
    server.pair(sandbox, "shop", "628140000001")
    found = problem(server.send("shop", "628999999999", "x"), 404, "not_found_in_whatsapp")
    assert "WhatsApp" in found["detail"]
    assert server.status("shop") == "WORKING"


def test_missing_and_wrong_key(server: Server) -> None:
    with httpx.Client(base_url=server.url, trust_env=False) as http:
        problem(http.get("/api/sessions"), 401, "key_missing_or_wrong")
        problem(http.get("/api/sessions", headers={"X-Api-Key": "wrong"}), 401, "key_missing_or_wrong")
        problem(http.post("/api/sessions", json={"name": "x"}), 401, "key_missing_or_wrong")
        problem(http.get("/health"), 401, "key_missing_or_wrong")
        for path in ("/ping", "/healthz", "/readyz", "/openapi.json", "/docs"):
            assert http.get(path).status_code == 200
    assert server.http.get("/api/sessions?all=true").json() == []


def test_unknown_address_and_method_are_problems_too(server: Server) -> None:
    problem(server.http.get("/api/nothing/here/at/all"), 404, "not_found")
    problem(server.http.patch("/api/sessions"), 405, "method_not_allowed")


def one_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    assert lines[0].startswith("tuntas: ")
    return lines[0]


def test_a_second_server_on_one_data_folder_names_the_first(server: Server) -> None:
    second = run("serve", "--port", "0", "--data-dir", str(server.data_dir))
    assert second.returncode == 1
    assert second.stdout == ""
    line = one_line(second.stderr)
    assert str(server.process.pid) in line
    assert server.url in line
    assert server.http.get("/ping").status_code == 200
    assert (server.data_dir / "server.json").exists()


def test_a_taken_port_is_one_clear_line_and_leaves_no_folder(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port), "--data-dir", str(tmp_path / "fresh"))
    assert done.returncode == 1
    assert str(port) in one_line(done.stderr)
    assert "--port" in done.stderr
    assert not (tmp_path / "fresh").exists()


def test_no_browser_is_one_clear_line_that_names_what_to_install(tmp_path: Path) -> None:
    missing = str(tmp_path / "no-such-browser")
    done = run("serve", "--port", "0", "--data-dir", str(tmp_path / "fresh"), TUNTAS_BROWSER=missing)
    assert done.returncode == 1
    assert missing in one_line(done.stderr)
    assert not (tmp_path / "fresh").exists()


def test_a_wrong_setting_is_one_line_that_names_it(tmp_path: Path) -> None:
    done = run("serve", "--data-dir", str(tmp_path / "fresh"), TUNTAS_LIVENESS_INTERVAL_SECONDS="soon")
    assert done.returncode == 1
    assert "TUNTAS_LIVENESS_INTERVAL_SECONDS" in one_line(done.stderr)


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)  # as a server makes it
    with sqlite3.connect(folder / "tuntas.db") as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
    database.close()
    (folder / "tuntas.db").chmod(0o600)
    before = (folder / "tuntas.db").read_bytes()
    done = run("serve", "--port", "0", "--data-dir", str(folder))
    assert done.returncode == 1
    assert "another version" in one_line(done.stderr)
    with sqlite3.connect(folder / "tuntas.db") as database:
        tables = database.execute("SELECT name FROM sqlite_master").fetchall()
    database.close()
    assert tables == [("alembic_version",)]
    assert before


def test_wrong_usage_is_exit_code_2() -> None:
    assert run("serve", "--no-such-option").returncode == 2
    assert run("no-such-command").returncode == 2


def test_a_command_without_a_server_says_how_to_start_one(tmp_path: Path) -> None:
    done = run("sessions", "list", "--data-dir", str(tmp_path))
    assert done.returncode == 1
    assert "tuntas serve" in one_line(done.stderr)
