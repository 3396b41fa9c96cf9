"""Files of a session behind a proxy: fetched through it, names and redirects included, or not at all."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.file_server import FileServer
from support.proxies import Decoy, PlayedProxy, played_proxy
from tuntas.foundation import checked_network
from tuntas.foundation.proxy import read_proxy
from tuntas.sessions.errors import FileRefused, FileUnreachable
from tuntas.whatsapp.fetching import FileLimits, fetch

BODY = b"a receipt " * 5000


@pytest.fixture
def decoy() -> Iterator[Decoy]:
    with Decoy() as here:
        yield here


@pytest.fixture(params=["http", "socks5"])
def proxy(request: pytest.FixtureRequest, decoy: Decoy) -> Iterator[PlayedProxy]:
    with played_proxy(request.param, decoy.port) as played:
        yield played


def behind(proxy: PlayedProxy, *, private_addresses: bool = False, password: str | None = None) -> FileLimits:
    way = read_proxy(proxy.address, proxy.user, password or proxy.password)
    limits = FileLimits(timeout_seconds=5.0, private_addresses=private_addresses, through_proxy=True)
    return limits.behind(way)


def test_a_file_its_redirects_and_their_names_go_through_the_proxy(proxy: PlayedProxy) -> None:
    moved = {"/old": "http://elsewhere.example:8080/receipt.txt"}
    with FileServer({"/receipt.txt": BODY}, moved) as files:
        proxy.ways = {"files.example": files.port, "elsewhere.example": files.port}
        fetched = asyncio.run(fetch("http://files.example/old", behind(proxy)))
    assert (fetched.data, fetched.mimetype, fetched.filename) == (BODY, "text/plain", "receipt.txt")
    assert files.asked == ["files.example/old", "elsewhere.example:8080/receipt.txt"]
    assert proxy.destinations == ["files.example:80", "elsewhere.example:8080"]


def test_an_encrypted_file_is_judged_by_its_own_name(
    proxy: PlayedProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FileServer({"/receipt.txt": BODY}, tls=tmp_path) as files:
        proxy.ways = {"files.example": files.port, "127.0.0.1": files.port}
        with pytest.raises(FileUnreachable):
            asyncio.run(fetch("https://files.example/receipt.txt", behind(proxy)))
        trusting = ssl.create_default_context(cafile=str(next(tmp_path.glob("*.pem"))))
        monkeypatch.setattr(checked_network, "certificates", lambda: trusting)
        with pytest.raises(FileUnreachable):  # the certificate is another name's
            asyncio.run(fetch("https://files.example/receipt.txt", behind(proxy)))
        limits = behind(proxy, private_addresses=True)
        assert asyncio.run(fetch("https://127.0.0.1/receipt.txt", limits)).data == BODY
    assert proxy.destinations[-1] == "127.0.0.1:443"


def test_a_proxy_that_refuses_or_is_dead_is_told_and_nothing_goes_past_it(proxy: PlayedProxy, decoy: Decoy) -> None:
    # This address could be reached without any proxy, and is not.
    address = f"http://127.0.0.1:{decoy.port}/receipt.txt"
    with pytest.raises(FileUnreachable, match="refuses the username or password"):
        asyncio.run(fetch(address, behind(proxy, private_addresses=True, password="not-it")))
    proxy.cut()
    with pytest.raises(FileUnreachable, match=r"proxy .* cannot be reached"):
        asyncio.run(fetch(address, behind(proxy, private_addresses=True)))
    assert (proxy.destinations, decoy.count) == ([], 0)


def test_a_proxy_that_dies_in_the_middle_ends_the_fetch(proxy: PlayedProxy) -> None:
    async def cut_in_the_middle() -> None:
        waits = asyncio.Event()

        async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
            await writer.drain()
            waits.set()
            await reader.read()
            writer.close()

        server = await asyncio.start_server(half, "127.0.0.1", 0)
        async with server:
            proxy.ways = {"files.example": server.sockets[0].getsockname()[1]}
            async with asyncio.TaskGroup() as group:
                fetching = group.create_task(_refusal("http://files.example/x", behind(proxy)))
                await waits.wait()
                await asyncio.to_thread(proxy.cut)
                assert isinstance(await fetching, FileUnreachable)

    asyncio.run(cut_in_the_middle())


async def _refusal(url: str, limits: FileLimits) -> BaseException | None:
    try:
        await fetch(url, limits)
    except FileUnreachable as error:
        return error
    return None


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "10.0.0.1", "[::1]", "169.254.169.254", "localhost", "printer", "nas.local", "db.internal.",
        "127.1", "0x7f.0x1", "metadata.google.internal", "router.lan",
    ],
)  # fmt: skip
def test_what_only_an_own_network_knows_is_not_asked_of_the_proxy(proxy: PlayedProxy, host: str) -> None:
    with pytest.raises(FileRefused, match=r"TUNTAS_MEDIA_PRIVATE_ADDRESSES|gives out credentials"):
        asyncio.run(fetch(f"http://{host}/x", behind(proxy)))
    assert proxy.destinations == []


@pytest.mark.parametrize("host", ["169.254.169.254", "metadata.google.internal"])
def test_what_gives_out_credentials_is_never_asked_for(proxy: PlayedProxy, host: str) -> None:
    with pytest.raises(FileRefused, match="gives out credentials"):
        asyncio.run(fetch(f"http://{host}/x", behind(proxy, private_addresses=True)))
    assert proxy.destinations == []


def test_without_the_setting_files_are_fetched_as_the_server_goes_itself(proxy: PlayedProxy) -> None:
    limits = FileLimits(private_addresses=True).behind(read_proxy(proxy.address, proxy.user, proxy.password))
    with FileServer({"/receipt.txt": BODY}) as files:
        assert asyncio.run(fetch(f"http://127.0.0.1:{files.port}/receipt.txt", limits)).data == BODY
    assert proxy.destinations == []
