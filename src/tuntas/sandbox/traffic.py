"""What was asked of the sandbox: requests by path, pages loaded, and what it does not imitate. A proof for tests, so it
counts everything."""

from __future__ import annotations

from collections import Counter
from typing import Any

import structlog

log = structlog.get_logger(__name__)

PATHS_COUNTED = 500
MISSING_KEPT = 500
OTHER = "(other)"


class Traffic:
    """Counters since the start."""

    def __init__(self) -> None:
        self._requests: Counter[str] = Counter()
        self._pages_loaded = 0
        self._missing: set[str] = set()

    def request(self, path: str) -> None:
        """Count a request; beyond a few hundred different paths they are counted together."""
        known = path in self._requests or len(self._requests) < PATHS_COUNTED
        self._requests[path if known else OTHER] += 1

    def page_loaded(self) -> None:
        """Count a page that was answered."""
        self._pages_loaded += 1

    def missing(self, what: str) -> None:
        """Note that a tool asked for something that is not imitated, and say so aloud the first time."""
        if what in self._missing or len(self._missing) >= MISSING_KEPT:
            return
        self._missing.add(what)
        log.warning("sandbox_not_imitated", what=what)

    def not_imitated(self) -> list[str]:
        """Return what tools have asked for in vain."""
        return sorted(self._missing)

    def describe(self) -> dict[str, Any]:
        """Return the counters as the control API shows them."""
        return {"requests": dict(self._requests), "pages_loaded": self._pages_loaded}
