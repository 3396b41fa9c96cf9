"""A fresh browser process with our ends of its pipes, and these ends as asyncio wants them.

An end is a number: a file descriptor, or on Windows a handle in overlapped mode.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Protocol

if sys.platform == "win32":
    from asyncio.windows_utils import PipeHandle


class End(Protocol):
    """What the event loop needs of a pipe's end."""

    def fileno(self) -> int:
        """Return the descriptor or handle."""
        ...

    def close(self) -> None:
        """Give it back."""
        ...


@dataclass(frozen=True, slots=True)
class Spawned:
    """A fresh process and our ends of its pipes; whoever gets it owns the three ends."""

    pid: int
    read_end: int
    write_end: int
    stderr_end: int

    def close(self) -> None:
        """Close all three ends; only while nobody else has taken them over."""
        for end in (self.read_end, self.write_end, self.stderr_end):
            reading(end).close()


def reading(end: int) -> End:
    """Return an end that we read as ``connect_read_pipe`` takes it."""
    if sys.platform == "win32":
        return PipeHandle(end)
    return os.fdopen(end, "rb", 0)


def writing(end: int) -> End:
    """Return an end that we write as ``connect_write_pipe`` takes it."""
    if sys.platform == "win32":
        return PipeHandle(end)
    return os.fdopen(end, "wb", 0)
