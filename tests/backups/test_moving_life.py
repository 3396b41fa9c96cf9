"""A session moves to another server and back as a file: it runs in one place at a time, and misses nothing."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from conftest import StartServer
from support.receiver import Receiver
from support.running import Sandbox, Server, browsers_of, run, running

# Two whole servers one after the other, and back.
pytestmark = pytest.mark.timeout(400)

SHOP, OTHER = "628110000971", "628110000972"
KEY = "correct horse battery staple"


def done(*arguments: str) -> str:
    ended = run(*arguments, TUNTAS_BACKUP_KEY=KEY)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_a_session_moves_away_and_comes_back(start_server: StartServer, sandbox: Sandbox, tmp_path: Path) -> None:
    there, file, back = tmp_path / "there", str(tmp_path / "shop.tuntas"), str(tmp_path / "back.tuntas")
    first = start_server()
    here = ("--data-dir", str(first.data_dir))
    with Receiver() as receiver, ExitStack() as stack:
        hook = {"url": receiver.url, "events": ["message"], "hmac": {"key": "my-secret-key"}}
        first.pair(sandbox, "shop", SHOP, config={"webhooks": [hook], "metadata": {"customer": "42"}})
        sandbox.phone(OTHER)
        sandbox.call("POST", f"/phones/{OTHER}/send", {"to": SHOP, "text": "before"})
        receiver.wait_for("message", body="before")

        assert json.loads(done("export", "shop", file, "--json", *here))["encrypted"] is True
        assert browsers_of(first.data_dir) == []
        refuses(first)
        assert b"my-secret-key" not in Path(file).read_bytes()
        sandbox.call("POST", f"/phones/{OTHER}/send", {"to": SHOP, "text": "on the way"})

        assert "is spent" in done("import", file, "--start", "--data-dir", str(there))
        second = Server(there, sandbox.url)
        stack.enter_context(running(second))
        second.wait_status("shop", "WORKING")
        assert "qr_shown" not in second.story("shop")
        told = receiver.wait_for("message", body="on the way")
        assert told["metadata"] == {"customer": "42"}
        assert receiver.all_signed_with("my-secret-key")
        first.stop()
        second.stop()

        # Back, both servers stopped; the old row knows it again, and takes what it has learnt meanwhile.
        done("export", "shop", back, "--data-dir", str(there))
        done("import", back, *here)
        first = start_server()
        assert first.http.post("/api/sessions/shop/start").status_code == 201
        first.wait_status("shop", "WORKING")
        assert first.story("shop").count("qr_shown") == 1
        chat = first.http.get(f"/api/shop/chats/{OTHER}@c.us/messages", params={"limit": 10}).json()
        assert {one["body"] for one in chat} == {"before", "on the way"}
        assert first.folders() == ["shop"]


def refuses(server: Server) -> None:
    for act in ("start", "restart", "logout"):
        answer = server.http.post(f"/api/sessions/shop/{act}")
        assert (answer.status_code, answer.json()["code"]) == (409, "session_moved"), answer.text
    assert server.http.post("/api/sessions/shop/stop").status_code == 201
    assert server.status("shop") == "STOPPED"
    assert browsers_of(server.data_dir) == []
