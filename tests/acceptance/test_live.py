"""Events as they happen: server-sent events, web socket, QR; what was missed comes after, also after a restart."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from conftest import StartServer
from support.running import KEY, Sandbox, Server


class Stream:
    """A stream of server-sent events that is being read."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.iter_lines()

    def next(self) -> dict[str, Any]:
        """Return the next event with its id, its name and its document; comments are passed over."""
        fields: dict[str, str] = {}
        for line in self._lines:
            name, _, value = line.partition(": ")
            if not line and fields:
                return fields | {"data": json.loads(fields["data"])}
            if name:
                fields[name] = value
        raise AssertionError("the stream has ended")

    def until(self, **wanted: Any) -> dict[str, Any]:
        """Return the next event whose payload has these values."""
        while True:
            event = self.next()
            if wanted.items() <= event["data"]["payload"].items():
                return event


def heard_to_the_end(socket: ClientConnection) -> None:
    """Hear what is still said (the sessions' own end) until the server closes the socket."""
    while True:
        socket.recv(timeout=30)


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers={"X-Api-Key": KEY}, timeout=30, trust_env=False) as client:
        yield client


def test_events_stream_and_what_was_missed_comes_first_also_after_a_restart(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    first = start_server()
    shop, budi = sandbox.phone("628192000001"), sandbox.phone("628192000002")
    with first.http.stream("GET", "/api/events?session=live") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        stream = Stream(answer)
        first.create("live")
        assert stream.until(status="STARTING")["event"] == "session.status"
        sandbox.scan(shop, first.qr("live"))
        last = stream.until(status="WORKING")
        assert last["id"] == last["data"]["id"]
        begun = time.monotonic()
        assert first.stop() == 0
        assert time.monotonic() - begun < 5.0, "an open stream holds up the shutdown"
    second = start_server()
    second.wait_status("live", "WORKING")
    sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "while nobody listened"})
    with second.http.stream("GET", "/api/events?events=message", headers={"Last-Event-ID": last["id"]}) as answer:
        event = Stream(answer).next()
        assert event["event"] == "message"
        assert event["data"]["payload"]["body"] == "while nobody listened"
    unknown = second.http.get("/api/events", headers={"Last-Event-ID": "evt_none"})
    assert unknown.status_code == 422
    wrong = second.http.get("/api/events?events=message,fly")
    assert wrong.status_code == 422
    assert "fly" in wrong.json()["detail"]


def test_a_web_socket_brings_events_as_waha_s_does(server: Server, sandbox: Sandbox) -> None:
    url = server.url.replace("http://", "ws://")
    with connect(f"{url}/ws?session=*&events=session.status&events=message&x-api-key={KEY}", proxy=None) as socket:
        server.pair(sandbox, "socket", "628192000011")
        budi = sandbox.phone("628192000012")
        sandbox.call("POST", f"/phones/{budi}/send", {"to": "628192000011", "text": "over the socket"})
        seen: list[dict[str, Any]] = []
        while not seen or seen[-1]["event"] != "message":
            seen.append(json.loads(socket.recv(timeout=30)))
        assert {one["event"] for one in seen} == {"session.status", "message"}
        assert [one["payload"]["status"] for one in seen[:-1]][:2] == ["STARTING", "SCAN_QR_CODE"]
        assert seen[-2]["payload"]["status"] == "WORKING"
        assert seen[-1]["payload"]["body"] == "over the socket"
        server.stop()
        with pytest.raises(ConnectionClosed):
            heard_to_the_end(socket)


@pytest.mark.parametrize("query", ["", "x-api-key=wrong", f"x-api-key={KEY}&events=fly"])
def test_a_web_socket_without_a_good_key_or_wish_is_refused(server: Server, query: str) -> None:
    with pytest.raises(InvalidStatus), connect(f"{server.url.replace('http', 'ws', 1)}/ws?{query}", proxy=None):
        pass


def test_a_key_for_one_session_follows_that_session_only(server: Server, http: httpx.Client) -> None:
    made = server.http.post("/api/keys", json={"name": "one", "scopes": ["read"], "sessions": ["mine"]}).json()
    mine = {"X-Api-Key": made["key"]}
    refused = server.http.get("/api/events?session=other", headers=mine)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_your_session")
    with http.stream("GET", "/api/events", headers=mine) as answer:
        stream = Stream(answer)
        server.create("other")
        server.create("mine")
        server.wait_status("other", "SCAN_QR_CODE")
        server.wait_status("mine", "SCAN_QR_CODE")
        names = [stream.next()["data"]["session"] for _ in range(2)]
    assert names == ["mine", "mine"]


def test_the_qr_is_pushed_and_is_in_no_log_of_events(server: Server, sandbox: Sandbox, http: httpx.Client) -> None:
    phone = sandbox.phone("628192000021")
    server.create("scan", start=False)
    with http.stream("GET", "/api/scan/auth/qr/live") as answer:
        stream = Stream(answer)
        assert stream.next()["data"] == {"status": "STOPPED"}
        server.http.post("/api/sessions/scan/start")
        while (event := stream.next())["event"] != "qr":
            continue
        value = event["data"]["value"]
        sandbox.scan(phone, value)
        while (event := stream.next())["data"] != {"status": "WORKING"}:
            continue
    server.stop()
    stored = b"".join(path.read_bytes() for path in server.data_dir.glob("tuntas.db*"))
    assert value.encode() not in stored
