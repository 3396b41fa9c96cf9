"""A kernel call that fails exactly three times, made to by strace, and then works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.share_modes import needs

CODE = """
import sys
from tuntas.profiles import safe_delete_directory
result = safe_delete_directory(sys.argv[1], max_retries=int(sys.argv[2]), delay=0.01)
print(result.removed, result.attempts, len(result.remaining))
"""


def delete_failing_three_times(path: Path, log: Path, attempts: int) -> str:
    """Delete ``path`` in a child process whose first three deletions of a file answer EBUSY; return what it says."""
    injection = ["-e", "trace=unlinkat", "-e", "inject=unlinkat:error=EBUSY:when=1..3"]
    command = [needs("strace", "strace"), "-f", "-q", "-o", str(log), *injection]
    done = subprocess.run(
        [*command, sys.executable, "-c", CODE, str(path), str(attempts)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode and ("ptrace" in done.stderr or "PTRACE" in done.stderr):
        pytest.skip(f"strace may not trace here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    path = tmp_path / "auth" / "session-ani"
    path.mkdir(parents=True)
    (path / "Cookies").write_text("cookies")
    return path


def test_three_failures_and_then_success_take_four_attempts(session: Path, tmp_path: Path) -> None:
    assert delete_failing_three_times(session, tmp_path / "log", 10) == "True 4 0"
    assert (tmp_path / "log").read_text().count("(INJECTED)") == 3
    assert list(session.parent.iterdir()) == []


def test_with_three_attempts_only_it_is_said_that_something_is_left(session: Path, tmp_path: Path) -> None:
    assert delete_failing_three_times(session, tmp_path / "log", 3) == "False 3 1"
    assert (tmp_path / "log").read_text().count("(INJECTED)") == 3
    (left,) = session.parent.iterdir()
    assert left.name.startswith("session-ani.being-deleted-")
    assert (left / "Cookies").exists()
