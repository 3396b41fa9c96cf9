"""Names that the system gives may be any bytes: one that is no UTF-8 spoils no list, no deletion and no command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from support.running import KEY, Server, run, running
from tuntas.foundation.plain_values import readable
from tuntas.processes.holder import Holder
from tuntas.profiles.marker import NAME as MARKER
from tuntas.profiles.marker import Marker, read_marker

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems' names are text")

NOWHERE = "http://127.0.0.1:9"
# It names itself as it likes, as every process may, and holds a file.
HOLD = (
    "import ctypes, os, sys; os.chdir('/'); kept = open(os.fsencode(sys.argv[1]), 'w'); "
    "ctypes.CDLL(None).prctl(15, b'n\\xff\\xfename'); print(flush=True); sys.stdin.read()"
)


@contextmanager
def holder_of(path: bytes) -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=-1, stdout=-1) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield
        finally:
            process.kill()


def test_a_held_file_a_folder_and_an_entry_of_the_trash_with_such_names_are_told_and_removed(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", NOWHERE, TUNTAS_REMOVAL_ATTEMPTS="1")
    with running(server):
        server.http.headers["Connection"] = "close"  # an error of the server's own ends a connection
        server.create("shop", start=False)
        server.http.post("/api/sessions/shop/start")
        server.http.post("/api/sessions/shop/stop")
        profiles = os.fsencode(server.profiles)
        for folder in (b"/un\xffknown", b"/.trash/tr\xffash", b"/.trash/" + b"l" * 200):
            Path(os.fsdecode(profiles + folder)).mkdir()
        with holder_of(profiles + b"/shop/he\xffld"):
            deleted = server.http.delete("/api/sessions/shop")
            assert deleted.status_code == 202, deleted.text
            (held,) = deleted.json()["removal"]["holders"]
            assert held["name"] == "n??name"
            assert held["path"].endswith("/he?ld")
            for method, path, body in (
                ("GET", "/api/removals", None),
                ("POST", "/api/cleanup", {"dryRun": True}),
                ("POST", "/api/cleanup", {}),
                ("GET", "/api/removals", None),
                ("DELETE", "/api/sessions/shop", None),
                ("GET", "/api/browsers", None),
                ("GET", "/readyz", None),
                ("GET", "/metrics", None),
            ):
                answer = server.http.request(method, path, json=body)
                assert answer.status_code in (200, 202), (method, path, answer.text)
            with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as page:
                page.post("/dashboard/sign-in", data={"key": KEY, "next": "/"})
                for path in ("/", "/dashboard/cleanup", "/dashboard/cleanup/plan", "/dashboard/health/findings"):
                    assert page.get(path).status_code == 200, path
            for command in (["doctor"], ["cleanup", "--dry-run"], ["cleanup", "--json"]):
                said = run(*command, "--data-dir", str(server.data_dir))
                assert "Traceback" not in said.stdout + said.stderr
                assert said.returncode in (0, 1)
        server.wait_trash_empty()
        assert "internal_error" not in server.log.read_text()
    said = run("cleanup", "--dry-run", "--data-dir", str(server.data_dir))
    assert "un?known" in said.stdout
    assert said.returncode in (0, 1)


def test_what_cannot_be_stored_of_a_name_is_replaced() -> None:
    assert readable("plain ü 🌞") == "plain ü 🌞"
    assert readable(os.fsdecode(b"a\xffb")) == "a?b"
    assert readable("half \ud83d") == "half ?"
    assert readable("a\0b") == "a\ufffdb"
    assert Holder(1, "n\udcff", "open file", "/p\udcff") == Holder(1, "n?", "open file", "/p?")


@pytest.mark.parametrize("session", ["\ud800", "a\0", "s" * 65])
def test_a_marker_that_names_no_session_says_nothing(tmp_path: Path, session: str) -> None:
    said = {"session": session, "created_at": "2026-11-01T00:00:00+00:00"}
    (tmp_path / MARKER).write_text(json.dumps(said))
    found = read_marker(tmp_path)
    assert found is not None
    assert found.session is None


def test_a_marker_of_brackets_says_nothing(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text("[" * 60_000)
    assert read_marker(tmp_path) == Marker(None, None)
