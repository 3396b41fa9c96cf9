"""The examples for nginx and Caddy, run as they are: TLS, the dashboard, socket, events, large files, a sub-path."""

from __future__ import annotations

import base64
import json
import shutil
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect
from websockets.sync.client import connect

from support.ports import free_port
from support.reverse_proxies import Example, examples, proxied
from support.running import KEY, Sandbox, Server, running
from support.visitor import Visitor

pytestmark = pytest.mark.usefixtures("nothing_left_at_the_end")

# That a sub-path may be left in is the server's doing: one proxy shows it.
CASES = [(one, True) for one in examples()]
CASES += [(one, False) for one in examples() if one.path and one.program == "nginx"]


@dataclass(frozen=True, slots=True)
class Site:
    """A server behind a proxy, as its clients see it."""

    url: str
    path: str
    server: Server
    http: httpx.Client


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{'stripped' if case[1] else 'left-in'}")
def site(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    example: Example
    example, strips = request.param
    if shutil.which(example.program) is None:
        pytest.skip(f"needs {example.program}")
    folder: Path = tmp_path_factory.mktemp("site")
    port = free_port()
    url = f"https://127.0.0.1:{port}"
    more = {"TUNTAS_PUBLIC_URL": f"{url}{example.path}/", "TUNTAS_TRUSTED_PROXIES": "127.0.0.1"}
    server = Server(folder / "data", sandbox.url, **more)
    with (
        running(server),
        proxied(example, port, httpx.URL(server.url).port or 0, folder, strips=strips),
        httpx.Client(
            base_url=f"{url}{example.path}/", headers={"X-Api-Key": KEY}, verify=False, timeout=90, trust_env=False
        ) as http,
    ):
        yield Site(url, example.path, server, http)


def test_a_person_links_and_deletes_a_session(site: Site, browser: Browser) -> None:
    visitor = Visitor(browser, site.url)
    try:
        page = visitor.sign_in(path=f"{site.path}/")
        (cookie,) = visitor.context.cookies()
        assert (cookie["secure"], cookie["path"]) == (True, site.path or "/")
        page.get_by_role("link", name="New session").last.click()
        page.get_by_label("Name").fill("seen")
        page.get_by_role("button", name="Create and show the code").click()
        # It comes by the stream of events: a proxy that gathers first would hold it back.
        expect(page.get_by_role("img", name="QR code to scan with the phone")).to_be_visible()
        page.get_by_role("link", name="Delete").click()
        page.get_by_role("button", name="Delete seen").click()
        expect(page.get_by_role("heading", name="seen is deleted")).to_be_visible()
        page.goto(f"{site.path}/docs")
        expect(page.locator(".swagger-ui .opblock").first).to_be_visible()
    finally:
        visitor.close()


def test_events_come_as_they_happen_by_stream_and_by_socket(site: Site) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    address = f"{site.url.replace('https', 'wss')}{site.path}/ws?session=*&events=*"
    headers = {"X-Api-Key": KEY}
    with (
        connect(address, ssl=context, additional_headers=headers, proxy=None) as socket,
        site.http.stream("GET", "api/events", params={"session": "*"}) as stream,
    ):
        lines = stream.iter_lines()
        site.server.create("told")
        assert json.loads(socket.recv(timeout=30))["session"] == "told"
        data = next(line for line in lines if line.startswith("data: "))
        assert json.loads(data.removeprefix("data: "))["session"] == "told"
    site.server.http.delete("/api/sessions/told").raise_for_status()


def test_a_file_as_large_as_may_be_sent_passes(site: Site) -> None:
    data = base64.b64encode(bytes(60_000_000)).decode()
    document = {"session": "none", "chatId": "628111000111@c.us", "file": {"mimetype": "image/png", "data": data}}
    answer = site.http.post("api/sendImage", json=document)
    assert (answer.status_code, answer.json()["code"]) == (404, "session_not_found"), answer.text[:300]


def test_a_redirect_stays_behind_the_proxy(site: Site) -> None:
    answer = site.http.get("api/sessions/")
    assert (answer.status_code, answer.headers["location"]) == (307, f"{site.path}/api/sessions")
    assert site.http.get("api/sessions", headers={"X-Api-Key": "wrong-key-of-enough-characters"}).status_code == 401
