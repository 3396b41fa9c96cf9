"""Invariants of ``docs/lifecycle.md`` at the border between a page and its browser."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from support.processes import assert_nothing_uses, zombie_children
from tuntas.browser import choose
from tuntas.foundation.tasks import spawn
from tuntas.processes import StopLimits
from tuntas.whatsapp.engine import ChromiumEngine, EngineLimits
from tuntas.whatsapp.page import PageLimits


@pytest.mark.parametrize("turns", [1, 2, 3, 5, 8])
def test_a_page_s_end_that_is_cancelled_after_a_few_turns_still_leaves_no_browser(tmp_path: Path, turns: int) -> None:
    """A browser died during its launch; the launch was cancelled while it cleaned up, and the browser had no owner."""

    async def main() -> None:
        engine = ChromiumEngine(
            choose(), "about:blank", EngineLimits(30, 30, PageLimits(30, 10, 10), StopLimits(5, 10))
        )
        page = await engine.open(tmp_path / "profile", lambda _: None)
        ending = spawn(page.end(gracefully=False), name="ending")
        for _ in range(turns):
            await asyncio.sleep(0)
        ending.cancel()
        await asyncio.wait([ending])
        assert_nothing_uses(tmp_path / "profile", page.record.group)
        assert zombie_children() == set()

    asyncio.run(main())
