"""File systems that are not as Linux's own, but as on Windows or on a network disk: a FUSE pass-through.

The kernel's own file systems let anybody delete an open file. Here a folder is served again at another place, with one
of four rules; which files are open the file system is told by the kernel itself (open, release). It is served by a
child process, by this very file; when the test ends, however it ends, the child unmounts and is gone. One request at
a time, so that what was closed before a call is known to be closed when the call comes.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import pytest

APT_SECONDS = 120.0
_MNT_DETACH = 2
_FIELDS = ("mode", "nlink", "uid", "gid", "size", "blocks", "atime_ns", "mtime_ns", "ctime_ns")
_SPACE = ("bsize", "frsize", "blocks", "bfree", "bavail", "files", "ffree", "favail", "namemax")

# Holds a file for so many seconds, or until its input ends; says when it has let go (the clock is the machine's), and
# lives on without it.
HOLDER = """
import select, sys, time
file = open(sys.argv[1])
print("ready", flush=True)
select.select([sys.stdin], [], [], float(sys.argv[2]))
file.close()
print(time.monotonic(), flush=True)
sys.stdin.read()
"""


class Rule(StrEnum):
    """What an open file forbids."""

    FILES = "files"
    """Deleting or renaming it is EBUSY until it is closed; a folder above it can be renamed."""
    FOLDERS = "folders"
    """The same, and its folders cannot be renamed either, as on NT."""
    SILLY_RENAME = "silly-rename"
    """Nothing, but deleting it only hides it as ``.fuse_hidden…`` until it is closed, as NFS does: ENOTEMPTY."""
    CASE_BLIND = "case-blind"
    """Nothing, but names that differ only in case are one name, and keep the case that they were made with."""


def needs(program: str, package: str) -> str:
    """Return where ``program`` is; on a bare machine of Debian's kind it is installed first. Skip where it is not."""
    if (found := _found(program)) is None and (why := _installed(package)):
        pytest.skip(f"needs {program}: {why}")
    if (found := found or _found(program)) is None:
        pytest.skip(f"needs {program}, and {package} does not bring it")
    return found


