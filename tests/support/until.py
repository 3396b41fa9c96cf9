"""Waiting for a fact that has no event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(look: Callable[[], object]) -> None:
    """Return when ``look`` says something true; the caller's timeout bounds it."""
    while not look():  # noqa: ASYNC110 - what is looked at has no event to wait for
        await asyncio.sleep(0.002)
