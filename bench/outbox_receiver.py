"""A webhook receiver in a process of its own: keeps connections, fails a share of its answers, remembers the rest.

``python bench/outbox_receiver.py SHARE SEED`` prints its port. ``GET /seen`` answers what it took, in the order of
arrival: event id, session, body of the message, and when (monotonic seconds, which all processes of a machine share).
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time

OK = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


class Receiver:
    def __init__(self, share: float, seed: int) -> None:
        self._share = share
        self._chance = random.Random(seed)
        self._seen: list[tuple[str, str, str, float]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (
                        int(line.split(b":")[1])
                        for line in head.splitlines()
                        if line.lower().startswith(b"content-length:")
                    ),
                    0,
                )
                body = await reader.readexactly(length)
                writer.write(self._answer(head, body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, head: bytes, body: bytes) -> bytes:
        if head.startswith(b"GET"):
            document = json.dumps(self._seen).encode()
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(document) + document
        if self._chance.random() < self._share:
            return FAILED
        event = json.loads(body)
        self._seen.append((event["id"], event["session"], event["payload"].get("body", ""), time.monotonic()))
        return OK


async def main() -> None:
    receiver = Receiver(float(sys.argv[1]), int(sys.argv[2]))
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started us closes our input when it is done, or dies.
    await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
