"""A command on a terminal of its own, as a person has it: a pseudo-terminal, read until what is waited for shows."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

from support.running import TUNTAS, WAIT_SECONDS, environment

ROWS, COLUMNS = 50, 140


class Terminal:
    """What a command shows, as far as it was read. The end is read with ``wait_end``."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process = process
        self.shown = ""
        self._descriptor = descriptor

    def wait_for(self, text: str, *, limit_seconds: float = WAIT_SECONDS) -> str:
        """Return what was shown before ``text``, and forget both."""
        deadline = time.monotonic() + limit_seconds
        while text not in self.shown:
            assert self._read(deadline - time.monotonic()), f"{text!r} is not shown in:\n{self.shown}"
        before, _, self.shown = self.shown.partition(text)
        return before

    def wait_end(self) -> int:
        """Return the exit code."""
        deadline = time.monotonic() + WAIT_SECONDS
        while self._read(deadline - time.monotonic()):
            continue
        return self.process.wait(WAIT_SECONDS)

    def press_interrupt(self) -> None:
        """Type Ctrl-C."""
        os.write(self._descriptor, b"\x03")

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._descriptor], [], [], max(0.0, seconds))
        if not ready:
            return False
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:  # Linux says EIO when the other side has closed
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)


@contextmanager
def on_terminal(*arguments: str, **more: str) -> Iterator[Terminal]:
    """Run ``tuntas`` with these arguments on a terminal; it is ended with the block."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [*TUNTAS, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(TERM="xterm-256color", **more),
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
