"""A proxy for tests, HTTP or SOCKS5, that asks for a password and leads wherever the test says; and a decoy."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self


class Decoy:
    """Listens where a browser would go if it went by itself, and counts who comes."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listening.getsockname()[1]
        self.count = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                came, _ = self._listening.accept()
            except OSError:
                return
            self.count += 1
            came.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


class PlayedProxy:
    """Takes any destination and leads to ``target``, or to the port that ``ways`` has for the name.

    ``destinations`` are those that were asked for.
    """

    def __init__(self, kind: str, target: int, *, host: str = "127.0.0.1") -> None:
        self.kind, self.target, self._host = kind, target, host
        self.user, self.password = "somebody", "pr0xy-w0rd"
        self.destinations: list[str] = []
        self.ways: dict[str, int] = {}
        self.refused = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"{self.kind}://{self._host}:{self.port}"

    def config(self, **more: str) -> dict[str, str]:
        return {"server": self.address, "username": self.user, "password": self.password} | more

    def begin(self) -> None:
        asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result(10)

    def cut(self) -> None:
        """Listen no more, and end what is led."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    def close(self) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _begin(self) -> None:
        self._server = await asyncio.start_server(self._came, self._host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        self._writers.clear()

    def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
            greet = self._greet_http if self.kind == "http" else self._greet_socks
            if await greet(reader, writer):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._led_to())
                self._writers.add(far_writer)
                ways = [
                    self._loop.create_task(_copy(reader, far_writer)),
                    self._loop.create_task(_copy(far_reader, writer)),
                ]
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for way in ways:
                        way.cancel()
                    far_writer.close()
        writer.close()

    def _led_to(self) -> int:
        return self.ways.get(self.destinations[-1].rpartition(":")[0], self.target)

    async def _greet_http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        word = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if f"Basic {word}" not in head:
            self.refused += 1
            writer.write(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
            return False
        self.destinations.append(head.split()[1])
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        return True

    async def _greet_socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        _, count = await reader.readexactly(2)
        await reader.readexactly(count)
        writer.write(b"\x05\x02")
        _, length = await reader.readexactly(2)
        user = await reader.readexactly(length)
        word = await reader.readexactly((await reader.readexactly(1))[0])
        if (user.decode(), word.decode()) != (self.user, self.password):
            self.refused += 1
            writer.write(b"\x01\x01")
            return False
        writer.write(b"\x01\x00")
        kind = (await reader.readexactly(4))[3]
        length = (await reader.readexactly(1))[0] if kind == 3 else {1: 4, 4: 16}[kind]
        host = await reader.readexactly(length)
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.destinations.append(f"{host.decode() if kind == 3 else socket.inet_ntoa(host)}:{port}")
        writer.write(b"\x05\x00\x00\x01" + bytes(6))
        return True


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()


@contextmanager
def played_proxy(kind: str, target: int) -> Iterator[PlayedProxy]:
    """Serve a proxy that leads everything to ``target``."""
    proxy = PlayedProxy(kind, target)
    proxy.begin()
    try:
        yield proxy
    finally:
        proxy.close()
