"""Who uses a folder: by command line, working directory, root, program, open files, memory maps. Looks, never kills.

The scan is the proof that nobody uses a profile, and the name that a person needs when somebody does. On Linux it
reads /proc itself (tens of processes in some ten milliseconds); elsewhere psutil does what it can. Nothing is left out:
a handle of our own process is a holder like any other, for in this room no handle is held past a call.

What it cannot see: processes in other containers and machines, and, without root, the files of other users' processes
(their command lines it can see).
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psutil

from tuntas.profiles.long_paths import plain
from tuntas.profiles.model import Holder

if sys.platform == "win32":
    from tuntas.profiles.holders_windows import users_of_files

Answer = TypeVar("Answer")

DELETED = " (deleted)"

# The options by which a Chromium or its crash handler is told its profile. Any other mention of the path in a command
# line is talk about the folder, not use of it: our own ``cleanup --dir``, an editor's argument, a shell's -c text.
_OPTIONS = ("user-data-dir", "disk-cache-dir", "database")


class HolderScanTimedOut(TimeoutError):
    """The scan did not come to its end in time: nobody may conclude that there is no holder. ``found`` so far."""

    def __init__(self, found: tuple[Holder, ...]) -> None:
        super().__init__("the scan for holders took too long")
        self.found = found


def holders_of(*paths: Path, deadline_seconds: float = 5.0) -> tuple[Holder, ...]:
    """Return the processes that use any of ``paths`` or anything in them, each once, by pid. Blocking.

    Several paths cost what one does. They need not exist: what was deleted and is still open is found too. A process
    that ends during the scan is no holder. Raises HolderScanTimedOut; a single read that hangs in the kernel can
    outlast the deadline.
    """
    found: list[Holder] = []
    search = _Search(*paths)
    ends_at = time.monotonic() + deadline_seconds
    for pid in sorted(psutil.pids()):
        if time.monotonic() >= ends_at:
            raise HolderScanTimedOut(tuple(found))
        held = next(search.uses(pid), None)
        if held is not None:
            found.append(held)
    if sys.platform == "win32":
        known = {holder.pid for holder in found}
        for held in (one for path in paths for one in users_of_files(path, ends_at)):
            if held.pid not in known:
                known.add(held.pid)
                found.append(held)
        if time.monotonic() >= ends_at:
            raise HolderScanTimedOut(tuple(found))
    return tuple(found)


def deleted_but_open(path: Path, *, deadline_seconds: float = 5.0) -> tuple[Holder, ...]:
    """Return each deleted file below ``path`` that a process still has open or mapped, one Holder a file. Blocking.

    Their disk space is not free until the process lets go. Linux only; elsewhere always empty. Raises
    HolderScanTimedOut.
    """
    if sys.platform != "linux":
        return ()
    found: list[Holder] = []
    search = _Search(path)
    ends_at = time.monotonic() + deadline_seconds
    for pid in sorted(psutil.pids()):
        if time.monotonic() >= ends_at:
            raise HolderScanTimedOut(tuple(found))
        files = {held.path: held for held in search.uses(pid) if held.path.endswith(DELETED)}
        found.extend(files.values())
    return tuple(found)


class _Search:
    """Matches what a process uses against some folders."""

    def __init__(self, *paths: Path) -> None:
        # Windows takes capitals and small letters for the same.
        self._paths = tuple(os.path.normcase(plain(os.path.realpath(path))) for path in paths)
        self._below = tuple(path + os.sep for path in self._paths)
        self._bytes = tuple(os.fsencode(path) for path in self._paths)
        options = "|".join(_OPTIONS).encode()
        # Arguments end with NUL, but a Chromium child rewrites its command line as one text with spaces; values may
        # then hold spaces too, so the known path is matched as a whole rather than the text split.
        self._option = re.compile(rb"(?:^|[\0 ])--(?:" + options + rb')[= \0]"?([^\0]+)')

    def uses(self, pid: int) -> Iterator[Holder]:
        """Yield each use of the folders by the process, the cheapest to find first."""
        return self._uses_by_proc(pid) if sys.platform == "linux" else self._uses_by_psutil(pid)

    def _is_inside(self, place: str) -> bool:
        place = os.path.normcase(place.removesuffix(DELETED))
        return place in self._paths or place.startswith(self._below)

    def _uses_by_proc(self, pid: int) -> Iterator[Holder]:
        process = f"/proc/{pid}"
        command = _read(f"{process}/cmdline")
        directory = _link(f"{process}/cwd")
        told = self._told(command, directory)
        if told is not None:
            yield Holder(pid, _name(process, command), "command line", told)
        for link, how in (("cwd", "working directory"), ("root", "root directory"), ("exe", "program")):
            place = directory if link == "cwd" else _link(f"{process}/{link}")
            if self._is_inside(place):
                yield Holder(pid, _name(process, command), how, place)
        for place in _open_files(process):
            if self._is_inside(place):
                yield Holder(pid, _name(process, command), "open file", place)
        maps = _read(f"{process}/maps")
        if any(path in maps for path in self._bytes):
            for line in maps.splitlines():
                # address, rights, offset, device, inode, then the path, which may hold spaces: proc_pid_maps(5)
                fields = line.split(None, 5)
                if len(fields) == 6 and self._is_inside(place := os.fsdecode(fields[5])):
                    yield Holder(pid, _name(process, command), "memory map", place)

    def _told(self, command: bytes, directory: str) -> str | None:
        """Return the path of a folder as an option in the command line names it, ``None`` if none does."""
        for match in self._option.finditer(command):
            value = match[1].partition(b" --")[0]
            for path, named in zip(self._paths, self._bytes, strict=True):
                if value.startswith(named) and value[len(named) : len(named) + 1] in {b"", b"/", b'"'}:
                    return path
            if self._is_inside(os.path.realpath(Path(directory or "/") / os.fsdecode(value).rstrip('"'))):
                return os.fsdecode(value)
        return None

    def _uses_by_psutil(self, pid: int) -> Iterator[Holder]:
        try:
            process = psutil.Process(pid)
            arguments = process.cmdline()
        except (psutil.Error, OSError):
            return
        name = _asked(process.name) or os.path.basename("".join(arguments[:1]))  # noqa: PTH119
        command = "\0".join(arguments).encode(errors="surrogateescape")
        directory = _asked(process.cwd) or ""
        told = self._told(command, directory)
        if told is not None:
            yield Holder(pid, name, "command line", told)
        if self._is_inside(os.path.realpath(directory) if directory else ""):
            yield Holder(pid, name, "working directory", directory)
        if self._is_inside(program := _asked(process.exe) or ""):
            yield Holder(pid, name, "program", program)
        # On Windows psutil's answer can hang, and the Restart Manager has one for files.
        for file in (_asked(process.open_files) or []) if sys.platform != "win32" else []:
            if self._is_inside(os.path.realpath(file.path)):
                yield Holder(pid, name, "open file", file.path)


def _asked(question: Callable[[], Answer]) -> Answer | None:
    """Ask psutil; a process that is gone or not ours to look into answers nothing."""
    try:
        return question()
    except (psutil.Error, OSError):
        return None


def _read(file: str) -> bytes:
    try:
        with open(file, "rb", buffering=0) as opened:  # noqa: PTH123 - thousands of times a scan; pathlib doubles it
            return opened.readall()
    except OSError:
        return b""  # the process is gone, or belongs to somebody else


def _link(link: str) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115
    except OSError:
        return ""


def _open_files(process: str) -> Iterator[str]:
    try:
        numbers = os.listdir(f"{process}/fd")  # noqa: PTH208
    except OSError:
        return
    for number in numbers:
        place = _link(f"{process}/fd/{number}")
        if place.startswith("/"):  # not a socket, a pipe, an event
            yield place


def _name(process: str, command: bytes) -> str:
    name = os.fsdecode(_read(f"{process}/comm").strip())
    # The kernel cuts the name at 15 bytes; the command line may have the whole of it.
    program = os.path.basename(os.fsdecode(command.partition(b"\0")[0]))  # noqa: PTH119
    return program if len(name) >= 15 and program.startswith(name) else name or program
