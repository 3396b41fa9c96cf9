"""A page that is not WhatsApp Web and means harm, served on loopback, with frames of another origin."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class HostileSite:
    """Serves what a test puts into ``pages``; the same under two origins, ``url`` and ``other``."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.url = self.other = ""


@contextmanager
def hostile_site() -> Iterator[HostileSite]:
    """Serve a site until the block ends."""
    site = HostileSite()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = site.pages.get(self.path.partition("?")[0], "").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        site.url = f"http://127.0.0.1:{server.server_port}/"
        site.other = f"http://localhost:{server.server_port}/"
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def document(script: str, body: str = "") -> str:
    """Return a page that runs ``script``."""
    return f"<!doctype html><body>{body}<script>{script}</script></body>"
