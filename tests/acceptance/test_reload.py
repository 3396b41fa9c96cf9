"""``tuntas serve --reload``: a change of the code brings a new server, and nothing of the old one is left."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import httpx
import psutil

import tuntas
from support.running import Child, Sandbox, alive, running, tree_of, wait_for

KEY = "reload-key-of-enough-characters"


def server_pid(data_dir: Path) -> int | None:
    try:
        return int(json.loads((data_dir / "server.json").read_text())["pid"])
    except (OSError, ValueError):
        return None


def test_a_change_of_the_code_restarts_the_server_and_leaks_nothing(tmp_path: Path, sandbox: Sandbox) -> None:
    copy = tmp_path / "code"
    shutil.copytree(Path(tuntas.__file__).parent, copy / "tuntas", ignore=shutil.ignore_patterns("__pycache__"))
    data_dir = tmp_path / "data"
    child = Child(
        ["serve", "--reload", "--port", "0", "--data-dir", str(data_dir)],
        tmp_path / "reload.log",
        TUNTAS_API_KEY=KEY,
        TUNTAS_WHATSAPP_URL=f"{sandbox.url}/",
        PYTHONPATH=str(copy),
    )
    with running(child):
        first = server_pid(data_dir)
        assert first is not None

        with httpx.Client(base_url=child.url, headers={"X-Api-Key": KEY}, trust_env=False) as http:
            assert http.post("/api/sessions", json={"name": "dev"}).status_code == 201
        tree = wait_for(lambda: tree_of(data_dir), what="a browser")
        module = copy / "tuntas" / "foundation" / "clock.py"
        module.write_text(module.read_text() + "\n# changed\n")

        def next_server() -> int | None:
            pid = server_pid(data_dir)
            return None if pid == first else pid

        second = wait_for(next_server, what="a second server")
        assert second is not None
        assert not psutil.pid_exists(first)
        assert alive(tree) == []
        wait_for(lambda: tree_of(data_dir), what="the session's browser again")
        tree = tree_of(data_dir)
        assert child.stop(signal.SIGINT) == 0
        wait_for(lambda: not psutil.pid_exists(second), what="the second server has ended")
        assert alive(tree) == []
