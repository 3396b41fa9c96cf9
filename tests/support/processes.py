"""What a test needs to prove that nothing lives on: looks of its own at the process table, and waits without sleeping.

Uses psutil and the kernel directly, never the code under test.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from tuntas.browser import BrowserKind, Candidate, candidates


def processes_naming(profile: Path) -> set[int]:
    """Return living processes whose command line names ``profile`` as a browser's profile, however it is written."""
    found = set()
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline()).split()
            if f"--user-data-dir={profile}" in words and process.status() != psutil.STATUS_ZOMBIE:
                found.add(process.pid)
        except psutil.NoSuchProcess:
            continue
    return found


def processes_in_group(group: int) -> set[int]:
    """Return living processes of a process group; headless-shell's helpers can be found by it alone."""
    found = set()
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.add(process.pid)
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue
    return found


def zombie_children() -> set[int]:
    """Return the ended children of this process that nobody has reaped."""
    children = psutil.Process().children()
    return {child.pid for child in children if child.is_running() and child.status() == psutil.STATUS_ZOMBIE}


def wait_until_none(look: Callable[[], set[int]], within_seconds: float) -> set[int]:
    """Look until nothing is found or the time is up, waiting on pidfds in between; return what is left."""
    deadline = time.monotonic() + within_seconds
    while (found := look()) and time.monotonic() < deadline:
        _wait_for_one_end(found, deadline - time.monotonic())
    return found


def assert_nothing_uses(profile: Path, group: int | None = None, *, within_seconds: float = 0) -> None:
    """Fail if a process names ``profile`` or belongs to ``group``, now or when the time is up."""

    def look() -> set[int]:
        return processes_naming(profile) | (processes_in_group(group) if group is not None else set())

    left = wait_until_none(look, within_seconds)
    assert not left, f"still alive on {profile}: {sorted(left)}"


def open_descriptors() -> set[str]:
    """Return this process's descriptors with what they point to, for comparing before and after."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add(f"{entry.name} {entry.readlink()}")
        except FileNotFoundError:
            continue  # the descriptor of this very look
    return found


def installed_browsers() -> list[Candidate]:
    """Return one headless-shell and one full browser, as far as they are installed."""
    found = candidates()
    shells = [candidate for candidate in found if candidate.kind is BrowserKind.HEADLESS_SHELL]
    others = [candidate for candidate in found if candidate.kind is not BrowserKind.HEADLESS_SHELL]
    return shells[:1] + others[:1]


def _wait_for_one_end(pids: Iterable[int], seconds: float) -> None:
    poll, descriptors = select.poll(), []
    try:
        for pid in pids:
            try:
                descriptors.append(os.pidfd_open(pid))
            except ProcessLookupError:
                return
            poll.register(descriptors[-1], select.POLLIN)
        poll.poll(max(seconds, 0) * 1000)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
