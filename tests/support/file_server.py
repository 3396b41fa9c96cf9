"""A server of files on loopback, as there are on the web; with or without TLS, it counts who comes."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from support.tls_proxy import certificate


class FileServer:
    """Gives each path of ``files``; one of ``moved`` leads on to another address; all else is 404.

    ``asked``: host and path of each request.
    """

    def __init__(
        self, files: dict[str, bytes] | None = None, moved: dict[str, str] | None = None, tls: Path | None = None
    ) -> None:
        self.asked: list[str] = []
        self._files, self._moved = files or {}, moved or {}
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(f"{self.headers['Host']}{self.path}")
                status, headers, body = server.answers(self.path)
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate(tls))
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def answers(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of the answer to a request for ``path``."""
        if path in self._moved:
            return 302, {"Location": self._moved[path]}, b""
        if path in self._files:
            return 200, {"Content-Type": "text/plain"}, self._files[path]
        return 404, {}, b""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
