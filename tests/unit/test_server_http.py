"""The listening socket."""

from __future__ import annotations

import asyncio
import socket

from tuntas.server.http import bind


def test_answers_are_sent_at_once_and_do_not_wait_for_an_acknowledgement() -> None:
    async def story() -> None:
        accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            taken = writer.get_extra_info("socket")
            accepted.set_result(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = bind("127.0.0.1", 0)
        async with await asyncio.start_server(connected, sock=listening) as server:
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            assert await accepted != 0
            assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()
            server.close()

    asyncio.run(story())
