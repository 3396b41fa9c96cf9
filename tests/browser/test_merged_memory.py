"""Equal memory of browsers is offered to the kernel for merging when that is asked for, the server's own never."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from support.processes import installed_browsers
from tuntas.browser.launch import LaunchOptions, launch
from tuntas.browser.merged_memory import MergingImpossible, require_merging
from tuntas.processes import StopLimits
from tuntas.processes.members import members

OFFERED = "ksm_merge_any: yes"


def told_of(pid: int) -> str:
    return Path(f"/proc/{pid}/ksm_stat").read_text()


def possible() -> bool:
    try:
        require_merging()
        return "ksm_merge_any" in told_of(os.getpid())
    except (MergingImpossible, OSError):
        return False


needs_merging = pytest.mark.skipif(not possible(), reason="this kernel does not merge, or not for us, or tells nothing")


@needs_merging
@pytest.mark.parametrize("is_asked_for", [True, False])
def test_every_process_of_a_browser_offers_its_memory_when_asked_and_the_server_never(
    tmp_path: Path, is_asked_for: bool
) -> None:
    async def main() -> None:
        options = LaunchOptions(installed_browsers()[0], tmp_path / "profile", merges_memory=is_asked_for)
        browser = await launch(options)
        try:
            tree = members(browser.identity)
            assert len(tree) > 1
            assert {OFFERED in told_of(one.pid) for one in tree} == {is_asked_for}
            assert OFFERED not in told_of(os.getpid())
        finally:
            await browser.kill(StopLimits(5, 5))

    asyncio.run(main())


def test_a_system_that_does_not_merge_says_so_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(MergingImpossible, match="unset TUNTAS_MERGE_MEMORY"):
        require_merging()
