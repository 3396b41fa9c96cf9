"""A tree that is paused stands still, whole, and goes on whatever becomes of the one who paused it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from support.running import wait_for
from tuntas.processes.browsers import BrowserTree
from tuntas.processes.members import identify, members
from tuntas.processes.pausing import NotPaused, PauseGuard

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has nothing like SIGSTOP")

# A main process with many threads and a child, which all count as fast as they can.
TREE = textwrap.dedent("""
    import os, sys, threading, time
    path = sys.argv[1]
    os.fork()
    file = open(f"{path}.{os.getpid()}", "wb", buffering=0)
    def work():
        while True:
            file.write(b"x")
            time.sleep(0.0005)
    for _ in range(4):
        threading.Thread(target=work).start()
""")

PAUSER = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from tuntas.processes.browsers import BrowserTree
    from tuntas.processes.members import identify, members
    from tuntas.processes.pausing import PauseGuard
    identity = identify(int(sys.argv[1]), Path(sys.argv[2]))
    with PauseGuard(float(sys.argv[3])) as guard, guard.paused(BrowserTree(identity, members(identity))):
        print("paused", flush=True)
        sys.stdin.read()
""")


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[BrowserTree]:
    process = subprocess.Popen([sys.executable, "-c", TREE, str(tmp_path / "count")], start_new_session=True)
    try:
        wait_for(lambda: len(list(tmp_path.glob("count.*"))) == 2, what="both processes count")
        identity = identify(process.pid, tmp_path)
        yield BrowserTree(identity, members(identity))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        wait_for(lambda: not psutil.pid_exists(process.pid), what="it is gone")


def counts(tmp_path: Path) -> list[int]:
    return [path.stat().st_size for path in sorted(tmp_path.glob("count.*"))]


def goes_on(tmp_path: Path) -> None:
    before = counts(tmp_path)
    wait_for(lambda: all(now > was for now, was in zip(counts(tmp_path), before, strict=True)), what="it goes on")


def test_every_thread_of_every_process_stands_still_and_goes_on(tree: BrowserTree, tmp_path: Path) -> None:
    with PauseGuard(5.0) as guard:
        for _ in range(20):
            with guard.paused(tree):
                before = counts(tmp_path)
                assert len(before) == 2
                # Anything that still ran would write a hundred times during these reads.
                for _ in range(50):
                    assert counts(tmp_path) == before
            assert 0 < guard.seconds < 5
            goes_on(tmp_path)


def test_an_error_while_it_is_paused_does_not_leave_it_so(tree: BrowserTree, tmp_path: Path) -> None:
    with PauseGuard(5.0) as guard, pytest.raises(ZeroDivisionError), guard.paused(tree):
        raise ZeroDivisionError
    goes_on(tmp_path)


def pauser(tree: BrowserTree, tmp_path: Path, limit: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PAUSER, str(tree.identity.pid), str(tmp_path), limit],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "paused\n"
    return process


def test_it_goes_on_when_the_pauser_is_killed(tree: BrowserTree, tmp_path: Path) -> None:
    process = pauser(tree, tmp_path, "60")
    before = counts(tmp_path)
    assert counts(tmp_path) == before
    process.kill()
    process.communicate()
    goes_on(tmp_path)


def test_it_goes_on_when_the_pauser_itself_is_stopped(tree: BrowserTree, tmp_path: Path) -> None:
    process = pauser(tree, tmp_path, "0.5")
    process.send_signal(signal.SIGSTOP)
    try:
        goes_on(tmp_path)
    finally:
        process.send_signal(signal.SIGCONT)
        _, _ = process.communicate()
    assert process.returncode != 0  # what it read is worth nothing, and it knows so


def test_what_took_too_long_is_told_as_worth_nothing(tree: BrowserTree, tmp_path: Path) -> None:
    with PauseGuard(1.0) as guard, pytest.raises(NotPaused, match="took more than"), guard.paused(tree):
        goes_on(tmp_path)  # the guard has continued it
    goes_on(tmp_path)


def test_a_tree_that_has_ended_is_not_paused(tree: BrowserTree) -> None:
    os.killpg(tree.identity.pid, signal.SIGKILL)
    wait_for(lambda: not members(tree.identity), what="all have ended")
    with PauseGuard(5.0) as guard, pytest.raises(NotPaused, match="ended meanwhile"), guard.paused(tree):
        pass


def test_without_its_guard_nothing_is_stopped(tree: BrowserTree, tmp_path: Path) -> None:
    with PauseGuard(5.0) as guard:
        assert guard._guard is not None
        guard._guard.kill()
        guard._guard.wait()
        with pytest.raises(NotPaused, match="guard"), guard.paused(tree):
            pass
        goes_on(tmp_path)
