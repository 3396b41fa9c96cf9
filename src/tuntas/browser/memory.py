"""What a browser's processes take of the machine's memory. Reads only."""

from __future__ import annotations

from collections.abc import Iterable

import psutil

from tuntas.browser.process import Member


def memory_bytes(tree: Iterable[Member]) -> int:
    """Return the proportional set size of all together, where the system knows it. Blocking, a millisecond each."""
    return sum(_of_one(member.pid) for member in tree)


def _of_one(pid: int) -> int:
    try:
        memory = psutil.Process(pid).memory_full_info()
    except psutil.Error:
        return 0  # gone since
    return int(getattr(memory, "pss", 0) or getattr(memory, "uss", 0) or memory.rss)
