"""Node processes on real NATS servers, stopped and killed: how many browsers of one session run at any moment?

Asked without a guard too, where a stopped node's browser runs on beside the next one: this can see two.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from support.nats import NatsServers
from support.running import wait_for

ROOT = Path(__file__).parents[2]
SESSION = "s"
LIMIT_SECONDS = 60.0


@contextmanager
def a_process(name: str, folder: Path, url: str, guarded: str, *sessions: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "support.node_process", name, str(folder / name), url, guarded, *sessions]
    process = subprocess.Popen(
        command, cwd=ROOT / "tests", env={**os.environ, "PYTHONPATH": "."}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        lines = iter(process.stdout.readline, "")
        assert any(line.strip() == "ready" for line in lines)
        yield process
    finally:
        beside = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.kill()
        process.wait(20)
        process.stdout.close()
        for one in [*beside, *browsers(folder / name)]:
            if not any("guard_process" in word for word in _words(one)):
                one.kill()
        psutil.wait_procs(beside, timeout=20)


def _words(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def browsers(folder: Path) -> list[psutil.Process]:
    """Return the main processes of the session's browsers below a folder."""
    wanted = f"--user-data-dir={folder}"
    found = []
    for one in psutil.process_iter():
        words = _words(one)
        if words and any(word.startswith(wanted) for word in words) and one.status() != psutil.STATUS_ZOMBIE:
            found.append(one)
    return found


class Watched:
    """How many ran at one moment, at most."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.most = 0

    def runs_on(self, name: str) -> Callable[[], bool]:
        def look() -> bool:
            where = [
                {
                    part
                    for part in (word.partition("=")[2] for word in _words(one) if "--user-data-dir=" in word)
                    if part
                }
                for one in browsers(self.folder)
            ]
            self.most = max(self.most, len(where))
            return any(f"/{name}/" in place for places in where for place in places)

        return look


@pytest.mark.parametrize(("guarded", "most"), [("guarded", 1), ("alone", 2)])
def test_a_stopped_node_s_session_goes_on_elsewhere(tmp_path: Path, nats: NatsServers, guarded: str, most: int) -> None:
    with ExitStack() as stack:
        one = stack.enter_context(a_process("one", tmp_path, nats.url, guarded, SESSION))
        stack.enter_context(a_process("two", tmp_path, nats.url, guarded))
        watched = Watched(tmp_path)
        wait_for(watched.runs_on("one"), what="it runs", limit_seconds=LIMIT_SECONDS)
        one.send_signal(signal.SIGSTOP)
        wait_for(watched.runs_on("two"), what="it goes on elsewhere", limit_seconds=LIMIT_SECONDS)
        assert watched.most == most
        one.send_signal(signal.SIGCONT)
        wait_for(
            lambda: watched.runs_on("two")() and not watched.runs_on("one")(),
            what="the first has given it up",
            limit_seconds=LIMIT_SECONDS,
        )
        assert watched.most == most


def test_a_killed_node_s_session_goes_on_elsewhere(tmp_path: Path, nats: NatsServers) -> None:
    with ExitStack() as stack:
        one = stack.enter_context(a_process("one", tmp_path, nats.url, "guarded", SESSION))
        stack.enter_context(a_process("two", tmp_path, nats.url, "guarded"))
        watched = Watched(tmp_path)
        wait_for(watched.runs_on("one"), what="it runs", limit_seconds=LIMIT_SECONDS)
        one.kill()
        wait_for(watched.runs_on("two"), what="it goes on elsewhere", limit_seconds=LIMIT_SECONDS)
        assert watched.most == 1
