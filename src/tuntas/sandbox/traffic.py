"""What was asked of the sandbox: requests by path, and pages loaded. A proof for tests, so it counts everything."""

from __future__ import annotations

from collections import Counter
from typing import Any

PATHS_COUNTED = 500
OTHER = "(other)"


class Traffic:
    """Counters since the start."""

    def __init__(self) -> None:
        self._requests: Counter[str] = Counter()
        self._pages_loaded = 0

    def request(self, path: str) -> None:
        """Count a request; beyond a few hundred different paths they are counted together."""
        known = path in self._requests or len(self._requests) < PATHS_COUNTED
        self._requests[path if known else OTHER] += 1

    def page_loaded(self) -> None:
        """Count a page that was answered."""
        self._pages_loaded += 1

    def describe(self) -> dict[str, Any]:
        """Return the counters as the control API shows them."""
        return {"requests": dict(self._requests), "pages_loaded": self._pages_loaded}
