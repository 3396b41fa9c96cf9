"""The QR is read early, but no module of the page is asked for it that the page has not run yet by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from support.sandbox_pages import Page, World, soon
from tuntas.whatsapp.scripts import document_script

# What the bridge asks the loader for, and what it reports. WA-JS leaves alone what cannot be configured.
WATCHED = """
window.reports = [];
window.outOfTurn = [];
window.__tuntasReport = (text) => reports.push({ ...JSON.parse(text), isInjected: WPP.isInjected });
let given;
Object.defineProperty(window, "require", { get: () => given, set(loaders) {
  given = (id) => {
    const by = new Error().stack;
    if (window.isSilent && id === "__debug" && by.includes("hasRun")) throw new Error("this loader does not say");
    const hasRun = loaders("__debug").modulesMap[id]?.factoryFinished === true;
    if (by.includes("readQrEarly") && !hasRun && id.endsWith("Model")) outOfTurn.push(id);
    return loaders(id);
  };
}});
"""
QR = "reports.find(({kind}) => kind === 'qr')"


async def load(page: Page, before: str) -> None:
    await page.session.call("Page.addScriptToEvaluateOnNewDocument", {"source": before + WATCHED})
    await page.session.call("Page.addScriptToEvaluateOnNewDocument", {"source": document_script()})
    await page.reload()


def test_while_a_page_has_not_run_its_modules_none_of_them_is_asked_for_a_qr(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page(ready=False, bundle=False) as page:
            # All modules are there then, and the script that runs the page is still on its way.
            paused: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
            page.session.on("Fetch.requestPaused", paused.put_nowait)
            await page.session.call("Fetch.enable", {"patterns": [{"urlPattern": "*/boot.js"}]})
            await load(page, "")
            held = await paused.get()
            ticks = "setInterval(() => (ticks += 1), 50)"
            await page.evaluate(f"window.ticks = 0; {ticks}; {soon('ticks > 8')}")
            await page.session.call("Fetch.continueRequest", {"requestId": held["requestId"]})
            await page.evaluate(soon(QR))
            assert await page.evaluate("outOfTurn") == []

    play(story)


def test_a_page_whose_loader_does_not_say_what_has_run_is_asked_after_a_while(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        await world.ask("faults", kind="trickle", seconds=20)
        async with world.page(ready=False, bundle=False) as page:
            await load(page, "window.isSilent = true;")
            await page.evaluate(soon(QR))
            assert (await page.evaluate(QR))["isInjected"] is False, "before WA-JS could tell"
            assert await page.evaluate("performance.now()") > 5000

    play(story)
