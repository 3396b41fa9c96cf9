"""What processes cost and which are left, as the kernel says it. Reads only.

The bench is the reaper of everything below it, so that a helper that detaches itself is still found as a descendant.
Memory is PSS, the proportional set size: what a process has to itself, and its share of what it shares.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import time
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import psutil

from support.running import alive

MEGABYTE = 1_000_000
LOOK_EVERY_SECONDS = 0.001
_TYPE = re.compile(r"--type=([\w-]+)")


class Role(StrEnum):
    """What a process is for."""

    SERVER = "server"  # Python or Node
    PAGE = "page"  # a renderer: what the web page itself needs
    BROWSER = "browser"  # all other processes of a browser


class Below:
    """Every process below this one, but for those that were there when it was made."""

    def __init__(self) -> None:
        self._before = {one.pid for one in descendants()}

    def now(self) -> list[psutil.Process]:
        """Return those that run now."""
        return [one for one in descendants() if one.pid not in self._before]


def descendants() -> list[psutil.Process]:
    """Return every living process below this one, and reap the browsers' processes that fell to us and have ended.

    Were they left, the process table would grow with each measurement, and who looks through it would pay for that.
    """
    found = psutil.Process().children(recursive=True)
    for process in found:
        with contextlib.suppress(psutil.Error, ChildProcessError):
            # No browser is started by the bench itself, so nobody else waits for one.
            is_ours = process.status() == psutil.STATUS_ZOMBIE and process.ppid() == os.getpid()
            if is_ours and process.name().startswith("chrom"):
                os.waitpid(process.pid, os.WNOHANG)
    return alive(found)


def role_of(process: psutil.Process) -> Role:
    """Say what a process is for, by its command line."""
    words = " ".join(process.cmdline())
    kind = _TYPE.search(words)
    if kind is not None:
        return Role.PAGE if kind.group(1) == "renderer" else Role.BROWSER
    return Role.BROWSER if "--user-data-dir=" in words or "crashpad" in words else Role.SERVER


def memory(processes: Iterable[psutil.Process]) -> dict[Role, float]:
    """Return the PSS of all, in megabytes by role; one that ended meanwhile has none."""
    found = dict.fromkeys(Role, 0.0)
    for process in processes:
        with contextlib.suppress(psutil.Error, FileNotFoundError, ProcessLookupError):
            found[role_of(process)] += pss_bytes(process.pid) / MEGABYTE
    return found


def pss_bytes(pid: int) -> int:
    """Return a process's proportional set size."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def cpu_seconds(processes: Iterable[psutil.Process]) -> dict[Role, float]:
    """Return the processor time that all have used so far, by role."""
    found = dict.fromkeys(Role, 0.0)
    for process in processes:
        with contextlib.suppress(psutil.Error):
            found[role_of(process)] += sum(process.cpu_times()[:2])
    return found


def seconds_until_gone(processes: Iterable[psutil.Process], folder: Path | None, limit_seconds: float) -> float | None:
    """Return how long it takes from now until all processes have ended and the folder is not there; None: too long.

    The kernel tells of the ends; only the folder is looked at again and again.
    """
    begun = time.monotonic()
    descriptors = []
    poll = select.poll()
    try:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                descriptors.append(os.pidfd_open(process.pid))
                poll.register(descriptors[-1], select.POLLIN)
        waiting = set(descriptors)
        while waiting:
            left = begun + limit_seconds - time.monotonic()
            if left <= 0:
                return None
            for descriptor, _ in poll.poll(left * 1000):
                poll.unregister(descriptor)
                waiting.discard(descriptor)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    while folder is not None and folder.exists():
        if time.monotonic() - begun > limit_seconds:
            return None
        time.sleep(LOOK_EVERY_SECONDS)
    return time.monotonic() - begun
