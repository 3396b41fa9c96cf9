"""Who holds a lock file, found out without touching the lock: taking it, even for a moment, could fail a start."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil


def lock_holder(lock: Path) -> str | None:
    """Return the holder of a flock(2) on ``lock`` in words, None if nobody holds it. Elsewhere than Linux: None."""
    if sys.platform != "linux" or not lock.exists():
        return None
    facts = lock.stat()
    pid = holder_in(Path("/proc/locks").read_text(), facts.st_ino, os.major(facts.st_dev), os.minor(facts.st_dev))
    if pid is None:
        return None
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except (psutil.Error, ValueError):
        return "a process that cannot be seen from here (another container?)"


def holder_in(text: str, inode: int, major: int, minor: int) -> int | None:
    """Return the pid that holds a lock on this file in the text of /proc/locks (proc_locks(5)).

    A line: ``1: FLOCK ADVISORY WRITE 4711 fe:00:2465978 0 EOF``; ``->`` behind the number marks one who only waits.
    """
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 8 or fields[1] == "->":
            continue
        device_major, device_minor, number = fields[5].split(":")
        if (int(device_major, 16), int(device_minor, 16), int(number)) == (major, minor, inode):
            return int(fields[4])
    return None
