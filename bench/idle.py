"""What an idle session costs: how often anything wakes, in the server and in the page.

``python -m bench.idle [--sessions N] [--seconds S]`` starts a sandbox and a server, pairs N sessions, leaves them
alone and counts, over S seconds: how often the server's event loop wakes (voluntary context switches of its main
thread), what CPU it and its browsers use, and, in a page of its own with every timer wrapped, how often a timer of
WA-JS, of the bridge or of the page itself fires. The baseline for the server is the same server with no session, in
the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.running import Sandbox, Server, running, tree_of  # noqa: E402
from tuntas.browser import choose  # noqa: E402
from tuntas.processes import StopLimits  # noqa: E402
from tuntas.sandbox.server import Sandbox as SandboxHere  # noqa: E402
from tuntas.sandbox.server import SandboxSettings  # noqa: E402
from tuntas.sessions.model import Observation, QrShown  # noqa: E402
from tuntas.whatsapp.engine import ChromiumEngine, EngineLimits  # noqa: E402
from tuntas.whatsapp.page import ChromiumPage, PageLimits  # noqa: E402

COUNT_TIMERS = """
globalThis.fired = [];
for (const name of ["setTimeout", "setInterval", "requestAnimationFrame", "requestIdleCallback"]) {
  const original = globalThis[name];
  globalThis[name] = (callback, ...rest) =>
    original((...given) => { fired.push([name, rest[0] ?? 0]); callback(...given); }, ...rest);
}
"""
SETTLE_SECONDS = 8.0  # what a start's own events ask for comes five seconds after them


def wakes_per_second(process: psutil.Process, seconds: float) -> tuple[float, float]:
    """Return voluntary context switches of the main thread and CPU seconds, both per second."""
    switches, cpu = process.num_ctx_switches().voluntary, sum(process.cpu_times()[:2])
    time.sleep(seconds)
    after = process.num_ctx_switches().voluntary
    return (after - switches) / seconds, (sum(process.cpu_times()[:2]) - cpu) / seconds


def server_figures(sessions: int, seconds: float) -> dict[str, float]:
    """Measure a server without and with idle sessions, one after the other in the same run."""
    with tempfile.TemporaryDirectory() as scratch:
        sandbox = Sandbox(Path(scratch))
        with running(sandbox):
            server = Server(Path(scratch) / "data", sandbox.url)
            with running(server):
                process = psutil.Process(server.process.pid)
                time.sleep(SETTLE_SECONDS)
                empty, _ = wakes_per_second(process, seconds)
                for number in range(sessions):
                    server.pair(sandbox, f"idle{number}", f"62817000{number:04}")
                time.sleep(SETTLE_SECONDS)
                browsers = tree_of(server.data_dir)
                before = sum(sum(one.cpu_times()[:2]) for one in browsers)
                wakes, cpu = wakes_per_second(process, seconds)
                browser_cpu = (sum(sum(one.cpu_times()[:2]) for one in browsers) - before) / seconds
                return {
                    "server wakes per second, no session": empty,
                    f"server wakes per second, {sessions} idle": wakes,
                    f"server CPU, {sessions} idle, % of a core": 100 * cpu,
                    "browser CPU a session, % of a core": 100 * browser_cpu / sessions,
                }


async def page_timers(seconds: float) -> list[tuple[str, float]]:
    """Return the timers that fire in a paired, idle page within ``seconds``."""
    seen: asyncio.Queue[Observation] = asyncio.Queue()
    limits = EngineLimits(30, 30, PageLimits(30, 10, 10), StopLimits())
    async with SandboxHere(SandboxSettings(port=0)) as sandbox:
        import httpx

        engine = ChromiumEngine(choose(), f"{sandbox.url}/", limits)
        with tempfile.TemporaryDirectory() as scratch:
            page = await engine.open(Path(scratch) / "profile", seen.put_nowait)
            try:
                async with httpx.AsyncClient(base_url=f"{sandbox.url}/_sandbox", trust_env=False) as phone:
                    await phone.post("/phones", json={"number": "628170009999", "name": "Idle"})
                    while not isinstance(first := await seen.get(), QrShown):
                        pass
                    await phone.post("/phones/628170009999/scan", json={"qr": first.value})
                await until_connected(seen)
                return await count(page, seen, seconds)
            finally:
                await page.end()


async def until_connected(seen: asyncio.Queue[Observation]) -> None:
    """Wait until the page is connected."""
    async with asyncio.timeout(30):
        while type(await seen.get()).__name__ != "Connected":
            pass


async def count(page: ChromiumPage, seen: asyncio.Queue[Observation], seconds: float) -> list[tuple[str, float]]:
    """Load the page again with wrapped timers, let it settle, and return what fires after that."""
    await page._target.call("Page.addScriptToEvaluateOnNewDocument", {"source": COUNT_TIMERS, "runImmediately": False})
    await page._target.call("Page.reload")
    await until_connected(seen)
    await asyncio.sleep(SETTLE_SECONDS)
    await page._target.call("Runtime.evaluate", {"expression": "fired.length = 0"})
    await asyncio.sleep(seconds)
    answer = await page._target.call("Runtime.evaluate", {"expression": "fired", "returnByValue": True})
    return [(name, delay) for name, delay in answer["result"]["value"]]


def main() -> None:
    """Print the figures; exit 1 if anything wakes more often than once a second."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    figures = server_figures(options.sessions, options.seconds)
    timers = asyncio.run(page_timers(options.seconds))
    for name, value in figures.items():
        print(f"{name:<45} {value:8.3f}")
    print(f"{'timers fired per second in an idle page':<45} {len(timers) / options.seconds:8.3f}")
    print(f"{'which':<45} {sorted(set(timers))}")
    more_often = figures[f"server wakes per second, {options.sessions} idle"] - 1.0
    # The loop may wake for a liveness answer as well; a poll would show as several wakes a second, every second.
    sys.exit(1 if more_often > 1.0 or len(timers) / options.seconds > 1.0 else 0)


if __name__ == "__main__":
    main()
