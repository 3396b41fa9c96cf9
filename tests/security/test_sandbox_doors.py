"""The sandbox answers to its own pages and this machine's programs, not to another site's page in a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from support.raw_http import ask, head
from support.raw_http import connect as raw_connect
from support.running import Sandbox, running

OWN, EVIL = "127.0.0.1", "evil.example"
DOORS = [
    ("GET", "/"),
    ("GET", "/_sandbox/settings.js"),
    ("GET", "/_sandbox/state"),
    ("POST", "/_sandbox/qr"),
    ("POST", "/_sandbox/media"),
    ("GET", "/_sandbox/media/x"),
    ("POST", "/_sandbox/phones"),
    ("GET", "/x"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    child = Sandbox(tmp_path_factory.mktemp("doors"))
    with running(child):
        yield child


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_a_foreign_name_or_page_is_refused_at_every_door(site: Sandbox, method: str, path: str) -> None:
    own = urlsplit(site.url).netloc
    refused = [(EVIL, []), ("", []), (f"{OWN}.{EVIL}", []), (own, [f"Origin: http://{EVIL}"]), (own, ["Origin: null"]),
               (own, ["Origin: http://["]), (f"{EVIL}:1", [f"Origin: http://{EVIL}:1"]), ("[", [])]  # fmt: skip
    for host, more in refused:
        answer = ask(site.url, head(method, path, "Content-Length: 0", *more, host=host))
        assert answer.status in (400, 403), (host, more, answer)
    for host, more in ((own, []), (own, [f"Origin: http://{own}"]), ("localhost", [])):
        answer = ask(site.url, head(method, path, "Content-Length: 0", *more, host=host))
        assert "the Host header names" not in answer.body
        assert "the web page" not in answer.body


def test_a_web_socket_is_for_the_sandbox_s_own_page(site: Sandbox) -> None:
    own = urlsplit(site.url).netloc
    upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    upgrade.append("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    whatsapp = "web.whatsapp.com"
    for host, origin, status in (
        (own, f"http://{EVIL}", 403),
        (own, "null", 403),
        (own, f"http://{OWN}:1", 403),
        (EVIL, f"http://{EVIL}", 403),
        (own, f"http://{own}", 101),
        (own, None, 101),
        (whatsapp, f"https://{whatsapp}", 101),
    ):
        more = [] if origin is None else [f"Origin: {origin}"]
        with raw_connect(site.url) as connection:
            connection.sendall(head("GET", "/_sandbox/socket", *upgrade, *more, host=host))
            assert int(connection.recv(4096).split(b" ")[1]) == status, (host, origin)


def test_a_body_without_end_or_sense_is_refused(site: Sandbox) -> None:
    for path, body, statuses in (
        ("/_sandbox/qr", b"x" * 5000, {413}),
        ("/_sandbox/qr", b"", {422}),
        ("/_sandbox/phones", b"[" * 100_000, {400, 422}),
        ("/_sandbox/phones", json.dumps({"number": "\ud800", "name": 1e300}).encode(), {400, 422}),
        ("/_sandbox/phones", b'{"number": NaN}', {400, 422}),
    ):
        assert site.http.post(path, content=body).status_code in statuses, (path, body[:20])
    assert site.http.get("/_sandbox/state").status_code == 200
