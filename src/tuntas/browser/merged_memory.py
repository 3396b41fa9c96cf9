"""Has Linux keep memory pages that are equal in all browsers only once (same-page merging, KSM).

A process is asked for by prctl(2), PR_SET_MEMORY_MERGE: Linux 6.4 or newer, some of which
want CAP_SYS_RESOURCE. It is inherited by children and survives exec (see mm/ksm.c, ``ksm_execve``), so the server
takes it for the moment in which it starts a browser. What merges is a kernel thread that the administrator runs,
ksmd: /sys/kernel/mm/ksm/run.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tuntas.foundation.user_error import UserError

_PR_SET_MEMORY_MERGE = 67  # linux/prctl.h
_KSMD = Path("/sys/kernel/mm/ksm/run")


class MergingImpossible(UserError):
    """This system does not merge memory for us; the message says why."""


@contextmanager
def memory_merged(wanted: bool) -> Iterator[None]:
    """Let the processes that are started meanwhile have their memory merged, if ``wanted``.

    Raises MergingImpossible.
    """
    if not wanted:
        yield
        return
    _merge(True)
    try:
        yield
    finally:
        _merge(False)


def require_merging() -> None:
    """Try it. Raises MergingImpossible."""
    with memory_merged(True):
        pass


def is_merging() -> bool:
    """Whether the kernel's thread that merges runs."""
    try:
        return _KSMD.read_text().strip() == "1"
    except OSError:
        return False


def _merge(is_on: bool) -> None:
    if sys.platform != "linux":
        message = "Memory is merged by Linux only: unset TUNTAS_MERGE_MEMORY."
        raise MergingImpossible(message)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_MEMORY_MERGE, int(is_on), 0, 0, 0) != 0:
        reason = os.strerror(ctypes.get_errno())
        message = (
            f"This system does not let Tuntas merge memory ({reason}): it needs Linux 6.4 or newer, on some of them"
            " with CAP_SYS_RESOURCE. Or unset TUNTAS_MERGE_MEMORY."
        )
        raise MergingImpossible(message)
