"""Named points at which a test can have the process die as if by ``kill -9``. Inert unless the environment asks.

Crash safety is a claim about the moments *between* two steps; only a death exactly there can test it. The hook must
never do anything else, and never clean up: nothing is flushed, no handler runs, as in a power cut of the process.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "TUNTAS_KILL_AT"


def failpoint(name: str) -> None:
    """Die at once, without any clean-up, if the environment variable ``TUNTAS_KILL_AT`` equals ``name``."""
    if os.environ.get(VARIABLE) == name:
        # Windows has no SIGKILL; there any signal number but the console ones is TerminateProcess, which is the same.
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
