"""What the self-test does to folders from outside: processes that hold a file, and a browser without an owner."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from tuntas.browser import Candidate
from tuntas.browser.environment import browser_environment
from tuntas.browser.flags import command_line
from tuntas.cli.child import child_command
from tuntas.cli.demo_parts import LOOK_EVERY_SECONDS, DemoFailed, surroundings

COMMAND_SECONDS = 120.0
_START_SECONDS = 30.0

# On Windows Python opens files as most programs do: others may read and write, but not rename or delete.
_HOLDER = """
import os, sys
held = open(sys.argv[1], "wb", buffering=0)
print(os.getpid(), flush=True)
for line in sys.stdin:
    held.write(b"written later")
    print("written", flush=True)
"""
# Dies at once, as a Node process does that is killed; on Windows without the console, which would end the browser too.
_STARTER = """
import subprocess, sys
flags = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
started = subprocess.Popen(sys.argv[1:], start_new_session=True, creationflags=flags, **quiet)
print(started.pid, flush=True)
"""


class HoldingProcess:
    """A process that has a file open."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Take ``process``, which holds its file once it has said its own id."""
        self._process = process
        # Not our child's, which on Windows is a virtual environment's launcher.
        self.pid = int(self._said() or -1)

    def write(self) -> None:
        """Have it write to its file, and return when it has."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        if not self._said():
            message = "a process could not write to its file after the folder's rename"
            raise DemoFailed(message)

    def _said(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def holding(folder: Path) -> Iterator[HoldingProcess]:
    """Have another process hold a new file in ``folder`` while the block runs."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(folder / "held.bin")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield HoldingProcess(process)
    finally:
        process.communicate()


@contextmanager
def orphaned_browser(browser: Candidate, profile: Path) -> Iterator[psutil.Process]:
    """Start a browser on ``profile`` whose starter has ended, as after a Node process that was killed."""
    arguments = command_line(browser.path, browser.kind, profile)
    # It has nobody to talk to, and would end by itself for want of the pipe.
    arguments.remove("--remote-debugging-pipe")
    started = subprocess.run(
        [sys.executable, "-c", _STARTER, *arguments],
        env=browser_environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=COMMAND_SECONDS,
    )
    main = psutil.Process(int(started.stdout))
    try:
        _wait_until_up(main, profile)
        yield main
    finally:
        with suppress(psutil.NoSuchProcess):
            for process in (*main.children(recursive=True), main):
                process.kill()


def _wait_until_up(main: psutil.Process, profile: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not (profile.is_dir() and list(profile.iterdir())):
        if not main.is_running() or time.monotonic() > deadline:
            message = "a browser that a process had started did not come up"
            raise DemoFailed(message)
        time.sleep(LOOK_EVERY_SECONDS)


def tuntas_json(*arguments: str) -> Any:
    """Return what ``tuntas`` prints with ``--json``; exit code 1 says that something is left, which it tells."""
    done = subprocess.run(
        child_command([*arguments, "--json"]),
        env=surroundings(),
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )
    try:
        return json.loads(done.stdout)
    except ValueError:
        message = f"tuntas {arguments[0]} ended with code {done.returncode}: {done.stderr.strip()}"
        raise DemoFailed(message) from None
