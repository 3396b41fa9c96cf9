"""What a browser's processes take of the machine's memory. Reads only, and never raises: a number is never worth it.

A process's proportional share (PSS) cannot always be read: not of a process that has changed its user, not in every
container. Then its resident size stands in, which counts shared pages in full. What has ended counts as nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import psutil
import structlog

from tuntas.processes.members import Member, ProcessIdentity, members

log = structlog.get_logger(__name__)


def memory_bytes(tree: Iterable[Member]) -> int:
    """Return what all together take. Blocking, a millisecond each."""
    return sum(process_memory_bytes(member.pid) for member in tree)


def tree_memory_bytes(identity: ProcessIdentity) -> int:
    """Return what the browser's whole tree takes now; 0 when the process table cannot be read. Blocking."""
    try:
        return memory_bytes(members(identity))
    except OSError as error:
        log.warning("memory_not_measured", pid=identity.pid, error=str(error))
        return 0


def process_memory_bytes(pid: int) -> int:
    """Return what one process takes, 0 when it has ended. Blocking, a millisecond."""
    try:
        process = psutil.Process(pid)
        try:
            memory = process.memory_full_info()
            return int(getattr(memory, "pss", 0) or getattr(memory, "uss", 0) or memory.rss)
        except (psutil.AccessDenied, OSError):
            return int(process.memory_info().rss)
    except (psutil.Error, OSError):
        return 0
