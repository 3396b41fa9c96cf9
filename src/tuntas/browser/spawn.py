"""Starts one browser process with its pipes, and nothing else: no waiting, no protocol.

``posix_spawn`` instead of fork: Python's ``preexec_fn`` may deadlock once there are threads. The parent-death signal
comes from setpriv(1), which sets it and then becomes the browser, so pid and create time stay. It fires when the
*thread* that spawned ends (prctl(2), PR_SET_PDEATHSIG): only the main thread lives as long as the server, so others
are refused.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Mapping

from tuntas.browser.pipes import Spawned
from tuntas.browser.user import BrowserUser, launch_prefix

if sys.platform != "win32":
    import fcntl

# dup2 onto 3 and 4 must not clobber our own ends, which may well be 3 or 4: lift them above first.
_LIFT_ABOVE = 10
_BROWSER_READS = 3
_BROWSER_WRITES = 4


def spawn_with_pipes(arguments: list[str], environment: Mapping[str, str], user: BrowserUser | None = None) -> Spawned:
    """Start ``arguments`` in a session of its own, debugging pipes on fd 3 and 4, standard error on a pipe.

    ``environment`` is all that it inherits; it runs as ``user``, or as we do.

    Raises OSError when the system refuses; RuntimeError when called off the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("browsers are launched from the main thread only: the parent-death signal is bound to it")
    assert sys.platform != "win32"  # see spawn_windows.py
    descriptors: list[int] = []
    try:
        browser_reads, write_descriptor = _pipe(descriptors)
        read_descriptor, browser_writes = _pipe(descriptors)
        stderr_descriptor, browser_stderr = _pipe(descriptors)
        arguments = [*launch_prefix(user), *arguments]
        pid = os.posix_spawn(
            arguments[0],
            arguments,
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, browser_stderr, 2),
                (os.POSIX_SPAWN_DUP2, browser_reads, _BROWSER_READS),
                (os.POSIX_SPAWN_DUP2, browser_writes, _BROWSER_WRITES),
            ],
            setsid=True,
            # Python ignores SIGPIPE, and ignored signals are inherited.
            setsigdef=[signal.SIGPIPE],
            setsigmask=[],
        )
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    for descriptor in (browser_reads, browser_writes, browser_stderr):
        os.close(descriptor)
    return Spawned(pid, read_descriptor, write_descriptor, stderr_descriptor)


def _pipe(opened: list[int]) -> tuple[int, int]:
    assert sys.platform != "win32"
    low = os.pipe()
    try:
        for end in low:
            opened.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _LIFT_ABOVE))  # noqa: PERF401  kept one by one
    finally:
        for end in low:
            os.close(end)
    return opened[-2], opened[-1]