@cache
def why_not() -> str | None:
    """Say why no such file system can be had here; ``None`` where it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs Linux and root, to mount"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "needs /dev/fuse"
    probe = [sys.executable, "-c", "import mfusepy"]
    if subprocess.run(probe, capture_output=True, timeout=30, check=False).returncode == 0:
        return None
    if why := _installed("fuse3"):
        return f"needs libfuse: {why}"
    tried = subprocess.run(probe, capture_output=True, text=True, timeout=30, check=False)
    return f"needs libfuse: {tried.stderr.strip().splitlines()[-1]}" if tried.returncode else None


@contextmanager
def share_modes(backing: Path, place: Path, rule: Rule) -> Iterator[Path]:
    """Serve ``backing`` at ``place`` (both are made) under ``rule``; skips with a reason where it is not possible."""
    if reason := why_not():
        pytest.skip(f"a file system with share modes {reason}")
    with mounted(backing, place, rule) as served:
        yield served


@contextmanager
def mounted(backing: Path, place: Path, rule: Rule) -> Iterator[Path]:
    """Serve ``backing`` at ``place``, which is unmounted and whose server is ended in any case."""
    for folder in (backing, place):
        folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, __file__, str(backing), str(place), rule]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n", f"{place} was not mounted: exit {server.wait(10)}"
        yield place
    finally:
        try:
            server.communicate(timeout=10)  # its input ends, and so does it
        finally:
            server.kill()
            server.wait()
            if place.is_mount():
                subprocess.run(["umount", "--lazy", place], check=True, timeout=10)


def _found(program: str) -> str | None:
    done = subprocess.run(["sh", "-c", f"command -v {program}"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def _installed(package: str) -> str | None:
    """Have apt install a package; say why it did not. One process at a time: the tests run in several."""
    if os.geteuid() != 0 or _found("apt-get") is None:
        return "not there, and only root with apt-get can install it"
    with (Path(tempfile.gettempdir()) / "tuntas-tests-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        settings = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["install"], ["update"], ["install"]):
            words = [package] if arguments == ["install"] else []
            command = ["apt-get", *arguments, "-y", "-q", "--no-install-recommends", *words]
            try:
                done = subprocess.run(
                    command, env=settings, capture_output=True, text=True, timeout=APT_SECONDS, check=False
                )
            except subprocess.TimeoutExpired:
                return f"{' '.join(command)} took longer than {APT_SECONDS:g} s"
            if arguments == ["install"] and done.returncode == 0:
                return None
    return f"{' '.join(command)}: {done.stderr.strip()[-200:]}"


class _PassThrough:
    """What the kernel asks, done to the backing folder. Raises OSError, which is the answer."""

    use_ns = True  # times are whole nanoseconds

    def __init__(self, backing: str, rule: Rule) -> None:
        self._backing = backing
        self._rule = rule
        self._open: dict[int, str] = {}

    def _real(self, path: str) -> Path:
        if self._rule is not Rule.CASE_BLIND:
            return Path(self._backing + path)
        place = Path(self._backing)
        for name in filter(None, path.split("/")):
            there = [one.name for one in place.iterdir()] if place.is_dir() else []
            place /= next((one for one in there if one.lower() == name.lower()), name)
        return place

    def _refuse_if_open(self, path: str) -> None:
        if self._rule in {Rule.SILLY_RENAME, Rule.CASE_BLIND}:
            return
        below = f"{path}/"
        for held in self._open.values():
            if held == path or (self._rule is Rule.FOLDERS and held.startswith(below)):
                raise OSError(errno.EBUSY, "open", path)

    def init(self, path: str) -> None:
        sys.stdout.write("ready\n")
        sys.stdout.flush()

    def getattr(self, path: str, handle: int | None = None) -> dict[str, int]:
        facts = os.lstat(self._real(path)) if handle is None else os.fstat(handle)
        return {f"st_{field.removesuffix('_ns')}": getattr(facts, f"st_{field}") for field in _FIELDS}

    def statfs(self, path: str) -> dict[str, int]:
        facts = os.statvfs(self._backing)
        return {f"f_{field}": getattr(facts, f"f_{field}") for field in _SPACE}

    def readdir(self, path: str, handle: int) -> list[str]:
        return [".", "..", *(one.name for one in self._real(path).iterdir())]

    def readlink(self, path: str) -> str:
        return str(self._real(path).readlink())

    def open(self, path: str, flags: int) -> int:
        return self._opened(path, os.open(self._real(path), flags & ~os.O_CREAT | os.O_CLOEXEC))

    def create(self, path: str, mode: int, flags: int) -> int:
        return self._opened(path, os.open(self._real(path), flags | os.O_CREAT | os.O_CLOEXEC, mode))

    def _opened(self, path: str, handle: int) -> int:
        self._open[handle] = path
        return handle

    def release(self, path: str, handle: int) -> None:
        del self._open[handle]
        os.close(handle)

    def read(self, path: str, size: int, offset: int, handle: int) -> bytes:
        return os.pread(handle, size, offset)

    def write(self, path: str, data: bytes, offset: int, handle: int) -> int:
        return os.pwrite(handle, data, offset)

    def truncate(self, path: str, length: int, handle: int | None = None) -> None:
        os.truncate(self._real(path) if handle is None else handle, length)

    def fsync(self, path: str, only_data: int, handle: int) -> None:
        os.fsync(handle)

    def unlink(self, path: str) -> None:
        self._refuse_if_open(path)
        self._real(path).unlink()

    def rename(self, old: str, new: str) -> None:
        self._refuse_if_open(old)
        self._refuse_if_open(new)
        self._real(old).rename(self._real(new))
        for handle, held in self._open.items():
            if held == old or held.startswith(f"{old}/"):
                self._open[handle] = new + held[len(old) :]

    def mkdir(self, path: str, mode: int) -> None:
        self._real(path).mkdir(mode)

    def rmdir(self, path: str) -> None:
        self._real(path).rmdir()

    def symlink(self, link: str, target: str) -> None:
        self._real(link).symlink_to(target)

    def link(self, target: str, source: str) -> None:
        os.link(self._real(source), self._real(target))

    def chmod(self, path: str, mode: int) -> None:
        self._real(path).chmod(mode)

    def utimens(self, path: str, times: tuple[int, int]) -> None:
        os.utime(self._real(path), ns=times, follow_symlinks=False)


def _serve(backing: str, place: str, rule: Rule) -> None:
    import mfusepy  # type: ignore[import-untyped]  # needs the system's libfuse, which only this child may miss

    threading.Thread(target=_unmount_at_the_end_of_input, args=(place,), daemon=True).start()
    options: dict[str, Any] = {"foreground": True, "nothreads": True, "hard_remove": rule is not Rule.SILLY_RENAME}
    if rule is Rule.CASE_BLIND:
        # The kernel would remember a name by its case for a second, also after it has gone by another case.
        options |= {"entry_timeout": 0, "attr_timeout": 0, "negative_timeout": 0}
    mfusepy.FUSE(_PassThrough(backing, rule), place, **options)


def _unmount_at_the_end_of_input(place: str) -> None:
    """Nothing of us outlives who started us, not even a mount that somebody still uses."""
    sys.stdin.buffer.read()
    ctypes.CDLL(None).umount2(os.fsencode(place), _MNT_DETACH)
    os._exit(0)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], Rule(sys.argv[3]))
