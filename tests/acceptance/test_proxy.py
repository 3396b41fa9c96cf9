"""A session behind a proxy: all of it goes there, nothing past it, and what is wrong with the proxy is told by name."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import psutil
import pytest

from conftest import StartServer
from support.file_server import FileServer
from support.proxies import Decoy, PlayedProxy, played_proxy
from support.running import Sandbox, Server, browsers_of, wait_for

QUICK = {
    "TUNTAS_NETWORK_INTERVAL_SECONDS": "0.2",
    "TUNTAS_RESTART_FIRST_SECONDS": "0.2",
    "TUNTAS_PROXY_RETRY_SECONDS": "0.5",
    "TUNTAS_CLOSE_TIMEOUT_SECONDS": "2",
}


@pytest.fixture
def decoy() -> Iterator[Decoy]:
    with Decoy() as here:
        yield here


def port_of(sandbox: Sandbox) -> int:
    port = urlsplit(sandbox.url).port
    assert port is not None
    return port


def behind(start_server: StartServer, decoy: Decoy, **more: str) -> Server:
    """Start a server whose WhatsApp is the decoy, unless a proxy leads elsewhere."""
    return start_server(TUNTAS_WHATSAPP_URL=f"http://wa.localhost:{decoy.port}/", **QUICK | more)


def scanned(server: Server, sandbox: Sandbox, name: str, number: str) -> None:
    sandbox.phone(number)
    server.wait_status(name, "SCAN_QR_CODE")
    qr = server.http.get(f"/api/{name}/auth/qr", params={"format": "raw"}).json()["value"]
    sandbox.scan(number, qr)
    server.wait_status(name, "WORKING")


def assert_told_nowhere(server: Server, proxy: PlayedProxy, name: str) -> None:
    word = proxy.password
    said = [
        server.http.get(f"/api/sessions/{name}").text,
        server.http.get("/api/sessions", params={"all": "true"}).text,
        server.http.get(f"/api/sessions/{name}/history").text,
        server.log.read_text(),
        *(" ".join(one.cmdline()) for one in psutil.Process(server.process.pid).children(recursive=True)),
    ]
    assert not [one for one in said if word in one]


@pytest.mark.parametrize("kind", ["http", "socks5"])
def test_a_whole_life_goes_through_the_proxy_and_nothing_past_it(
    start_server: StartServer, sandbox: Sandbox, decoy: Decoy, kind: str
) -> None:
    server = behind(start_server, decoy, TUNTAS_MEDIA_THROUGH_PROXY="true")
    number, other = ("628150000001", "628150000002") if kind == "http" else ("628150000003", "628150000004")
    sandbox.phone(other)
    receipt = {"/receipt.txt": b"receipt number 4711"}
    with FileServer(receipt) as files, played_proxy(kind, port_of(sandbox)) as proxy:
        proxy.ways = {"files.example": files.port}
        server.create("behind", config={"proxy": proxy.config()})
        scanned(server, sandbox, "behind", number)
        sent = server.http.post(
            "/api/sendText", json={"session": "behind", "chatId": f"{other}@c.us", "text": "through"}
        )
        assert sent.is_success, sent.text
        assert "through" in sandbox.texts(other)
        # The server's own fetches for the session, too.
        file = {"url": "http://files.example/receipt.txt"}
        fetched = server.http.post("/api/sendFile", json={"session": "behind", "chatId": f"{other}@c.us", "file": file})
        assert fetched.is_success, fetched.text
        missing = server.http.post("/api/behind/media/convert/voice", json={"url": "http://files.example/none.mp3"})
        assert missing.status_code == 502, missing.text
        assert files.asked == ["files.example/receipt.txt", "files.example/none.mp3"]
        assert server.session("behind")["config"]["proxy"]["password"] == "***"
        assert_told_nowhere(server, proxy, "behind")

        # Changed without a scan, and the password kept by its mask: only a restart.
        kept = server.http.put("/api/sessions/behind", json={"config": {"proxy": proxy.config(password="***")}})
        assert kept.is_success, kept.text
        server.wait_status("behind", "WORKING")
        assert server.http.delete("/api/sessions/behind").status_code == 200
        # The name is resolved behind the proxy, and nobody else's address was ever asked for.
        assert set(proxy.destinations) == {f"wa.localhost:{decoy.port}", "files.example:80"}
        assert proxy.refused == 0
    assert decoy.count == 0


@pytest.mark.parametrize("kind", ["http", "socks5"])
def test_a_wrong_password_is_told_by_name_and_heals_when_it_is_mended(
    start_server: StartServer, sandbox: Sandbox, decoy: Decoy, kind: str
) -> None:
    server = behind(start_server, decoy)
    with played_proxy(kind, port_of(sandbox)) as proxy:
        server.create("wrong", config={"proxy": proxy.config(password="not-it")})
        wait_for(lambda: "proxy_refused" in server.story("wrong"), what="the reason", limit_seconds=15)
        server.wait_status("wrong", "FAILED")
        assert browsers_of(server.data_dir) == []
        proxy.password = "not-it"  # mended at the proxy: nobody asks the session for anything
        server.wait_status("wrong", "SCAN_QR_CODE")
    assert decoy.count == 0
    assert server.http.delete("/api/sessions/wrong").status_code == 200


def test_a_proxy_that_dies_is_told_by_name_and_its_session_is_back_when_it_is(
    start_server: StartServer, sandbox: Sandbox, decoy: Decoy
) -> None:
    number = "628150000005"
    with played_proxy("socks5", port_of(sandbox)) as proxy:
        server = behind(
            start_server,
            decoy,
            TUNTAS_PROXY_SERVER=proxy.address,
            TUNTAS_PROXY_USERNAME=proxy.user,
            TUNTAS_PROXY_PASSWORD=proxy.password,
        )
        server.create("dies")
        scanned(server, sandbox, "dies", number)
        proxy.cut()
        wait_for(lambda: "proxy_unreachable" in server.story("dies"), what="the reason", limit_seconds=20)
        proxy.begin()
        server.wait_status("dies", "WORKING")
        assert decoy.count == 0
        assert_told_nowhere(server, proxy, "dies")
        assert server.http.delete("/api/sessions/dies").status_code == 200
    assert decoy.count == 0


@pytest.mark.parametrize(
    "proxy",
    [
        {"server": "proxy.example:3128"},
        {"server": "ftp://proxy.example:21"},
        {"server": "http://:3128"},
        {"server": "http://proxy.example:99999"},
        {"server": "http://proxy.example:3128/path"},
        {"server": "http://proxy.example:3128", "password": "alone"},
        {"server": "socks5://proxy.example", "username": "ü", "password": "x"},
    ],
)
def test_an_address_that_is_no_proxy_is_refused_in_words(server: Server, proxy: dict[str, str]) -> None:
    answer = server.http.post("/api/sessions", json={"name": "refused", "config": {"proxy": proxy}})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == "body.config.proxy"
    assert server.http.get("/api/sessions/refused").status_code == 404
