"""Whoever only connects takes nothing from anybody: not the server's sockets, not its time, not its log."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from websockets.sync.client import connect as web_socket

from support.raw_http import connect, head
from support.running import KEY, Server, running, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at limits as Linux has them")

NOWHERE = "http://127.0.0.1:9"
HEAD_SECONDS = 2
MOST_CONNECTIONS = 100
IDLE = 1100


@contextmanager
def own_limit(soft: int) -> Iterator[None]:
    """Give the children of this process so few descriptors, though the system would allow them more."""
    process = psutil.Process()
    before = process.rlimit(psutil.RLIMIT_NOFILE)
    process.rlimit(psutil.RLIMIT_NOFILE, (soft, before[1]))
    try:
        yield
    finally:
        process.rlimit(psutil.RLIMIT_NOFILE, before)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {
        "TUNTAS_HEAD_TIMEOUT_SECONDS": str(HEAD_SECONDS),
        "TUNTAS_MAX_CONNECTIONS": str(MOST_CONNECTIONS),
    }
    with own_limit(512):
        child = Server(tmp_path_factory.mktemp("sockets") / "data", NOWHERE, **settings)
    with running(child):
        yield child


def ping_seconds(server: Server) -> float:
    begun = time.monotonic()
    assert httpx.get(f"{server.url}/ping", timeout=30, trust_env=False).status_code == 200
    return time.monotonic() - begun


def is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    finally:
        connection.setblocking(True)


def test_the_soft_limit_of_descriptors_is_raised_to_the_hard_one(server: Server) -> None:
    soft, hard = psutil.Process(server.process.pid).rlimit(psutil.RLIMIT_NOFILE)
    assert soft == hard


def test_a_thousand_idle_connections_keep_nobody_out(tmp_path_factory: pytest.TempPathFactory) -> None:
    child = Server(tmp_path_factory.mktemp("idle") / "data", NOWHERE)
    with running(child), own_limit(min(4096, psutil.Process().rlimit(psutil.RLIMIT_NOFILE)[1])), ExitStack() as ends:
        for _ in range(IDLE):
            ends.enter_context(connect(child.url))
        for _ in range(20):
            assert ping_seconds(child) < 5
        assert child.stop() == 0
        assert child.log.stat().st_size < 20_000


def test_the_longest_idle_makes_room_and_those_that_are_busy_stay(server: Server) -> None:
    busy = httpx.Client(base_url=server.url, headers={"X-Api-Key": KEY}, timeout=30, trust_env=False)
    url = f"{server.url.replace('http', 'ws', 1)}/ws?x-api-key={KEY}"
    with busy, busy.stream("GET", "/api/events") as stream, web_socket(url, proxy=None) as follower:
        lines = stream.iter_lines()
        next(lines)
        with ExitStack() as ends:
            idle = [ends.enter_context(connect(server.url)) for _ in range(3 * MOST_CONNECTIONS)]
            wait_for(lambda: is_closed(idle[0]), what="the oldest is closed")
            assert not is_closed(idle[-1])
            server.create("busy")  # it starts, which is an event
            server.http.delete("/api/sessions/busy")
            assert next(line for line in lines if line.startswith("data:"))
            assert follower.recv(timeout=30)


def test_where_all_are_busy_a_new_one_is_told_so(server: Server) -> None:
    start = head("GET", "/api/events", f"X-Api-Key: {KEY}")
    with ExitStack() as ends:
        followers = [ends.enter_context(connect(server.url)) for _ in range(MOST_CONNECTIONS)]
        for one in followers:
            one.sendall(start)
            assert one.recv(1000)
        with connect(server.url) as late:
            assert late.recv(1000).startswith(b"HTTP/1.1 503 ")
    wait_for(
        lambda: httpx.get(f"{server.url}/ping", trust_env=False, timeout=60).status_code == 200,
        what="there is room again",
    )


@pytest.mark.parametrize("sent", [b"", b"G", b"GET /ping HTTP/1.1\r\nHost: 127.0.0.1\r\nX-More: "])
def test_a_head_that_does_not_come_ends_its_connection_in_time(server: Server, sent: bytes) -> None:
    with connect(server.url) as connection:
        begun = time.monotonic()
        connection.sendall(sent)
        connection.settimeout(0.3)
        while time.monotonic() - begun < 30:
            try:
                if connection.recv(100) == b"":
                    break
            except TimeoutError:
                if sent:
                    connection.sendall(b"x")  # a drip is no head
            except ConnectionError:
                break
        assert HEAD_SECONDS - 0.5 < time.monotonic() - begun < HEAD_SECONDS + 10


def test_the_next_head_has_the_same_time_also_behind_a_body_that_nobody_read(server: Server) -> None:
    with connect(server.url) as connection:
        connection.sendall(head("POST", "/api/sessions", "Content-Length: 1000"))
        assert connection.recv(10_000).startswith(b"HTTP/1.1 401 ")
        begun = time.monotonic()
        connection.settimeout(0.3)
        while time.monotonic() - begun < 30:
            try:
                if connection.recv(1000) == b"":
                    break
            except TimeoutError:
                connection.sendall(b"x")
            except ConnectionError:
                break
        assert time.monotonic() - begun < HEAD_SECONDS + 10


def test_without_a_descriptor_left_it_says_so_once_and_goes_on_when_there_is_one(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    child = Server(tmp_path_factory.mktemp("full") / "data", NOWHERE)
    with running(child):
        assert ping_seconds(child) < 30
        process = psutil.Process(child.process.pid)
        soft, hard = process.rlimit(psutil.RLIMIT_NOFILE)
        before = child.log.stat().st_size
        used = max(int(one.name) for one in Path(f"/proc/{process.pid}/fd").iterdir()) + 1
        process.rlimit(psutil.RLIMIT_NOFILE, (used + 8, hard))
        with ExitStack() as ends:
            for _ in range(200):
                ends.enter_context(connect(child.url))
            wait_for(lambda: "connections_not_taken" in child.log.read_text(), what="it says so")
            process.rlimit(psutil.RLIMIT_NOFILE, (soft, hard))
            wait_for(lambda: ping_seconds(child) < 30, what="it answers again")
        said = child.log.read_bytes()[before:]
        assert said.count(b"connections_not_taken") == 1
        assert len(said) < 4096


def test_the_longest_message_of_a_follower_is_short(server: Server) -> None:
    url = f"{server.url.replace('http', 'ws', 1)}/ws?x-api-key={KEY}"
    with web_socket(url, proxy=None, max_size=None) as follower:
        follower.send("x" * 60_000)
        assert follower.ping().wait(30)
    with web_socket(url, proxy=None, max_size=None) as follower:
        follower.send("x" * 200_000)
        wait_for(lambda: follower.protocol.close_rcvd is not None, what="it is refused")
        assert follower.protocol.close_rcvd is not None
        assert follower.protocol.close_rcvd.code == 1009
