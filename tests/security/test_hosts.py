"""A stranger's page that has its own name lead to this machine gets no answer: not from pages, not from the API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect as web_socket

from support.raw_http import Answer, ask, head
from support.running import KEY, Server, running

NOWHERE = "http://127.0.0.1:9"
PATHS = ["/ping", "/", "/dashboard/sign-in", "/docs", "/openapi.json", "/api/sessions", "/metrics", "/nothing"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    child = Server(tmp_path_factory.mktemp("hosts") / "data", NOWHERE, TUNTAS_ALLOWED_HOSTS="wa.example.com, [fd00::1]")
    with running(child):
        yield child


def asked(server: Server, path: str, host: str) -> Answer:
    return ask(server.url, head("GET", path, f"X-Api-Key: {KEY}", host=host))


@pytest.mark.parametrize("path", PATHS)
def test_a_foreign_name_is_told_of_the_setting_and_nothing_else(server: Server, path: str) -> None:
    answer = asked(server, path, "evil.example:3000")
    assert answer.status == 421
    assert "host_not_allowed" in answer.body
    assert "TUNTAS_ALLOWED_HOSTS" in answer.body


@pytest.mark.parametrize("host", ["127.0.0.1:3000", "localhost:3000", "[::1]:3000", "wa.example.com", "[fd00::1]:80"])
def test_its_own_names_and_those_that_are_set_are_answered(server: Server, host: str) -> None:
    assert asked(server, "/ping", host).status == 200
    assert asked(server, "/api/sessions", host).status == 200


def test_a_web_socket_asks_for_the_name_too(server: Server) -> None:
    url = f"{server.url.replace('http', 'ws', 1)}/ws?x-api-key={KEY}"
    with web_socket(url, proxy=None) as socket:
        assert socket.protocol.state.name == "OPEN"
    with pytest.raises(InvalidStatus), web_socket(url, proxy=None, additional_headers={"Host": "evil.example"}):
        pass
