"""Receivers on loopback that mean harm: each takes a request whole and answers in its own way, over a raw socket."""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

OK = b"HTTP/1.1 200 OK\r\n"
DRIP_SECONDS = 0.2

Answer = Callable[["Hostile", socket.socket], None]


@dataclass
class Hostile:
    """A receiver while it runs. ``sent_bytes``: how much of its answers was taken from it."""

    answer: Answer
    listening: socket.socket
    requests: list[bytes] = field(default_factory=list)
    sent_bytes: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}/hook"

    def send(self, connection: socket.socket, data: bytes) -> None:
        connection.sendall(data)
        self.sent_bytes += len(data)

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while (request := _request(connection)) is not None:
                self.requests.append(request)
                self.answer(self, connection)


def _request(connection: socket.socket) -> bytes | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (part := connection.recv(65536)):
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    (length,) = (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    return data


@contextmanager
def hostile(answer: Answer) -> Iterator[Hostile]:
    """Run a receiver that answers so."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    receiver = Hostile(answer, listening)
    thread = threading.Thread(target=receiver.serve, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def drips_its_body(receiver: Hostile, connection: socket.socket) -> None:
    receiver.send(connection, OK + b"Content-Length: 100000\r\n\r\n")
    while not receiver.over.wait(DRIP_SECONDS):
        receiver.send(connection, b"x")


def drips_its_head(receiver: Hostile, connection: socket.socket) -> None:
    receiver.send(connection, OK + b"X-Long: ")
    while not receiver.over.wait(DRIP_SECONDS):
        receiver.send(connection, b"x")


def says_continue_for_ever(receiver: Hostile, connection: socket.socket) -> None:
    while not receiver.over.wait(DRIP_SECONDS / 10):
        receiver.send(connection, b"HTTP/1.1 100 Continue\r\n\r\n")


def says_nothing(receiver: Hostile, connection: socket.socket) -> None:
    receiver.over.wait()


def sends_without_end(receiver: Hostile, connection: socket.socket) -> None:
    receiver.send(connection, OK + b"Transfer-Encoding: chunked\r\n\r\n")
    while not receiver.over.is_set():
        receiver.send(connection, b"10000\r\n" + b"x" * 65536 + b"\r\n")


@cache
def _bomb() -> bytes:
    return gzip.compress(b"\0" * 32 * 1024 * 1024)  # 32 kB of it, so that it is taken


def sends_a_gzip_bomb(receiver: Hostile, connection: socket.socket) -> None:
    bomb = _bomb()
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    receiver.send(connection, head + bomb)


def sends_a_head_without_end(receiver: Hostile, connection: socket.socket) -> None:
    receiver.send(connection, OK)
    while not receiver.over.is_set():
        receiver.send(connection, b"X-More: " + b"x" * 8192 + b"\r\n")


def resets(receiver: Hostile, connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def speaks_no_http(receiver: Hostile, connection: socket.socket) -> None:
    receiver.send(connection, b"\x00\xff\x1b[2J no HTTP \xf0\x9f\r\n\r\n")
    connection.close()


def switches_protocols(receiver: Hostile, connection: socket.socket) -> None:
    receiver.send(connection, b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
    receiver.over.wait()


def redirects_to(url: str) -> Answer:
    def answer(receiver: Hostile, connection: socket.socket) -> None:
        receiver.send(connection, b"HTTP/1.1 307 See\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % url.encode())

    return answer
