"""The Python client against the installed server: linking, sending once, events across breaks, files, errors."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from support.receiver import Receiver
from support.running import KEY, Sandbox, Server, running
from tuntas.client import (
    AsyncClient,
    Call,
    Client,
    File,
    NotAllowed,
    NotFound,
    NotTuntas,
    Qr,
    Refused,
    ServerTooOld,
    TuntasError,
    Unreachable,
    WrongKey,
    read_webhook,
)

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_a_session_s_whole_life_without_asyncio(
    server: Server, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, budi = sandbox.phone("628197000001"), sandbox.phone("628197000002")

    def scan(qr: Qr) -> None:
        qr.draw()
        assert qr._repr_svg_().startswith("<svg")
        sandbox.scan(shop, qr.value)

    with Receiver() as receiver, Client(server.url, KEY) as tuntas:
        hook = {"url": receiver.url, "events": ["message"], "hmac": {"key": "k"}}
        tuntas.create_session("shop", {"webhooks": [hook], "media": {"download": True}})
        tuntas.link_session("shop", scan)
        assert "Linked devices" in capsys.readouterr().out
        assert [(one.name, one.status, one.account) for one in tuntas.sessions()] == [
            ("shop", "WORKING", f"{shop}@c.us")
        ]
        with tuntas.events("shop", "message") as events:
            media = {"kind": "document", "mimetype": "application/pdf", "filename": "a.pdf"}
            media["data"] = base64.b64encode(b"%PDF-1.7 ours").decode()
            sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "", "media": media})
            told = next(events).message
            assert told is not None
            assert told.media is not None
            assert told.media.url is not None
            assert tuntas.download(told.media.url) == b"%PDF-1.7 ours"
            sent = tuntas.send_file("shop", told.chat, File(PICTURE, mimetype="image/png"), caption="your receipt")
            assert sent.from_me
            first = tuntas.send_text("shop", told.chat, "paid", idempotency_key="order-1")
            assert tuntas.send_text("shop", told.chat, "paid", idempotency_key="order-1").id == first.id
            receiver.wait_count(1)
            event = read_webhook(receiver.bodies[0], receiver.headers[0], "k")
            assert event.message == told
        assert sandbox.texts(budi).count("paid") == 1
        assert tuntas.stop_session("shop").status == "STOPPED"
        tuntas.delete_session("shop")
        with pytest.raises(NotFound, match="shop"):
            tuntas.session("shop")


def test_events_go_on_after_the_server_was_away_and_a_stream_without_any_goes_on_from_its_beginning(
    server: Server, sandbox: Sandbox
) -> None:
    server.pair(sandbox, "away", "628197000011")
    budi = sandbox.phone("628197000012")
    with Client(server.url, KEY) as tuntas, tuntas.events("away", "message") as events:
        server.process.kill()
        server.process.wait()
        # Told to a server elsewhere on the same data, of which the follower knows nothing.
        with running(elsewhere := Server(server.data_dir, sandbox.url)):
            elsewhere.wait_status("away", "WORKING")
            with elsewhere.http.stream("GET", "/api/events?events=message") as answer:
                sandbox.call("POST", f"/phones/{budi}/send", {"to": "628197000011", "text": "one"})
                assert any(line.startswith("data: ") for line in answer.iter_lines())
            assert elsewhere.stop() == 0
        with running(back := Server(server.data_dir, sandbox.url, httpx.URL(server.url).port or 0)):
            back.wait_status("away", "WORKING")
            sandbox.call("POST", f"/phones/{budi}/send", {"to": "628197000011", "text": "two"})
            told = [next(events).message for _ in range(2)]
            assert [one.text for one in told if one is not None] == ["one", "two"]


def test_a_place_that_this_server_never_had_is_refused(server: Server) -> None:
    with Client(server.url, KEY) as tuntas, pytest.raises(Refused, match="not known"):
        next(tuntas.events(after="place_999999"))


def test_a_stream_ends_with_its_key(server: Server) -> None:
    made = server.http.post("/api/keys", json={"name": "short", "scopes": ["read"]}).json()
    with Client(server.url, made["key"]) as tuntas, tuntas.events() as events:
        assert server.http.delete(f"/api/keys/{made['id']}").is_success
        with pytest.raises(WrongKey):
            next(events)


def test_each_refusal_says_what_to_do(server: Server, sandbox: Sandbox) -> None:
    read = server.http.post("/api/keys", json={"name": "looker", "scopes": ["read"]}).json()["key"]
    with Client(server.url, "wrong") as tuntas, pytest.raises(WrongKey, match="not known here"):
        tuntas.sessions()
    with Client(server.url, read) as tuntas, pytest.raises(NotAllowed, match="good for read only"):
        tuntas.send_text("shop", "628197000099", "no")
    with Client(server.url, KEY) as tuntas:
        with pytest.raises(Refused, match=r"body\.name") as refused:
            tuntas.create_session("a name with spaces")
        assert (refused.value.code, refused.value.fields[0][0]) == ("invalid_input", "body.name")
        with pytest.raises(ServerTooOld, match="does not know GET /api/of-next-year"):
            tuntas.ask(Call("GET", "/api/of-next-year"))
        tuntas.create_session("still", start=False)
        with pytest.raises(TuntasError, match="start it first"):
            tuntas.link_session("still")
    with Client(sandbox.url, KEY) as tuntas, pytest.raises(NotTuntas):
        tuntas.sessions()
    server.stop()
    with Client(server.url, KEY) as tuntas, pytest.raises(Unreachable, match="Does the server run there"):
        tuntas.sessions()


async def _sessions_twice(url: str) -> list[str]:
    async with AsyncClient(url, KEY) as tuntas:
        created = await tuntas.create_session("a", start=False)
        return [created.name, *(one.name for one in await tuntas.sessions())]


def test_the_same_with_asyncio(server: Server) -> None:
    assert asyncio.run(_sessions_twice(server.url)) == ["a", "a"]


def test_a_send_whose_answer_was_lost_is_asked_again_and_goes_out_once(server: Server, sandbox: Sandbox) -> None:
    server.pair(sandbox, "lossy", "628197000021")
    budi = sandbox.phone("628197000022")
    with answers_lost(server.url, 2) as url, Client(url, KEY) as tuntas:
        sent = tuntas.send_text("lossy", budi, "once")
    assert sent.text == "once"
    assert sandbox.texts(budi) == ["once"]


@contextmanager
def answers_lost(server_url: str, count: int) -> Iterator[str]:
    """Stand before a server and pass requests on; the connections of the first ``count`` break before the answer."""
    lost = iter(range(count))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            answer = httpx.post(f"{server_url}{self.path}", content=body, headers=asked, timeout=60, trust_env=False)
            if next(lost, None) is not None:
                self.close_connection = True
                return
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: Any) -> None:
            pass

    door = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{door.server_port}"
    finally:
        door.shutdown()
        thread.join()
        door.server_close()
