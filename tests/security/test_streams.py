"""Every stream ends within a second of its key's end and of its session's: none listens on."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from starlette.datastructures import State
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from support.operations import STREAMS
from support.running import Server, running, wait_for
from tuntas.api.context import ApiContext
from tuntas.api.live import Watch
from tuntas.foundation.clock import SystemClock
from tuntas.foundation.identifiers import fingerprint
from tuntas.sessions.access import Caller, Scope
from tuntas.storage import Database, KeyStore

NOWHERE = "http://127.0.0.1:9"
# What must hold, and as much again for a machine that builds beside these tests.
SECONDS = 2.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    child = Server(tmp_path_factory.mktemp("streams") / "data", NOWHERE)
    with running(child):
        yield child


@pytest.fixture
def session(server: Server, request: pytest.FixtureRequest) -> str:
    name = re.sub(r"\W+", "-", request.node.name)[:60].strip("-")
    server.create(name, start=False)
    return name


def new_key(server: Server, *scopes: str) -> tuple[str, str]:
    made = server.http.post("/api/keys", json={"name": "listener", "scopes": list(scopes)}).json()
    return made["id"], made["key"]


@contextmanager
def listening(url: str, headers: dict[str, str], **parameters: str) -> Iterator[threading.Event]:
    """Follow a stream; what it gives back is set once the server has ended it."""
    began, ended = threading.Event(), threading.Event()

    def follow() -> None:
        with (
            httpx.Client(timeout=60, trust_env=False) as http,
            http.stream("GET", url, headers=headers, params=parameters) as answer,
        ):
            assert answer.status_code == 200, answer.read()
            for _ in answer.iter_bytes():
                began.set()
        ended.set()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    assert began.wait(30)
    yield ended
    thread.join(30)


def ends_by(ended: threading.Event, act: Callable[[], Any]) -> None:
    assert not ended.is_set()
    act()
    begun = time.monotonic()
    assert ended.wait(30)
    assert time.monotonic() - begun < SECONDS


def test_there_are_streams_to_be_tested() -> None:
    assert len(STREAMS) >= 2


@pytest.mark.parametrize("path", STREAMS)
def test_a_stream_ends_with_its_key(server: Server, session: str, path: str) -> None:
    key_id, key = new_key(server, "read", "control")
    url = server.url + path.replace("{session}", session)
    with listening(url, {"X-Api-Key": key}) as ended:
        ends_by(ended, lambda: server.http.delete(f"/api/keys/{key_id}"))
    assert server.http.get(url, headers={"X-Api-Key": key}).status_code == 401


@pytest.mark.parametrize("path", STREAMS)
def test_a_stream_ends_when_its_key_is_good_for_less(server: Server, session: str, path: str) -> None:
    key_id, key = new_key(server, "read", "control")
    url = server.url + path.replace("{session}", session)
    with listening(url, {"X-Api-Key": key}) as ended:
        ends_by(ended, lambda: server.http.put(f"/api/keys/{key_id}", json={"scopes": ["ask"]}).raise_for_status())
    assert server.http.get(url, headers={"X-Api-Key": key}).status_code == 403


@pytest.mark.parametrize("path", STREAMS)
def test_a_stream_ends_with_its_session_and_no_other(server: Server, session: str, path: str) -> None:
    _, key = new_key(server, "read", "control")
    url = server.url + path.replace("{session}", session)
    server.create(f"{session}-2", start=False)
    with listening(url, {"X-Api-Key": key}, session=session) as ended:
        server.http.delete(f"/api/sessions/{session}-2")
        ends_by(ended, lambda: server.http.delete(f"/api/sessions/{session}"))


def test_a_stream_of_a_session_that_is_yet_to_come_waits_for_it(server: Server) -> None:
    _, key = new_key(server, "read")
    query = {"session": "never,later,shown"}
    server.create("shown", start=False)
    with httpx.stream(
        "GET", f"{server.url}/api/events", headers={"X-Api-Key": key}, params=query, timeout=60
    ) as answer:
        assert answer.headers["X-Tuntas-Sessions-Not-There"] == "later, never"
    with connect(f"{server.url.replace('http', 'ws', 1)}/ws?x-api-key={key}&session=never,shown", proxy=None) as socket:
        assert socket.response is not None
        assert socket.response.headers["X-Tuntas-Sessions-Not-There"] == "never"
    for impossible in ("no name", "a\r\nb", "x" * 65, "é"):
        refused = server.http.get("/api/events", params={"session": f"shown,{impossible}"})
        assert (refused.status_code, "No session can be called" in refused.json()["detail"]) == (422, True)
    with listening(f"{server.url}/api/events", {"X-Api-Key": key}, session="later,never") as ended:
        server.create("later", start=False)
        ends_by(ended, lambda: server.http.delete("/api/sessions/later"))


def heard_to_the_end(socket: ClientConnection) -> None:
    while True:
        socket.recv(timeout=30)


def closing(server: Server, key: str, session: str, act: Callable[[], Any]) -> tuple[int, str, float]:
    url = f"{server.url.replace('http', 'ws', 1)}/ws?session={session}&x-api-key={key}"
    with connect(url, proxy=None) as socket:
        act()
        begun = time.monotonic()
        with pytest.raises(ConnectionClosed) as closed:
            heard_to_the_end(socket)
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code, closed.value.rcvd.reason, time.monotonic() - begun


def test_a_web_socket_is_closed_with_its_reason(server: Server, session: str) -> None:
    key_id, key = new_key(server, "read")
    code, reason, seconds = closing(server, key, session, lambda: server.http.delete(f"/api/sessions/{session}"))
    assert (code, reason) == (1000, "The session was deleted.")
    assert seconds < SECONDS
    code, reason, seconds = closing(server, key, "*", lambda: server.http.delete(f"/api/keys/{key_id}"))
    assert (code, reason) == (1008, "The key was revoked or changed.")
    assert seconds < SECONDS


@pytest.mark.parametrize("path", ["overview", "idle", "sessions/{session}"])
def test_a_page_s_stream_ends_with_its_key(server: Server, session: str, path: str) -> None:
    key_id, key = new_key(server, "read")
    with httpx.Client(base_url=server.url, trust_env=False) as http:
        http.post("/dashboard/sign-in", data={"key": key, "next": "/"})
        cookie = {"Cookie": "; ".join(f"{one.name}={one.value}" for one in http.cookies.jar)}
    url = f"{server.url}/dashboard/live/{path.replace('{session}', session)}"
    with listening(url, cookie) as ended:
        ends_by(ended, lambda: server.http.delete(f"/api/keys/{key_id}"))


def test_a_watch_ends_with_a_key_that_became_narrower(tmp_path: Path) -> None:
    async def story() -> None:
        database = Database(f"sqlite:///{tmp_path / 'keys.db'}")
        await database.migrate()
        store = KeyStore(database, SystemClock())
        key, secret = await store.create(Caller("bot", frozenset({Scope.READ, Scope.SEND})))
        mark = fingerprint(secret)
        context = cast(ApiContext, SimpleNamespace(keys=store))
        watch = Watch(context, State({"mark": mark, "caller": key.caller}), None)
        assert watch.reason_to_end() is None
        await store.identify(secret)  # its use is noted, which changes nothing
        assert watch.reason_to_end() is None
        store._keys[mark] = replace(key, caller=replace(key.caller, sessions=frozenset({"shop"})))
        assert watch.reason_to_end() is not None
        database.close()

    asyncio.run(story())


def test_nothing_is_left_of_the_streams_of_a_server_that_stops(server: Server) -> None:
    _, key = new_key(server, "read")
    with listening(f"{server.url}/api/events", {"X-Api-Key": key}) as ended:
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 20
        wait_for(ended.is_set, what="the stream ends")
    assert "Traceback" not in server.log.read_text()
