"""What stands at ``TUNTAS_WHATSAPP_URL``: the sandbox, handed through byte by byte, and now and then a hostile page.

A server knows one address of WhatsApp for all its sessions. ``trap`` gives the next browser that opens it the hostile
page; every other one gets the sandbox, with its WebSockets.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from pathlib import Path
from urllib.parse import urlsplit

PAGE = (Path(__file__).parent / "hostile_page.html").read_text(encoding="utf-8")
_HEAD_SECONDS = 30.0


class Front:
    """Serves in a thread of its own, from ``open`` to ``close``."""

    def __init__(self, behind: str) -> None:
        """Stand before ``behind``, an address on loopback."""
        parts = urlsplit(behind)
        self._behind = (str(parts.hostname), int(parts.port or 80))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._seed: int | None = None
        self.url = ""
        self.trapped = threading.Event()
        """Set once the hostile page was served."""

    def open(self) -> None:
        """Listen."""
        self._thread.start()
        opening = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop)
        self._server = opening.result(10)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        """Drop everything."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def trap(self, seed: int) -> None:
        """Give the next browser that opens the address the hostile page, which does what ``seed`` says."""
        self.trapped.clear()
        self._seed = seed

    def spare(self) -> None:
        """Give nobody the hostile page any more."""
        self._seed = None

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.wait(others, timeout=5) if others else None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            if self._seed is not None and head.startswith((b"GET / ", b"GET /?")):
                seed, self._seed = self._seed, None
                body = PAGE.replace("SEED", str(seed)).encode()
                about = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n"
                writer.write(f"{about}Connection: close\r\n\r\n".encode() + body)
                await writer.drain()
                self.trapped.set()
                return
            await self._hand_through(head, reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            writer.transport.abort() if writer.is_closing() else writer.close()

    async def _hand_through(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(*self._behind)
        there_writer.write(head)
        try:
            with contextlib.suppress(ExceptionGroup):
                async with asyncio.TaskGroup() as group:
                    group.create_task(_pump(reader, there_writer))
                    group.create_task(_pump(there_reader, writer))
        finally:
            there_writer.close()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        target.write(data)
        await target.drain()
    if target.can_write_eof():
        target.write_eof()
