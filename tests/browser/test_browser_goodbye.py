"""A page hears that its browser goes, and what it writes then is on the disk; one that hangs is not waited for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from support.processes import installed_browsers
from tuntas.browser import Browser, CallTimedOut, CdpSession
from tuntas.browser.launch import LaunchOptions, launch
from tuntas.processes import StopLimits

LIMITS = StopLimits(graceful_seconds=10, forced_seconds=5)


@pytest.fixture
def address() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


async def opened(profile: Path, address: str) -> tuple[Browser, CdpSession]:
    browser = await launch(LaunchOptions(installed_browsers()[0], profile))
    page = await browser.first_page()
    loaded = asyncio.Event()
    page.on("Page.loadEventFired", lambda _: loaded.set())
    await page.call("Page.enable")
    await page.call("Page.navigate", {"url": address})
    async with asyncio.timeout(30):
        await loaded.wait()
    return browser, page


async def evaluated(page: CdpSession, expression: str) -> object:
    return (await page.call("Runtime.evaluate", {"expression": expression}))["result"].get("value")


def test_what_a_page_writes_as_it_goes_is_on_the_disk(tmp_path: Path, address: str) -> None:
    async def main() -> None:
        browser, page = await opened(tmp_path / "profile", address)
        await evaluated(page, "addEventListener('pagehide', () => localStorage.setItem('last', 'word'))")
        report = await browser.stop(LIMITS)
        assert report.stage.value == "closed"
        browser, page = await opened(tmp_path / "profile", address)
        try:
            assert await evaluated(page, "localStorage.getItem('last')") == "word"
        finally:
            await browser.kill(LIMITS)

    asyncio.run(main())


def test_a_page_that_hangs_is_not_waited_for(tmp_path: Path, address: str) -> None:
    async def main() -> None:
        browser, page = await opened(tmp_path / "profile", address)
        with pytest.raises(CallTimedOut):
            await page.call("Runtime.evaluate", {"expression": "for (;;);"}, timeout_seconds=0.2)
        report = await browser.stop(LIMITS)
        assert report.seconds < LIMITS.graceful_seconds + LIMITS.forced_seconds

    asyncio.run(main())
