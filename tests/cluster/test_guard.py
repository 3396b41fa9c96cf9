"""A server is stopped and its lease runs out: what still runs when another node takes over?

The same question is asked of a node without a guard, and there the answer is that two run: the test can see it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from support.running import wait_for
from tuntas.cluster import clock
from tuntas.cluster.guard import PROGRAM
from tuntas.cluster.membership import Timing

LEASE_SECONDS = 2.0
# Between the end of a lease for its node, and when others take over.
BETWEEN_SECONDS = Timing().take_seconds - Timing().self_seconds
ROOT = Path(__file__).parents[2]


@dataclass
class Stopped:
    process: subprocess.Popen[str]
    browser: list[psutil.Process]
    deadline: float
    guard: int

    def running(self) -> list[psutil.Process]:
        return [one for one in self.browser if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@contextmanager
def a_server(folder: Path, guarded: str, kind: str) -> Iterator[Stopped]:
    command = [sys.executable, "-m", "support.guarded_server", str(folder), str(LEASE_SECONDS), guarded, kind]
    process = subprocess.Popen(
        command, cwd=ROOT / "tests", env={**os.environ, "PYTHONPATH": "."}, stdout=subprocess.PIPE, text=True
    )
    browser: list[psutil.Process] = []
    assert process.stdout is not None
    try:
        pid, deadline, guard = process.stdout.readline().split()
        main = psutil.Process(int(pid))
        browser = [main, *main.children(recursive=True)]
        yield Stopped(process, browser, float(deadline), int(guard))
    finally:
        beside = psutil.Process(process.pid).children() if process.poll() is None else []
        process.kill()
        process.wait(20)
        process.stdout.close()
        for one in browser:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs([*browser, *beside], timeout=20)


@pytest.mark.parametrize("kind", ["stand-in", "real"])
def test_a_stopped_server_has_no_browser_any_more_when_its_lease_is_over(tmp_path: Path, kind: str) -> None:
    with a_server(tmp_path, "guarded", kind) as it:
        assert len(it.running()) > 1
        it.process.send_signal(signal.SIGSTOP)
        wait_for(lambda: clock.now() > it.deadline - 0.5, what="the lease is nearly over")
        assert len(it.running()) == len(it.browser)
        wait_for(lambda: not it.running(), what="no process of the browser runs")
        assert clock.now() < it.deadline + BETWEEN_SECONDS, "another node may have taken over before"


def test_without_a_guard_a_stopped_server_s_browser_runs_on_beside_the_next_one(tmp_path: Path) -> None:
    with a_server(tmp_path, "alone", "stand-in") as it:
        it.process.send_signal(signal.SIGSTOP)
        wait_for(lambda: clock.now() > it.deadline + BETWEEN_SECONDS, what="another node takes over")
        assert len(it.running()) == len(it.browser)


def test_a_guard_ends_what_a_killed_server_has_left_and_then_itself(tmp_path: Path) -> None:
    with a_server(tmp_path, "guarded", "stand-in") as it:
        guard = psutil.Process(it.guard)
        it.process.kill()
        wait_for(lambda: not it.running(), what="no process of the browser runs")
        wait_for(lambda: not guard.is_running() or guard.status() == psutil.STATUS_ZOMBIE, what="the guard has ended")
        assert clock.now() < it.deadline


def test_a_guard_that_is_killed_is_replaced(tmp_path: Path) -> None:
    with a_server(tmp_path, "guarded", "stand-in") as it:
        psutil.Process(it.guard).kill()
        wait_for(lambda: guards(it.process.pid) not in ([], [it.guard]), what="another guard")
        wait_for(lambda: not it.running(), what="no process of the browser runs")


def test_a_guard_leaves_others_browsers_alone(tmp_path: Path) -> None:
    with (
        a_server(tmp_path / "theirs", "alone", "stand-in") as theirs,
        a_server(tmp_path / "ours", "guarded", "stand-in") as it,
    ):
        wait_for(lambda: not it.running(), what="its own are ended")
        assert len(theirs.running()) == len(theirs.browser)


def test_a_guard_takes_little(tmp_path: Path) -> None:
    with a_server(tmp_path, "guarded", "stand-in") as it:
        guard = psutil.Process(it.guard)
        assert guard.memory_full_info().uss < 12 * 1024 * 1024
        loaded = "import sys; sys.argv[1:] = []; exec(open(%r).read(), {'__name__': 'x'}); print(*sys.modules)"
        told = subprocess.run(
            [sys.executable, "-I", "-S", "-c", loaded % str(PROGRAM)], capture_output=True, text=True, check=True
        )
        assert {"asyncio", "psutil", "structlog", "tuntas", "pathlib"} & set(told.stdout.split()) == set()


def guards(server: int) -> list[int]:
    children = psutil.Process(server).children()
    return [one.pid for one in children if any("guard_process" in word for word in one.cmdline())]
