"""Receivers that mean harm, in a process of their own: the first part of the path says how.

``python bench/outbox_hostile.py`` prints its port and ends with its input.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import sys

DRIP_SECONDS = 2.0
OK = b"HTTP/1.1 200 OK\r\n"
BOMB = gzip.compress(b"\0" * 32 * 1024 * 1024)


async def answer(kind: bytes, writer: asyncio.StreamWriter) -> None:
    match kind:
        case b"silent":
            await asyncio.sleep(3600)
        case b"drip":
            writer.write(OK + b"X-Long: ")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(DRIP_SECONDS)
        case b"endless":
            writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
                await writer.drain()
        case b"bomb":
            writer.write(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB)
        case b"error":
            writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
        case b"redirect":
            writer.write(b"HTTP/1.1 302 There\r\nLocation: /redirect/again\r\nContent-Length: 0\r\n\r\n")
        case _:
            writer.transport.abort()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.lower().splitlines()
            (length,) = (int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
            await reader.readexactly(length)
            await answer(head.split(b"/")[1], writer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started us closes our input when it is done, or dies; what hangs then is not waited for.
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)


asyncio.run(main())
