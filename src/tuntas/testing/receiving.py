"""A receiver of webhooks on loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tuntas.client import Event, NotSigned, read_webhook
from tuntas.testing.waiting import WAIT_SECONDS

KEY = "a-signing-key-for-tests"


class WebhookReceiver:
    """Remembers the events that came with our signature; refuses others with 401, and all with 500 if it is told to."""

    def __init__(self) -> None:
        """Receive nothing yet: use it with ``with``."""
        self.events: list[Event] = []
        self.refuses = False
        self._waited_for = 0
        self._changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver._take(body, dict(self.headers.items())))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def config(self, *events: str) -> dict[str, Any]:
        """Return the configuration of a session that tells these events (none: all) to this receiver."""
        return {"webhooks": [{"url": self.url, "events": list(events) or ["*"], "hmac": {"key": KEY}}]}

    def wait_for(self, name: str, limit_seconds: float = WAIT_SECONDS, **payload: Any) -> Event:
        """Return the next event with this name and these values in its payload. Raises AssertionError if none comes."""
        deadline = time.monotonic() + limit_seconds
        with self._changed:
            while True:
                while self._waited_for < len(self.events):
                    event = self.events[self._waited_for]
                    self._waited_for += 1
                    if event.name == name and payload.items() <= event.payload.items():
                        return event
                left_seconds = deadline - time.monotonic()
                if left_seconds <= 0:
                    message = f"No {name} with {payload} among {[one.name for one in self.events]}."
                    raise AssertionError(message)
                self._changed.wait(left_seconds)

    def _take(self, body: bytes, headers: Mapping[str, str]) -> int:
        with self._changed:
            if self.refuses:
                return 500
            try:
                self.events.append(read_webhook(body, headers, KEY))
            except NotSigned:
                return 401
            self._changed.notify_all()
            return 204

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
