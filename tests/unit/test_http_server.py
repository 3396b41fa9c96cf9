"""The server piece that product and sandbox share: its socket, its Date header, its end."""

from __future__ import annotations

import asyncio
import signal
import socket

import httpx
import pytest
from starlette.responses import PlainTextResponse

from tuntas.foundation.http_server import HttpServer, PortTaken, ServerOptions, bind

HELLO = PlainTextResponse("hello")


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


def test_a_taken_port_is_told_in_one_line_that_names_the_option_for_another() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken) as told:
            bind("127.0.0.1", port, option="--https-port")
    assert str(told.value) == (
        f"127.0.0.1:{port} is taken by another program: stop it, or choose another --https-port."
    )


def test_an_address_of_another_machine_is_told_in_one_line() -> None:
    with pytest.raises(PortTaken, match=r"^Cannot listen on 192\.0\.2\.1:0 \(.+\): choose another --port or --host\.$"):
        bind("192.0.2.1", 0)


def test_the_date_header_goes_with_the_time_and_signals_are_left_alone() -> None:
    async def story() -> None:
        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        server = HttpServer(HELLO, bind("127.0.0.1", 0), ServerOptions(goodbye_seconds=1))
        await server.open()
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
        async with httpx.AsyncClient() as client:
            first = (await client.get(server.url)).headers["date"]
            async with asyncio.timeout(30):
                while (await client.get(server.url)).headers["date"] == first:  # noqa: ASYNC110 - an answer has no event
                    await asyncio.sleep(0.05)
        await server.close()
        await server.finished()

    asyncio.run(story())


def test_without_a_date_header_there_is_none() -> None:
    async def story() -> None:
        server = HttpServer(HELLO, bind("127.0.0.1", 0), ServerOptions(goodbye_seconds=1, date_header=False))
        await server.open()
        async with httpx.AsyncClient() as client:
            assert "date" not in (await client.get(server.url)).headers
        await server.close()

    asyncio.run(story())


def test_a_closed_server_s_port_is_free_again() -> None:
    async def story() -> None:
        server = HttpServer(HELLO, bind("127.0.0.1", 0), ServerOptions(goodbye_seconds=1))
        port = server.port
        await server.open()
        await server.close()
        bind("127.0.0.1", port).close()

    asyncio.run(story())


def test_a_connection_that_is_used_again_late_is_not_ended_under_the_request() -> None:
    # httpx, and others, use one again for five seconds: longer than that it has to be there.
    options = ServerOptions(goodbye_seconds=1)
    with bind("127.0.0.1", 0) as listening:
        config = HttpServer(HELLO, listening, options)._server.config
    assert config.timeout_keep_alive > options.head_seconds > 2 * 5.0
