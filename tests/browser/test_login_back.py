"""A login that Chromium had not written when it died is there again before anything of the page runs."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from support.hostile_page import document, hostile_site
from support.processes import installed_browsers
from support.until import until
from tuntas.browser import Candidate
from tuntas.processes import StopLimits
from tuntas.sessions.model import Disconnected, Observation
from tuntas.whatsapp.engine import ChromiumEngine, EngineLimits
from tuntas.whatsapp.page import ChromiumPage, PageLimits

LIMITS = EngineLimits(30, 30, PageLimits(20, 20, 20), StopLimits())
ENTRIES = [["last-wid-md", '"628111:1@c.us"'], ["WANoiseInfo", "keys"]]
# What a page finds in the moment in which the first of its own code runs, and whether it was loaded to its end.
PAGE = """
const found = Object.fromEntries(Object.entries(localStorage));
const say = (state) => globalThis.__tuntasReport(JSON.stringify({kind: "disconnected", state}));
say(JSON.stringify([found["last-wid-md"], found.WANoiseInfo].map((one) => one ?? null)));
addEventListener("load", () => say("loaded"));
"""
KEEP = f"""
new Promise((resolve, reject) => {{
  const opening = indexedDB.open("tuntas", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("tuntas");
  opening.onsuccess = () => {{
    const transaction = opening.result.transaction("tuntas", "readwrite", {{ durability: "strict" }});
    transaction.objectStore("tuntas").put({json.dumps(json.dumps(ENTRIES))}, "last-wid-md");
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  }};
}})
"""
EMPTY, REMEMBERED = "[null,null]", json.dumps([value for _, value in ENTRIES], separators=(",", ":"))


@pytest.mark.parametrize("browser", installed_browsers(), ids=lambda one: one.kind.value)
@pytest.mark.parametrize("is_kept", [True, False], ids=["with a copy", "without one"])
def test_a_page_begins_with_the_login_that_its_browser_had_not_written(
    tmp_path: Path, browser: Candidate, is_kept: bool
) -> None:
    profile = tmp_path / "profile"

    async def life(url: str, scene: Callable[[ChromiumPage], Awaitable[None]]) -> list[str]:
        seen: list[Observation] = []
        page = await ChromiumEngine(browser, url, LIMITS).open(profile, seen.append)

        def said() -> list[str]:
            return [one.detail for one in seen if isinstance(one, Disconnected)]

        try:
            await until(lambda: "loaded" in said())
            await scene(page)
        finally:
            await page.end(gracefully=False)
        return said()

    async def keep(page: ChromiumPage) -> None:
        if is_kept:
            await page._target.call("Runtime.evaluate", {"expression": KEEP, "awaitPromise": True})

    async def only_look(_page: ChromiumPage) -> None:
        pass

    async def main(url: str) -> None:
        assert await life(url, keep) == [EMPTY, "loaded"]
        shutil.rmtree(profile / "Default" / "Local Storage", ignore_errors=True)
        assert await life(url, only_look) == [REMEMBERED if is_kept else EMPTY, "loaded"]

    with hostile_site() as site:
        site.pages = {"/": document(PAGE)}
        asyncio.run(main(site.url))
