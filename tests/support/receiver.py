"""A webhook receiver on loopback that remembers what came, and can be told to fail."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


class Receiver:
    """Answers 204, or what ``answers`` says for the first requests."""

    def __init__(self, answers: list[int] | None = None, port: int = 0, retry_after: str | None = None) -> None:
        self.seen: list[dict[str, Any]] = []
        self.refused: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.refuses = False
        """Set it, and all is answered 500."""
        self._answers = list(answers or [])
        self._taken = 0
        self._changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver._take(body, {name.lower(): value for name, value in self.headers.items()})
                self.send_response(status)
                self.send_header("Content-Length", "0")
                if retry_after is not None:
                    self.send_header("Retry-After", retry_after)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def _take(self, body: bytes, headers: dict[str, str]) -> int:
        with self._changed:
            event = json.loads(body)
            status = 500 if self.refuses else self._answers.pop(0) if self._answers else 204
            if status < 300:
                self.seen.append(event)
                self.bodies.append(body)
                self.headers.append(headers)
            else:
                self.refused.append(event)
            self._changed.notify_all()
            return status

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait_count(self, count: int, limit_seconds: float = 90.0) -> list[dict[str, Any]]:
        """Wait until so many events were taken, and return them."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.seen) >= count, limit_seconds), f"{len(self.seen)} came"
            return list(self.seen)

    def wait_refused(self, count: int, limit_seconds: float = 60.0) -> list[dict[str, Any]]:
        """Wait until so many requests were answered with an error, and return what they told."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.refused) >= count, limit_seconds), (
                f"{len(self.refused)} came"
            )
            return list(self.refused)

    def wait_for(self, name: str, limit_seconds: float = 90.0, **payload: Any) -> dict[str, Any]:
        """Return the first event, not returned before, with this name and these values in its payload."""
        deadline = time.monotonic() + limit_seconds
        with self._changed:
            while True:
                while self._taken < len(self.seen):
                    event = self.seen[self._taken]
                    self._taken += 1
                    if event["event"] == name and all(event["payload"].get(k) == v for k, v in payload.items()):
                        return event
                left = deadline - time.monotonic()
                if not self._changed.wait(max(left, 0.0)) and left <= 0:
                    message = f"no {name} with {payload} among {[one['event'] for one in self.seen]}"
                    raise AssertionError(message)

    def all_signed_with(self, key: str) -> bool:
        """Say whether every taken request bears the signature of its body."""
        return bool(self.bodies) and all(
            headers["x-webhook-hmac"] == hmac.new(key.encode(), body, hashlib.sha512).hexdigest()
            for body, headers in zip(self.bodies, self.headers, strict=True)
        )
