"""Stops a browser's whole tree for a moment, so that its files can be copied as they are at one instant.

Each process is stopped by SIGSTOP, which it does not notice, until every thread of every member stands still; new
members that came meanwhile too. Whatever becomes of us, they go on: a guard, a process of its own in a session of its
own, knows them before they are stopped, and continues them when we die, are stopped ourselves, or take too long.

Linux and macOS. Windows has nothing like it that is safe (NtSuspendProcess leaves files locked): ``can_pause``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import psutil

from tuntas.processes.browsers import BrowserTree
from tuntas.processes.ending import has_pidfd
from tuntas.processes.members import Member, is_alive, members

_STOP_SECONDS = 2.0
_LOOK_EVERY_SECONDS = 0.0005

# Reads lines of pids: the last one is who has to go on when time is up or the pipe ends; an empty one is nobody.
_GUARD = """
import os, select, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP):
    signal.signal(number, signal.SIG_IGN)
limit, paused, rest = float(sys.argv[1]), [], b""
def go_on():
    for pid in paused:
        try:
            os.kill(pid, signal.SIGCONT)
        except OSError:
            pass
while True:
    if not select.select([0], [], [], limit if paused else None)[0]:
        go_on()
        paused = []
        continue
    read = os.read(0, 65536)
    if not read:
        break
    *lines, rest = (rest + read).split(b"\\n")
    for line in lines:
        paused = [int(pid) for pid in line.split()]
        os.write(1, b"k")
go_on()
"""


class NotPaused(Exception):
    """A tree could not be brought to a standstill, or did not stand still for long enough. It goes on."""


def can_pause() -> bool:
    """Say whether this system can stop a process for a moment."""
    return sys.platform != "win32"


class PauseGuard:
    """Pauses trees, one at a time, for ``limit_seconds`` at most. Use it as a context: the guard ends with it."""

    def __init__(self, limit_seconds: float) -> None:
        self._limit_seconds = limit_seconds
        self._guard: subprocess.Popen[bytes] | None = None
        self._began = 0.0
        self.seconds = 0.0
        """For how long the last tree stood still."""

    def __enter__(self) -> PauseGuard:
        """Start the guard, where there can be anything for it to do."""
        if not can_pause():
            return self
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _GUARD, str(self._limit_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
        )
        self._tell(())  # it answers: from here on a pause is short
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the guard, which continues whoever stands still yet."""
        if self._guard is None:
            return
        assert self._guard.stdin is not None
        assert self._guard.stdout is not None
        self._guard.stdin.close()
        self._guard.wait()
        self._guard.stdout.close()

    @contextlib.contextmanager
    def paused(self, browser: BrowserTree) -> Iterator[None]:
        """Hold the tree for the block.

        Raises:
            NotPaused: it could not be stopped, or the block took longer than the limit: what it read is worth nothing.
        """
        stopped: set[Member] = set()
        self._began = time.monotonic()
        try:
            self._stop_all(browser, stopped)
            yield
            if time.monotonic() - self._began > self._limit_seconds:
                message = f"its files took more than {self._limit_seconds:g} s to copy"
                raise NotPaused(message)
        finally:
            for member in stopped:
                _signal(member, "SIGCONT")
            self.seconds = time.monotonic() - self._began
            with contextlib.suppress(NotPaused):  # without the guard there is nobody left to be told
                self._tell(())

    def _stop_all(self, browser: BrowserTree, stopped: set[Member]) -> None:
        limit_seconds = min(_STOP_SECONDS, self._limit_seconds)
        ends_at = time.monotonic() + limit_seconds
        while True:
            found = {one for one in members(browser.identity, browser.known) if is_alive(one)}
            if not found:
                message = "its browser ended meanwhile"
                raise NotPaused(message)
            if new := found - stopped:
                self._tell([one.pid for one in stopped | new])
                if not stopped:
                    self._began = time.monotonic()  # until now nobody stood still
                for member in new:
                    stopped.add(member)
                    if not _signal(member, "SIGSTOP") and is_alive(member):
                        message = "its browser belongs to another user"
                        raise NotPaused(message)
            elif all(_stands_still(one.pid) for one in found):
                return
            if time.monotonic() > ends_at:
                message = f"its browser did not stand still within {limit_seconds:g} s"
                raise NotPaused(message)
            time.sleep(_LOOK_EVERY_SECONDS)

    def _tell(self, pids: list[int] | tuple[()]) -> None:
        """Say who would have to be continued; returns when the guard knows it."""
        assert self._guard is not None
        assert self._guard.stdin is not None
        assert self._guard.stdout is not None
        try:
            self._guard.stdin.write(" ".join(map(str, pids)).encode() + b"\n")
            is_known = self._guard.stdout.read(1) == b"k"
        except OSError:
            is_known = False
        if not is_known:
            message = "the guard that continues it has ended"
            raise NotPaused(message)


def _signal(member: Member, name: str) -> bool:
    """Send a signal to this very process; False where it is gone or not ours."""
    number = getattr(signal, name)
    try:
        if sys.platform == "linux" and has_pidfd():
            # The descriptor pins this process: the signal cannot reach another one of the same number.
            descriptor = os.pidfd_open(member.pid)
            try:
                if is_alive(member):
                    signal.pidfd_send_signal(descriptor, number)
                    return True
            finally:
                os.close(descriptor)
        elif is_alive(member):
            os.kill(member.pid, number)
            return True
    except (ProcessLookupError, PermissionError):
        pass
    return False


def _stands_still(pid: int) -> bool:
    """Say whether every thread of a process is stopped, or has ended."""
    if sys.platform != "linux":
        try:
            return psutil.Process(pid).status() in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except FileNotFoundError:
        return True
    for task in tasks:
        try:
            stat = (task / "stat").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if stat[stat.rindex(b")") + 2 : stat.rindex(b")") + 3] not in b"TtZX":
            return False
    return True
