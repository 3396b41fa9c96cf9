"""A row that cannot be read hides no other, and can be mended or deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from support.running import Server

StartServer = Callable[..., Server]

DAMAGES = {
    "no JSON": "config = '{\"document\": '",
    "half a character": "config = replace(config, 'OF-IT', '\\ud800')",
    "NaN": "config = replace(config, '\"OF-IT\"', 'NaN')",
    "another shape": "config = '[]'",
    "nothing": "config = 'null'",
    "an unknown state": "state = 'dreaming'",
    "no account": "me = '{\"number\": 1}'",
    "no browser": "browser = '[1]'",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_session_is_listed_beside_the_others_and_can_be_deleted(
    start_server: StartServer, damage: str
) -> None:
    server = start_server()
    hook = {"url": "http://127.0.0.1:9/", "events": ["*"]}
    server.create("damaged", start=False, config={"metadata": {"some": "OF-IT"}, "webhooks": [hook]})
    server.create("well", start=False)
    server.stop()
    with sqlite3.connect(server.data_dir / "tuntas.db") as database:
        database.execute(f"UPDATE sessions SET {DAMAGES[damage]} WHERE name = 'damaged'")
    database.close()

    server = start_server()
    listed = {one["name"]: one for one in server.http.get("/api/sessions", params={"all": True}).json()}
    assert set(listed) == {"damaged", "well"}
    assert listed["well"]["damaged"] is None
    if DAMAGES[damage].startswith("config"):
        assert "configuration cannot be read" in listed["damaged"]["damaged"]
        assert listed["damaged"]["config"] == {}
    if DAMAGES[damage].startswith("state"):
        assert listed["damaged"]["reason"] == "damaged"
    assert server.http.get("/health").is_success
    mended = server.http.put("/api/sessions/damaged", json={"config": {"metadata": {"now": "well"}}})
    assert mended.status_code == 200, mended.text
    assert mended.json()["damaged"] is None
    assert mended.json()["config"] == {"metadata": {"now": "well"}}
    assert server.http.delete("/api/sessions/damaged").status_code == 200
    assert [one["name"] for one in server.http.get("/api/sessions", params={"all": True}).json()] == ["well"]


def test_a_damaged_session_is_deleted_without_being_mended_and_its_row_is_left_as_it_is_before(
    start_server: StartServer,
) -> None:
    server = start_server()
    server.create("damaged", start=False, config={"metadata": {"a": "b"}})
    server.stop()
    path = server.data_dir / "tuntas.db"
    with sqlite3.connect(path) as database:
        database.execute("UPDATE sessions SET config = 'spoilt'")
    database.close()
    server = start_server()
    assert server.http.post("/api/sessions/damaged/stop").is_success
    server.stop()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT config FROM sessions").fetchone() == ("spoilt",)
    database.close()
    server = start_server()
    assert server.http.delete("/api/sessions/damaged").status_code == 200
