"""The floor below every start that ends in "ready": how long WA-JS waits in a fresh document before it begins.

It begins when the page's modules have been quiet for 750 ms, a constant of its own. It is used as npm delivers it, so
nothing of ours can be faster than that; the QR is, since the bridge reads it by itself.
"""

from __future__ import annotations

import asyncio

from bench.peers.figures import TUNTAS
from bench.peers.world import World
from tuntas.browser import CdpSession
from tuntas.processes import StopLimits
from tuntas.whatsapp.engine import ChromiumEngine, EngineLimits
from tuntas.whatsapp.page import PageLimits

# In the order of the documents' scripts it comes after WA-JS, whose own clock it reads.
NOTE = 'WPP.on("loader.injected", () => { globalThis.settled = performance.now(); });'
LOOK_EVERY_SECONDS = 0.02
LIMIT_SECONDS = 30.0


def measure(world: World, rounds: int) -> None:
    """Load the sandbox's page so many times; each gives one value."""
    for seconds in asyncio.run(_settle(world, rounds)):
        world.figures.add("settling_seconds", TUNTAS, seconds)


async def _settle(world: World, rounds: int) -> list[float]:
    limits = EngineLimits(30, 30, PageLimits(30, 10, 10), StopLimits())
    page = await ChromiumEngine(world.browsers.shell, f"{world.sandbox.url}/", limits).open(
        world.place(), lambda _: None
    )
    seconds = []
    try:
        await page._target.call("Page.addScriptToEvaluateOnNewDocument", {"source": NOTE})
        for _ in range(rounds):
            await page._target.call("Runtime.evaluate", {"expression": "delete globalThis.settled"})
            await page._target.call("Page.reload")
            seconds.append(await _settled(page._target))
    finally:
        await page.end()
    return seconds


async def _settled(target: CdpSession) -> float:
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            answer = await target.call("Runtime.evaluate", {"expression": "globalThis.settled"})
            if "value" in answer["result"]:
                return float(answer["result"]["value"]) / 1000
            await asyncio.sleep(LOOK_EVERY_SECONDS)
