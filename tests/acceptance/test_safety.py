"""Safe by default: keys, logs, loopback."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import httpx
import psutil

from conftest import StartServer
from support.running import KEY, Child, Sandbox, Server, running


def plain_server(data_dir: Path) -> Child:
    return Child(["serve", "--port", "0", "--data-dir", str(data_dir)], data_dir.parent / "plain.log")


def test_the_first_start_prints_a_key_once_and_stores_only_its_hash(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first = plain_server(folder)
    with running(first):
        assert first.process.stdout is not None
        line = first.process.stdout.readline()
        key = line.rsplit(" ", 1)[-1].strip()
        assert len(key) >= 32
        assert (
            httpx.get(f"{first.url}/api/sessions", headers={"X-Api-Key": key}, trust_env=False, timeout=60).status_code
            == 200
        )
    second = plain_server(folder)
    with running(second):
        assert second.process.stdout is not None
        assert key not in second.process.stdout.readline()
        assert (
            httpx.get(f"{second.url}/api/sessions", headers={"X-Api-Key": key}, trust_env=False, timeout=60).status_code
            == 200
        )
    stored = b"".join(path.read_bytes() for path in folder.glob("tuntas.db*"))
    assert key.encode() not in stored
    assert key not in (tmp_path / "plain.log").read_text()
    with sqlite3.connect(folder / "tuntas.db") as database:
        (fingerprint,) = database.execute("SELECT fingerprint FROM keys").fetchone()
    database.close()
    assert re.fullmatch("[0-9a-f]{64}", fingerprint)


def test_logs_hold_no_body_no_qr_and_no_key(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(TUNTAS_LOG_LEVEL="debug")
    shop, budi = sandbox.phone("628150000001"), sandbox.phone("628150000002")
    server.create("quiet")
    qr = server.qr("quiet")
    sandbox.scan(shop, qr)
    server.wait_status("quiet", "WORKING")
    server.send("quiet", budi, "outgoing secret")
    sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "incoming secret"})
    server.send("quiet", "628999999999", "refused secret")
    server.http.delete("/api/sessions/quiet")
    log = server.log.read_text()
    assert "state_changed" in log
    for secret in ("outgoing secret", "incoming secret", "refused secret", qr, qr.split(",")[1], KEY):
        assert secret not in log


def test_it_listens_on_loopback_and_its_browsers_on_nothing(server: Server, sandbox: Sandbox) -> None:
    server.pair(sandbox, "local", "628150000011")
    family = [server.process.pid, *(child.pid for child in psutil.Process(server.process.pid).children(recursive=True))]
    assert len(family) > 3
    listening = [
        (one.pid, str(one.laddr).split("'")[1])
        for one in psutil.net_connections("inet")
        if one.status == psutil.CONN_LISTEN and one.pid in family
    ]
    assert listening == [(server.process.pid, "127.0.0.1")]


def test_the_note_for_the_terminal_is_for_its_owner_only(server: Server) -> None:
    assert (server.data_dir / "server.json").stat().st_mode & 0o077 == 0
