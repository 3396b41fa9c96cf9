"""A ticket opens one stream in place of its key, is worth what that is worth, and is good for nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from support.operations import STREAMS
from support.running import KEY, Server, running

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    child = Server(tmp_path_factory.mktemp("tickets") / "data", NOWHERE, TUNTAS_LOG_LEVEL="debug")
    with running(child):
        for name in ("mine", "theirs"):
            child.create(name, start=False)
        yield child


def new_key(server: Server, *scopes: str, sessions: list[str] | None = None) -> tuple[str, str]:
    document = {"name": "page", "scopes": list(scopes), "sessions": sessions}
    made = server.http.post("/api/keys", json=document).json()
    return made["id"], made["key"]


def ticket_of(server: Server, key: str) -> str:
    answer = ask(server, "POST", "/api/events/ticket", headers={"X-Api-Key": key})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return str(answer.json()["ticket"])


def ask(server: Server, method: str, path: str, **options: Any) -> httpx.Response:
    return httpx.request(method, f"{server.url}{path}", timeout=60, trust_env=False, **options)


def opened(server: Server, path: str, **query: str) -> int:
    """Open a stream, as a page does: with an address and nothing else."""
    url = f"{server.url}{path.replace('{session}', 'mine')}"
    with httpx.stream("GET", url, params=query, timeout=60, trust_env=False) as answer:
        if answer.status_code == 200:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert next(answer.iter_bytes())
        return answer.status_code


def heard_to_the_end(socket: ClientConnection) -> None:
    while True:
        socket.recv(timeout=30)


@pytest.mark.parametrize("path", STREAMS)
def test_a_ticket_opens_a_stream_once(server: Server, path: str) -> None:
    _, key = new_key(server, "read", "control")
    ticket = ticket_of(server, key)
    assert opened(server, path, ticket=ticket) == 200
    assert opened(server, path, ticket=ticket) == 401
    assert opened(server, path, ticket="made-up") == 401
    assert opened(server, path, ticket="") == 401
    assert opened(server, path, ticket=key) == 401, "a key is no ticket"


@pytest.mark.parametrize("path", STREAMS)
def test_a_stream_takes_its_key_from_the_query_too(server: Server, path: str) -> None:
    _, key = new_key(server, "read", "control")
    assert opened(server, path, **{"x-api-key": key}) == 200
    assert opened(server, path, **{"x-api-key": "wrong"}) == 401
    ticket = ticket_of(server, key)
    assert opened(server, path, ticket=ticket, **{"x-api-key": key}) == 200
    assert opened(server, path, ticket=ticket) == 200, "where there is a key the ticket is not used"


def test_a_ticket_and_a_key_in_the_query_are_for_streams_only(server: Server) -> None:
    ticket = ticket_of(server, KEY)
    for path in ("/api/sessions", "/api/nothing", "/api/keys", "/api/events/ticket"):
        for query in ({"ticket": ticket}, {"x-api-key": KEY}):
            assert ask(server, "GET", path, params=query).status_code == 401
            assert ask(server, "POST", path, params=query, json={}).status_code == 401
    assert ask(server, "GET", "/api/events", headers={"X-Api-Key": ticket}).status_code == 401
    assert opened(server, "/api/events", ticket=ticket) == 200, "none of this has used it"


def test_a_ticket_sees_the_sessions_of_its_key_only(server: Server) -> None:
    _, key = new_key(server, "read", sessions=["mine"])
    assert opened(server, "/api/events", session="mine", ticket=ticket_of(server, key)) == 200
    assert opened(server, "/api/events", session="theirs", ticket=ticket_of(server, key)) == 403
    assert opened(server, "/api/{session}/auth/qr/live", ticket=ticket_of(server, key)) == 403
    url = f"{server.url}/api/events"
    with httpx.stream("GET", url, params={"ticket": ticket_of(server, key)}, timeout=60, trust_env=False) as answer:
        lines = answer.iter_lines()
        next(lines)
        for name in ("theirs", "mine"):
            server.http.post(f"/api/sessions/{name}/start").raise_for_status()
            server.http.post(f"/api/sessions/{name}/stop").raise_for_status()
        heard = next(line for line in lines if line.startswith("data: "))
    assert '"session":"mine"' in heard.replace(": ", ":")


def test_a_ticket_ends_with_its_key_and_becomes_as_narrow(server: Server) -> None:
    key_id, key = new_key(server, "read", "control")
    late, narrow = ticket_of(server, key), ticket_of(server, key)
    server.http.put(f"/api/keys/{key_id}", json={"scopes": ["ask"]}).raise_for_status()
    assert opened(server, "/api/events", ticket=narrow) == 403
    server.http.delete(f"/api/keys/{key_id}").raise_for_status()
    assert opened(server, "/api/events", ticket=late) == 401


def test_a_stream_that_a_ticket_opened_ends_when_its_key_is_revoked(server: Server) -> None:
    key_id, key = new_key(server, "read")
    query = {"ticket": ticket_of(server, key)}
    with httpx.stream("GET", f"{server.url}/api/events", params=query, timeout=60, trust_env=False) as answer:
        chunks = answer.iter_bytes()
        assert next(chunks)
        server.http.delete(f"/api/keys/{key_id}").raise_for_status()
        assert list(chunks) == []


def test_a_web_socket_opens_with_a_ticket_once_and_ends_with_the_key(server: Server) -> None:
    key_id, key = new_key(server, "read")
    url = f"{server.url.replace('http', 'ws', 1)}/ws?ticket={ticket_of(server, key)}"
    with connect(url, proxy=None) as socket:
        with pytest.raises(InvalidStatus), connect(url, proxy=None):
            pass
        server.http.delete(f"/api/keys/{key_id}").raise_for_status()
        with pytest.raises(ConnectionClosed) as closed:
            heard_to_the_end(socket)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "The key was revoked or changed.")


def test_what_was_missed_comes_first_where_no_header_can_be_sent(server: Server) -> None:
    # It has a place of its own; whatever happened in this module came before or after it.
    with httpx.stream(
        "GET", f"{server.url}/api/events", params={"x-api-key": KEY}, timeout=60, trust_env=False
    ) as answer:
        place = answer.headers["last-event-id"]
    server.create("missed", start=False)
    server.http.post("/api/sessions/missed/start").raise_for_status()
    server.http.post("/api/sessions/missed/stop").raise_for_status()
    query = {"ticket": ticket_of(server, KEY), "lastEventId": place, "session": "missed"}
    with httpx.stream("GET", f"{server.url}/api/events", params=query, timeout=60, trust_env=False) as answer:
        assert next(line for line in answer.iter_lines() if line.startswith("id: "))
    query = {"ticket": ticket_of(server, KEY), "lastEventId": "evt_none"}
    assert opened(server, "/api/events", **query) == 422


def test_a_ticket_is_good_for_the_time_that_is_set_and_neither_it_nor_a_key_is_logged(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("short") / "data"
    short = Server(folder, NOWHERE, TUNTAS_TICKET_SECONDS="0.001")
    with running(short):
        assert opened(short, "/api/events", ticket=ticket_of(short, KEY)) == 401
    _, key = new_key(server, "read")
    secrets = [key, *(ticket_of(server, key) for _ in range(4))]
    assert opened(server, "/api/events", ticket=secrets[1]) == 200
    assert opened(server, "/api/events", ticket=secrets[1]) == 401
    assert opened(server, "/api/events", ticket=secrets[2], events="fly") == 422
    assert opened(server, "/api/events", **{"x-api-key": key}) == 200
    for query in (f"ticket={secrets[3]}", f"ticket={secrets[4]}&events=fly", f"x-api-key={key}", f"x-api-key={key}x"):
        try:
            with connect(f"{server.url.replace('http', 'ws', 1)}/ws?{query}", proxy=None):
                pass
        except InvalidStatus:
            pass
    log = server.log.read_text()
    assert log
    assert not [secret for secret in secrets if secret in log]
