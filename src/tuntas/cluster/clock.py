"""The clock of leases: it runs on while the machine sleeps, and all processes of a machine read the same."""

from __future__ import annotations

import sys
import time

if sys.platform == "linux":

    def now() -> float:
        """Return seconds since the machine was started."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)
else:

    def now() -> float:
        """Return seconds since some moment in the past."""
        return time.monotonic()
