"""Requests as no honest client makes them, over a raw socket: bodies that never end, heads that never come."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import psutil

PART = 1024 * 1024
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back. ``body`` is as far as it came."""

    status: int
    head: str
    body: str


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = socket.create_connection((parts.hostname, parts.port or 80), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def head(method: str, path: str, *lines: str, host: str = "127.0.0.1") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *lines, "", ""]).encode()


def chunked(parts: Iterable[bytes]) -> Iterator[bytes]:
    for part in parts:
        yield b"%x\r\n%s\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


def repeated(text: bytes, total_bytes: int) -> Iterator[bytes]:
    part = text * (PART // len(text))
    for _ in range(total_bytes // len(part)):
        yield part


def ask(url: str, start: bytes, parts: Iterable[bytes] = (), *, stubborn: bool = False) -> Answer:
    """Send a request, part by part until the server answers or ends the connection, and return the answer.

    ``stubborn``: go on sending behind the answer, as long as the server takes it.
    """
    with connect(url) as connection:
        answered = threading.Event()
        sender = threading.Thread(target=_send, args=(connection, start, parts, answered))
        sender.start()
        try:
            answer = read_answer(connection)
            if stubborn:
                sender.join(60)
            return answer
        finally:
            answered.set()
            connection.close()
            sender.join(30)


def _send(connection: socket.socket, start: bytes, parts: Iterable[bytes], answered: threading.Event) -> None:
    try:
        connection.sendall(start)
        for part in parts:
            if answered.is_set():
                return
            connection.sendall(part)
    except OSError:
        return  # the server has had enough


def read_answer(connection: socket.socket) -> Answer:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        assert part, f"the connection ended after {data!r}"
        data += part
    start, _, body = data.partition(b"\r\n\r\n")
    text = start.decode("latin-1")
    (length,) = [int(line[15:]) for line in text.lower().splitlines() if line.startswith("content-length:")] or [0]
    while len(body) < length:
        part = connection.recv(65536)
        if not part:
            break
        body += part
    return Answer(int(text.split(" ")[1]), text, body.decode())


@dataclass
class Watched:
    """What was seen of a server meanwhile."""

    most_bytes: int = 0
    pings: list[float] = field(default_factory=list)


@contextmanager
def watching(url: str, pid: int) -> Iterator[Watched]:
    """Look at a server from outside: how much memory it takes above its start, and how long ``/ping`` takes."""
    process = psutil.Process(pid)
    start_bytes, seen, over = process.memory_info().rss, Watched(), threading.Event()

    def look() -> None:
        with httpx.Client(base_url=url, timeout=30, trust_env=False) as http:
            while True:
                is_last = over.is_set()
                begun = time.monotonic()
                assert http.get("/ping").status_code == 200
                seen.pings.append(time.monotonic() - begun)
                seen.most_bytes = max(seen.most_bytes, process.memory_info().rss - start_bytes)
                if is_last:
                    return
                over.wait(0.02)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join(60)
        seen.most_bytes = max(seen.most_bytes, process.memory_info().rss - start_bytes)
