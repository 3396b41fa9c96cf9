"""One look at the machine's process table: who lives, under which parent, group and session, since when.

Only reads. A row may be out of date the moment it is returned, so whoever acts on one must check the create time again
under a pidfd (see ``members.py``): pids are recycled.

On Linux one read of ``/proc/<pid>/stat`` gives a whole row; the create time is in seconds *since boot* (field 22,
proc(5)), which no change of the wall clock moves. Elsewhere psutil answers, in seconds since the epoch. Only equality
means anything. Windows has a file of its own for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from tuntas.processes.row import Row

if sys.platform == "win32":
    from tuntas.processes import process_table_windows

__all__ = ["Row", "ancestors_of", "boot_id", "command_line", "row_of", "rows"]

_PROC = Path("/proc")
_ON_LINUX = sys.platform == "linux"
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK") if _ON_LINUX else 1


def rows() -> list[Row]:
    """Return every process that can be seen. Blocking: about 2 ms for a hundred processes on Linux."""
    if sys.platform == "win32":
        return process_table_windows.rows()
    return [row for pid in _pids() if (row := row_of(pid)) is not None]


def row_of(pid: int) -> Row | None:
    """Return the row of one process, or None when there is no such process (any more)."""
    if sys.platform == "win32":
        return process_table_windows.row_of(pid)
    return _row_from_proc(pid) if _ON_LINUX else _row_from_psutil(pid)


def command_line(pid: int) -> tuple[str, ...]:
    """Return the arguments of a process; empty when it is gone, a zombie, or not ours to read."""
    try:
        if not _ON_LINUX:
            return tuple(psutil.Process(pid).cmdline())
        raw = (_PROC / str(pid) / "cmdline").read_bytes()
    except (OSError, psutil.Error):
        return ()
    return tuple(os.fsdecode(part) for part in raw.rstrip(b"\0").split(b"\0")) if raw else ()


def ancestors_of(pid: int) -> Iterator[int]:
    """Yield the pid, its parent, and so on up to the first process that can be seen."""
    child = row_of(pid)
    yield pid
    # A parent that is younger than its child has only its number in common with the real one (Windows).
    while child is not None and (parent := row_of(child.parent)) and parent.create_time <= child.create_time:
        if parent.pid == child.pid:
            return
        yield parent.pid
        child = parent


def boot_id() -> str:
    """Return what is new after every boot of this machine (random(4)).

    Elsewhere always the same: create times since the epoch never come again, and the boot's own time is not kept but
    computed there, and differs by a second from one look to the next.
    """
    if _ON_LINUX:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return "since the epoch"


def _pids() -> list[int]:
    if not _ON_LINUX:
        return psutil.pids()
    with os.scandir(_PROC) as entries:
        return [int(entry.name) for entry in entries if entry.name.isdigit()]


def _row_from_proc(pid: int) -> Row | None:
    try:
        raw = (_PROC / str(pid) / "stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    # The name stands in parentheses and may itself hold spaces and parentheses: the last one ends it.
    start, end = raw.index(b"("), raw.rindex(b")")
    fields = raw[end + 2 :].split()
    return Row(
        pid=pid,
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        create_time=int(fields[19]) / _TICKS_PER_SECOND,
        name=os.fsdecode(raw[start + 1 : end]),
        # The first thread turns zombie at once, while others may still be closing files: only alone has it ended.
        ended=fields[0] in (b"Z", b"X") and int(fields[17]) <= 1,
    )


def _row_from_psutil(pid: int) -> Row | None:
    assert sys.platform != "win32"
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            return Row(
                pid=pid,
                parent=process.ppid(),
                group=_or_zero(os.getpgid, pid),
                session=_or_zero(os.getsid, pid),
                create_time=process.create_time(),
                name=process.name(),
                ended=process.status() == psutil.STATUS_ZOMBIE,
            )
    except psutil.Error:
        return None


def _or_zero(question: Callable[[int], int], pid: int) -> int:
    # Gone, or not ours to ask after; 0 belongs to no process that we start.
    try:
        return question(pid)
    except OSError:
        return 0
