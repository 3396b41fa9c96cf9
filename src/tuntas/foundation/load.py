"""Whether the machine is at its limit: the processor since the last look, and the memory now. Reads only."""

from __future__ import annotations

import time

import psutil

BUSY_PERCENT = 90.0
SCARCE_BYTES = 300 * 1024 * 1024
"""Less than one more browser with its page takes."""

# Shorter than this the kernel's ticks (a hundredth of a second each) say nothing.
_MEANINGFUL_SECONDS = 0.2


class MachineLoad:
    """Looks at the machine's load. The first look has no processor time to go by and judges the memory alone."""

    def __init__(self) -> None:
        self._looked_at = float("-inf")
        self._percent = 0.0

    def is_high(self) -> bool:
        """Whether more work would only make everything slower. Costs some ten microseconds."""
        if time.monotonic() - self._looked_at >= _MEANINGFUL_SECONDS:
            self._percent = psutil.cpu_percent(interval=None)
            self._looked_at = time.monotonic()
        return self._percent >= BUSY_PERCENT or is_memory_scarce()


def is_memory_scarce() -> bool:
    """Whether there is no memory for one more browser."""
    return psutil.virtual_memory().available < SCARCE_BYTES
