"""A browser keeps no more of what its page loads than it may, whether it heeds Chromium's flag for that or not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from support.processes import installed_browsers
from support.until import until
from tuntas.browser import Candidate
from tuntas.processes import StopLimits
from tuntas.profiles import loaded_bytes
from tuntas.whatsapp.engine import ChromiumEngine, EngineLimits
from tuntas.whatsapp.page import PageLimits

BOUND_BYTES, FILE_BYTES, FILES = 4_000_000, 1_000_000, 16
LOAD = f"(async () => {{ for (let n = 0; n < {FILES}; n++) await (await fetch('/' + n)).arrayBuffer(); }})()"


@pytest.fixture
def site() -> Iterator[str]:
    """A site whose files may be kept for ever."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<p>hello" if self.path == "/" else b"x" * FILE_BYTES
            self.send_response(200)
            self.send_header("Cache-Control", "max-age=100000")
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("browser", installed_browsers(), ids=lambda one: one.kind.value)
def test_what_a_page_has_loaded_stays_within_its_bound_on_the_disk(
    tmp_path: Path, site: str, browser: Candidate
) -> None:
    limits = EngineLimits(30, 30, PageLimits(30, 10, 10), StopLimits(), BOUND_BYTES)

    async def main() -> None:
        page = await ChromiumEngine(browser, site, limits).open(tmp_path / "profile", lambda _: None)
        try:
            await page._target.call("Runtime.evaluate", {"expression": LOAD, "awaitPromise": True})
            assert await page.tend() > 50_000_000, "a browser takes that much memory at least"
            async with asyncio.timeout(10):
                await until(lambda: loaded_bytes(tmp_path / "profile") <= BOUND_BYTES)
        finally:
            await page.end()

    asyncio.run(main())
