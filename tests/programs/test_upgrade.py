"""A server takes over the database that an earlier release has left, and refuses one of a later release in one line."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from component.test_upgrades import RELEASED, VERSIONS
from conftest import StartServer
from support.running import run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir(mode=0o700)
    return made


@pytest.mark.parametrize("released", RELEASED, ids=VERSIONS)
def test_a_server_goes_on_with_what_an_earlier_release_has_left(
    released: Path, data: Path, start_server: StartServer
) -> None:
    with closing(sqlite3.connect(data / "tuntas.db")) as connection:
        connection.executescript(released.read_text(encoding="utf-8"))
    server = start_server()
    listed = server.http.get("/api/sessions", params={"all": "true"}).json()
    assert {one["name"]: one["config"].get("metadata") for one in listed} == {
        "shop": None,
        "Gudang_2": {"branch": "Bandung"},
    }
    # It was at work and is wanted; its profile did not come along here, so it asks for a scan and is not deaf.
    server.wait_status("shop", "SCAN_QR_CODE")
    assert "connected" in server.story("shop")
    assert server.http.delete("/api/sessions/shop").status_code == 200


def test_a_server_refuses_what_a_later_release_has_left_in_one_line(data: Path, start_server: StartServer) -> None:
    start_server().stop()
    with closing(sqlite3.connect(data / "tuntas.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = (data / "tuntas.db").read_bytes()
    done = run("serve", "--port", "0", "--data-dir", str(data))
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "Install that version or newer" in done.stderr
    assert (data / "tuntas.db").read_bytes() == before
