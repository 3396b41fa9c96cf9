"""A server says that it lives while it still starts; a lock on its database keeps it there for as long as wanted."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import httpx
import pytest

from support.ports import free_port
from support.running import KEY, TUNTAS, Server, environment, run, wait_for

NOBODY = "http://127.0.0.1:9"


@contextmanager
def locked_database(data_dir: Path) -> Iterator[None]:
    """Keep everybody else out of the database of a server that has not made it yet, for less than it waits for that."""
    data_dir.mkdir(mode=0o700)
    (data_dir / "tuntas.db").touch(mode=0o600)
    connection = sqlite3.connect(data_dir / "tuntas.db", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.close()


class Starting:
    """A server whose start is under way, and a client that is not told of connections that are refused."""

    def __init__(self, data_dir: Path) -> None:
        port = free_port()
        self.process = subprocess.Popen(
            [*TUNTAS, "serve", "--port", str(port), "--data-dir", str(data_dir)],
            env=environment(TUNTAS_WHATSAPP_URL=NOBODY, TUNTAS_API_KEY=KEY),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"X-Api-Key": KEY}, timeout=60, trust_env=False
        )

    def status(self, path: str) -> int | None:
        with suppress(httpx.ConnectError):
            return self.http.get(path).status_code
        return None

    def ended(self) -> tuple[int, str, str]:
        out, errors = self.process.communicate(timeout=60)
        return self.process.returncode, out, errors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.process.kill()
        self.process.communicate()


def test_it_lives_before_it_is_ready_and_answers_the_rest_once_it_is(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Starting(data) as starting, ThreadPoolExecutor(1) as beside:
        with locked_database(data):
            wait_for(lambda: starting.status("/healthz") == 200, what="the server lives")
            assert starting.status("/readyz") == 503
            listing = beside.submit(starting.http.get, "/api/sessions")
            with pytest.raises(httpx.ReadTimeout):
                starting.http.get("/api/sessions", timeout=0.2)
            assert not listing.done()
            assert not (data / "server.json").exists()
        answer = listing.result(60)
        assert (answer.status_code, answer.json()) == (200, [])
        assert starting.status("/readyz") == 200
        starting.process.send_signal(signal.SIGTERM)
        code, out, _ = starting.ended()
    assert (code, out.count("Tuntas answers at")) == (0, 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_in_the_middle_of_the_start_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Starting(data) as starting:
        with locked_database(data):
            wait_for(lambda: starting.status("/healthz") == 200, what="the server lives")
            starting.process.send_signal(number)
        code, _, errors = starting.ended()
        assert code == (-signal.SIGKILL if number == signal.SIGKILL else 0), errors
        assert starting.status("/healthz") is None
    assert not (data / "server.json").exists()
    again = Server(data, NOBODY)
    with again.http as http:
        assert http.get("/api/sessions").json() == []
    assert again.stop() == 0


def test_a_start_that_fails_behind_its_door_is_one_line_and_turns_away_who_waits(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Starting(data) as starting, ThreadPoolExecutor(1) as beside, locked_database(data):
        wait_for(lambda: starting.status("/healthz") == 200, what="the server lives")
        listing = beside.submit(starting.http.get, "/api/sessions")
        code, out, errors = starting.ended()  # SQLite gives up on the lock
        answer = listing.result(60)
    assert (answer.status_code, answer.json()["message"]) == (503, "The server is stopping.")
    assert (code, out, errors.count("\n")) == (1, "", 1), errors
    assert "database" in errors


def test_a_folder_or_a_port_that_is_taken_is_told_before_any_door_opens(tmp_path: Path) -> None:
    first = Server(tmp_path / "data", NOBODY)
    port = first.url.rpartition(":")[2]
    for data, said in ((tmp_path / "data", "Another Tuntas server works on"), (tmp_path / "other", "is taken by")):
        done = run("serve", "--port", port, "--data-dir", str(data), TUNTAS_API_KEY=KEY)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
        assert said in done.stderr
    with first.http as http:
        assert http.get("/readyz").status_code == 200
    assert first.stop() == 0
