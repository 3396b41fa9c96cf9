"""Waiting for what is true soon: a test never sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

WAIT_SECONDS = 30.0
LOOK_EVERY_SECONDS = 0.02
Value = TypeVar("Value")


def wait_for(look: Callable[[], Value | None], *, what: str, limit_seconds: float = WAIT_SECONDS) -> Value:
    """Return the first truthy value of ``look``. Raises AssertionError with ``what`` when the limit has passed."""
    deadline = time.monotonic() + limit_seconds
    while True:
        if value := look():
            return value
        if time.monotonic() > deadline:
            message = f"Not within {limit_seconds:g} s: {what}."
            raise AssertionError(message)
        time.sleep(LOOK_EVERY_SECONDS)
