"""Who uses a folder: by command line, working directory, root, program, open files, memory maps. Looks, never kills.

The scan is the proof that nobody uses a profile, and the name that a person needs when somebody does. On Linux it
reads /proc itself (tens of processes in some ten milliseconds); elsewhere psutil does what it can. Nothing is left out:
a handle of our own process is a holder like any other, for in this room no handle is held past a call.

What it cannot see: processes in other containers and machines, and, without root, the files of other users' processes
(their command lines it can see).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

from tuntas.foundation.long_paths import plain
from tuntas.processes.arguments import folders_in
from tuntas.processes.holder import Holder

if sys.platform == "win32":
    from tuntas.processes.holders_windows import users_of_files

Answer = TypeVar("Answer")

DELETED = " (deleted)"


class HolderScanTimedOut(TimeoutError):
    """The scan did not come to its end in time: nobody may conclude that there is no holder. ``found`` so far."""

    def __init__(self, found: tuple[Holder, ...]) -> None:
        super().__init__("the scan for holders took too long")
        self.found = found


@dataclass(frozen=True, slots=True)
class UsesFound:
    """What one look found: for each group of folders every use of them, by pid. ``in_time``: it came to its end."""

    of_groups: tuple[tuple[Holder, ...], ...]
    in_time: bool


def holders_of(*paths: Path, deadline_seconds: float = 5.0) -> tuple[Holder, ...]:
    """Return the processes that use any of ``paths`` or anything in them, each once, by pid. Blocking.

    Several paths cost what one does. They need not exist: what was deleted and is still open is found too. A process
    that ends during the scan is no holder. Raises HolderScanTimedOut; a single read that hangs in the kernel can
    outlast the deadline.
    """
    uses = uses_of(paths, deadline_seconds=deadline_seconds)
    found = once_each(uses.of_groups[0])
    if not uses.in_time:
        raise HolderScanTimedOut(found)
    return found


def once_each(uses: Iterable[Holder]) -> tuple[Holder, ...]:
    """Return each process once, with the first of its uses."""
    first: dict[int, Holder] = {}
    for one in uses:
        first.setdefault(one.pid, one)
    return tuple(first.values())


def deleted_files(uses: Iterable[Holder]) -> tuple[Holder, ...]:
    """Return each deleted file that a process still has open or mapped, one Holder a file. Empty but on Linux.

    Their disk space is not free until the process lets go.
    """
    return tuple({(one.pid, one.path): one for one in uses if one.path.endswith(DELETED)}.values())


def uses_of(*groups: tuple[Path, ...], deadline_seconds: float = 5.0) -> UsesFound:
    """Return every use of each group of folders: many groups cost what one does, for every process is read once.

    Blocking. What was found until then is returned when the deadline passes, with the word that it is not all.
    """
    searches = [_Search(*group) for group in groups]
    everything = _Search(*_common([path for group in groups for path in group]))
    found: list[list[Holder]] = [[] for _ in groups]
    ends_at = time.monotonic() + deadline_seconds
    for pid in sorted(psutil.pids()):
        if time.monotonic() >= ends_at:
            return UsesFound(tuple(map(tuple, found)), in_time=False)
        for how, place, name in everything.uses(pid):
            for search, holders in zip(searches, found, strict=True):
                if (path := search.used(place)) is None:
                    continue
                holder = Holder(pid, name, how, path if how == "command line" else place)
                if holder not in holders[-1:]:  # a folder that is spelt in two ways
                    holders.append(holder)
    if sys.platform == "win32":
        for group, holders in zip(groups, found, strict=True):
            holders.extend(held for path in group for held in users_of_files(path, ends_at))
    return UsesFound(tuple(map(tuple, found)), in_time=sys.platform != "win32" or time.monotonic() < ends_at)


def _common(paths: list[Path]) -> list[Path]:
    """Return the folder that all ``paths`` are in, by which one look finds them all; themselves if that is a root."""
    real = [Path(os.path.realpath(path)) for path in paths]
    try:
        common = Path(os.path.commonpath(real))
    except ValueError:  # on several drives
        return real
    return real if common == common.parent else [common]


class _Search:
    """Matches what a process uses against some folders."""

    def __init__(self, *paths: Path) -> None:
        # Windows takes capitals and small letters for the same.
        self._paths = tuple(os.path.normcase(plain(os.path.realpath(path))) for path in paths)
        self._below = tuple(path + os.sep for path in self._paths)
        self._bytes = tuple(os.fsencode(path) for path in self._paths)

    def uses(self, pid: int) -> Iterator[tuple[str, str, str]]:
        """Yield each use of the folders by the process, the cheapest to find first: how, what, and its name."""
        return self._uses_by_proc(pid) if sys.platform == "linux" else self._uses_by_psutil(pid)

    def used(self, place: str) -> str | None:
        """Return the folder that ``place`` is, or is in; ``None`` if it is in none."""
        place = os.path.normcase(place.removesuffix(DELETED))
        pairs = zip(self._paths, self._below, strict=True)
        return next((path for path, below in pairs if place == path or place.startswith(below)), None)

    def _is_inside(self, place: str) -> bool:
        place = os.path.normcase(place.removesuffix(DELETED))
        return place in self._paths or place.startswith(self._below)

    def _uses_by_proc(self, pid: int) -> Iterator[tuple[str, str, str]]:
        process = f"/proc/{pid}"
        command = _read(f"{process}/cmdline")
        directory = _link(f"{process}/cwd")
        for told in self._told(command, directory):
            yield "command line", told, _name(process, command)
        for link, how in (("cwd", "working directory"), ("root", "root directory"), ("exe", "program")):
            place = directory if link == "cwd" else _link(f"{process}/{link}")
            if self._is_inside(place):
                yield how, place, _name(process, command)
        for place in _open_files(process):
            if self._is_inside(place):
                yield "open file", place, _name(process, command)
        maps = _read(f"{process}/maps")
        if any(path in maps for path in self._bytes):
            for line in maps.splitlines():
                # address, rights, offset, device, inode, then the path, which may hold spaces: proc_pid_maps(5)
                fields = line.split(None, 5)
                if len(fields) == 6 and self._is_inside(place := os.fsdecode(fields[5])):
                    yield "memory map", place, _name(process, command)

    def _told(self, command: bytes, directory: str) -> Iterator[str]:
        """Yield each place in a folder that an option in the command line names."""
        for value in folders_in(command):
            # It may hold spaces, so a known path is matched as a whole rather than the text split. It may be spelt in
            # another way too: relative, by a link.
            named = os.fsdecode(value.partition(b'"')[0])
            real = os.path.realpath(Path(directory or "/") / os.fsdecode(value).rstrip('"'))
            yield from (place for place in dict.fromkeys((named, real)) if self._is_inside(place))

    def _uses_by_psutil(self, pid: int) -> Iterator[tuple[str, str, str]]:
        try:
            process = psutil.Process(pid)
            arguments = process.cmdline()
        except (psutil.Error, OSError):
            return
        name = _asked(process.name) or os.path.basename("".join(arguments[:1]))  # noqa: PTH119
        command = "\0".join(arguments).encode(errors="surrogateescape")
        directory = _asked(process.cwd) or ""
        for told in self._told(command, directory):
            yield "command line", told, name
        if self._is_inside(os.path.realpath(directory) if directory else ""):
            yield "working directory", directory, name
        if self._is_inside(program := _asked(process.exe) or ""):
            yield "program", program, name
        # On Windows psutil's answer can hang, and the Restart Manager has one for files.
        for file in (_asked(process.open_files) or []) if sys.platform != "win32" else []:
            if self._is_inside(os.path.realpath(file.path)):
                yield "open file", file.path, name


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
