"""A file is there when its message is told, byte for byte, also behind a proxy; what is to be ignored is not told."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import StartServer
from support.receiver import Receiver
from support.running import KEY, Sandbox, Server, wait_for
from support.tls_proxy import TlsProxy

DOWNLOADS = {"media": {"download": True}}


def send_file(sandbox: Sandbox, number: str, to: str, data: bytes) -> None:
    media = {"kind": "document", "mimetype": "application/pdf", "filename": "a.pdf"}
    media["data"] = base64.b64encode(data).decode()
    sandbox.call("POST", f"/phones/{number}/send", {"to": to, "text": "", "media": media})


def hooked(receiver: Receiver, **more: Any) -> dict[str, Any]:
    hook = {"url": receiver.url, "events": ["message", "message.any", "message.ack"]}
    return {"webhooks": [hook]} | more


def fetched(url: str, **more: Any) -> bytes:
    answer = httpx.get(url, headers={"X-Api-Key": KEY}, trust_env=False, timeout=60, **more)
    assert answer.status_code == 200, answer.text
    return answer.content


def test_a_file_is_there_when_told_in_its_place_and_until_it_was_told(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    shop, budi = sandbox.phone("628198000001"), sandbox.phone("628198000002")
    data = os.urandom(1_000_000)
    with Receiver() as receiver:
        # Until it takes one, files are kept: a busy machine does not have to be quick.
        receiver.refuses = True
        server = start_server(TUNTAS_MEDIA_LIFETIME_SECONDS="1")
        server.pair(sandbox, "m", shop, config=hooked(receiver, **DOWNLOADS))
        send_file(sandbox, budi, shop, data)
        sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "behind it"})
        # The third attempt comes later than a file that was told would be kept.
        media = receiver.wait_refused(3)[2]["payload"]["media"]
        assert (media["mimetype"], media["filename"], media["size"]) == ("application/pdf", "a.pdf", len(data))
        assert fetched(media["url"]) == data
        assert httpx.get(media["url"], trust_env=False, timeout=60).status_code == 401
        receiver.refuses = False
        told = [one["payload"] for one in receiver.wait_count(4, limit_seconds=60)]
        assert [one["hasMedia"] for one in told] == [True, True, False, False]
        assert told[0]["mediaUrl"] == told[0]["media"]["url"] == media["url"]
        wait_for(lambda: server.http.get(media["url"]).status_code == 404, what="the file is gone")
        folder = server.data_dir / "files"
        wait_for(lambda: not [one for one in folder.rglob("*") if one.is_file()], what="nothing is left of them")


def test_what_came_while_no_server_ran_is_told_with_its_file(start_server: StartServer, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628198000011"), sandbox.phone("628198000012")
    data = os.urandom(5000)
    with Receiver() as receiver:
        server = start_server(TUNTAS_MEDIA_DOWNLOAD="true")
        server.pair(sandbox, "m", shop, config=hooked(receiver))
        sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "first"})
        receiver.wait_for("message", body="first")
        server.stop(signal.SIGKILL)
        send_file(sandbox, budi, shop, data)
        server = start_server(TUNTAS_MEDIA_DOWNLOAD="true")
        assert fetched(receiver.wait_for("message", hasMedia=True)["payload"]["media"]["url"]) == data
        # The session's word counts more than the server's.
        server.http.put("/api/sessions/m", json={"config": hooked(receiver, media={"download": False})})
        server.wait_status("m", "WORKING")
        send_file(sandbox, budi, shop, data)
        told = receiver.wait_for("message", hasMedia=True)["payload"]
        assert (told["media"]["url"], told["mediaUrl"]) == (None, "")


@pytest.mark.parametrize("strips", [True, False])
def test_the_address_in_a_webhook_works_through_a_proxy_that_ends_tls_on_a_sub_path(
    start_server: StartServer, sandbox: Sandbox, tmp_path: Path, strips: bool
) -> None:
    shop, budi = sandbox.phone(f"6281980000{21 + strips}"), sandbox.phone(f"6281980000{31 + strips}")
    data = os.urandom(200_000)
    with Receiver() as receiver, TlsProxy(tmp_path, strips=strips) as proxy:
        server = start_server(TUNTAS_PUBLIC_URL=proxy.url)
        proxy.upstream = server.url
        server.pair(sandbox, "m", shop, config=hooked(receiver, **DOWNLOADS))
        send_file(sandbox, budi, shop, data)
        told = receiver.wait_for("message", hasMedia=True)["payload"]
        assert told["media"]["url"].startswith(f"{proxy.url}/api/files/m/")
        got = fetched(told["media"]["url"], verify=False)
        assert hashlib.sha256(got).digest() == hashlib.sha256(data).digest()
        shown = server.http.get(f"/api/m/chats/{budi}/messages/{told['id']}").json()
        assert shown["media"]["url"] == told["media"]["url"]


def address_shown(server: Server, budi: str, message_id: str, **headers: str) -> str:
    answer = server.http.get(f"/api/m/chats/{budi}/messages/{message_id}", headers=headers)
    return str(answer.json()["media"]["url"])


@pytest.mark.parametrize("trusted", ["127.0.0.0/8", "10.0.0.0/8"])
def test_only_a_trusted_proxy_says_where_the_server_is(
    start_server: StartServer, sandbox: Sandbox, trusted: str
) -> None:
    last = trusted[:2]
    shop, budi = sandbox.phone(f"62819800004{last}"), sandbox.phone(f"62819800005{last}")
    with Receiver() as receiver:
        server = start_server(TUNTAS_TRUSTED_PROXIES=f"192.0.2.1, {trusted}")
        server.pair(sandbox, "m", shop, config=hooked(receiver))
        send_file(sandbox, budi, shop, b"%PDF")
        message_id = receiver.wait_for("message")["payload"]["id"]
        said = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.com", "X-Forwarded-Prefix": "/wa/"}
        shown = address_shown(server, budi, message_id, **said)
        wanted = "https://example.com/wa/" if trusted.startswith("127") else f"{server.url}/"
        assert shown.startswith(f"{wanted}api/files/m/")
        odd = {"X-Forwarded-Proto": "javascript", "X-Forwarded-Host": "a b/", "X-Forwarded-Prefix": "/../<x>"}
        assert address_shown(server, budi, message_id, **odd).startswith(f"{server.url}/api/files/m/")


def test_what_is_to_be_ignored_is_not_told_live_or_later(start_server: StartServer, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628198000061"), sandbox.phone("628198000062")

    def write(to: str, text: str) -> None:
        sandbox.call("POST", f"/phones/{budi}/send", {"to": to, "text": text})

    with Receiver() as receiver:
        server = start_server()
        server.pair(sandbox, "m", shop, config=hooked(receiver, ignore={"groups": True, "status": True}, debug=True))
        made = {"subject": "Friends", "numbers": [shop]}
        group = sandbox.call("POST", f"/phones/{budi}/groups/group_create", made)["group"]["id"]
        write(group, "in the group")
        write(shop, "to you")
        receiver.wait_for("message.any", body="to you")
        server.stop(signal.SIGKILL)
        write(group, "in the group, later")
        write(shop, "to you, later")
        server = start_server()
        receiver.wait_for("message.any", body="to you, later")
        assert {one["payload"]["body"] for one in receiver.seen if "body" in one["payload"]} == {
            "to you",
            "to you, later",
        }
        assert "page_told" in server.log.read_text()
        # Without it, they are told.
        answer = server.http.put("/api/sessions/m", json={"config": hooked(receiver)})
        assert answer.status_code == 200
        server.wait_status("m", "WORKING")
        write(group, "again")
        receiver.wait_for("message", body="again")


def test_a_part_of_a_configuration_without_effect_is_taken_named_and_shown_again(start_server: StartServer) -> None:
    server = start_server()
    client = {"browserName": "Firefox", "deviceName": "Toko"}
    answer = server.http.post("/api/sessions", json={"name": "x", "start": False, "config": {"client": client}})
    assert (answer.status_code, answer.headers["X-Tuntas-Ignored"]) == (201, "config.client")
    assert answer.json()["config"] == {"client": client}
    plain = server.http.put("/api/sessions/x", json={"config": {"client": None, "ignore": None}})
    assert plain.json()["config"] == {}
    assert "X-Tuntas-Ignored" not in plain.headers
