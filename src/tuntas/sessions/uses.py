"""Calls into a session's page that are under way: its browser is not replaced under them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Uses:
    """Counts calls."""

    def __init__(self, on_free: Callable[[], None]) -> None:
        """Tell ``on_free`` whenever none is under way any more."""
        self._on_free = on_free
        self._count = 0

    @property
    def is_any(self) -> bool:
        """Whether one is under way."""
        return self._count > 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count a call for as long as the block lasts."""
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1
            if self._count == 0:
                self._on_free()
