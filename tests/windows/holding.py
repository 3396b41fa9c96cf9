"""Another process that holds something in a folder, in one of the ways in which programs on Windows do it."""

from __future__ import annotations

import _winapi
import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

assert sys.platform == "win32"

_READ, _DELETE = 0x80000000, 0x00010000
_SHARE_READ, _SHARE_DELETE = 1, 4
_OPEN_EXISTING = 3


class Holder:
    """The process; ``let_go`` returns when it has ended."""

    def __init__(self, how: str, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, how, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == b"held"
        self.pid = self._process.pid

    def let_go(self) -> None:
        self._process.communicate()


@contextmanager
def held(how: str, path: Path) -> Iterator[Holder]:
    """Have another process hold ``path``: "open", "locked", "current" (its folder) or "deleted" (and open)."""
    holder = Holder(how, path)
    try:
        yield holder
    finally:
        holder.let_go()


def main(how: str, path: str) -> None:
    match how:
        case "open":
            kept: object = open(path, "rb")  # noqa: SIM115, PTH123 - held until the end
        case "locked":  # as Chromium has its profile's "lockfile"
            kept = _winapi.CreateFile(path, _READ, 0, 0, _OPEN_EXISTING, 0, 0)
        case "deleted":
            kept = _winapi.CreateFile(path, _READ | _DELETE, _SHARE_READ | _SHARE_DELETE, 0, _OPEN_EXISTING, 0, 0)
            assert ctypes.windll.kernel32.DeleteFileW(path)
        case "current":
            kept = None
            os.chdir(path)
        case _:
            sys.exit(f"no such way: {how}")
    sys.stdout.write("held\n")
    sys.stdout.flush()
    sys.stdin.read()
    del kept


if __name__ == "__main__":
    main(*sys.argv[1:])
