"""The bodies that WAHA's document shows are taken as they are: whoever copies one from there is not refused for it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from docs.waha_bodies import BODIES, WITHOUT_EFFECT

from support.recordings import recording
from support.running import Sandbox, Server, running, wait_for

pytestmark = pytest.mark.usefixtures("nothing_left_at_the_end")

SHOP, BUDI = "628195000001", "628195000002"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
# What a body cannot be right about: there is no such call, no such thing to delete, nobody to link at this moment.
NOT_THE_BODY = {"not_supported", "not_found_in_whatsapp", "wrong_session_status"}
# Another session than the one that works.
APART = ("/api/sessions/{session}", "/api/sessions/{session}/logout", "/api/{session}/auth/request-code")


_NAMED: dict[str, set[str]] = {}


@dataclass
class World:
    """A server with a session that works, and what bodies can name."""

    server: Server
    values: dict[str, str]

    def filled(self, value: Any) -> Any:
        """Return the value with what stands in braces put in."""
        if isinstance(value, str):
            return re.sub(r"\{(\w+)\}", lambda found: self.values[found.group(1)], value)
        if isinstance(value, dict):
            return {name: self.filled(one) for name, one in value.items()}
        return [self.filled(one) for one in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[World]:
    settings = {"TUNTAS_SENDS_PER_MINUTE": "0", "TUNTAS_MEDIA_PRIVATE_ADDRESSES": "true"}
    server = Server(tmp_path_factory.mktemp("bodies"), sandbox.url, **settings)
    with running(server):
        sandbox.call("POST", "/phones", {"number": SHOP, "name": "Toko", "business": True})
        sandbox.phone(BUDI, "Budi")
        server.create("default")
        sandbox.scan(SHOP, server.qr("default"))
        server.wait_status("default", "WORKING")
        server.create("other", start=False)

        def ask(method: str, path: str, **body: Any) -> Any:
            answer = server.http.request(method, path, json=body or None)
            assert answer.is_success, answer.text
            return answer.json()

        def address_of(kind: str, mimetype: str, data: bytes) -> str:
            media = {"kind": kind, "mimetype": mimetype, "data": base64.b64encode(data).decode()}
            sandbox.call("POST", f"/phones/{BUDI}/send", {"to": SHOP, "media": media})
            return (
                f"{sandbox.url}/_sandbox/media/{sandbox.call('GET', f'/phones/{SHOP}/messages')[-1]['media']['file']}"
            )

        chat = f"{BUDI}@c.us"
        group = ask("POST", "/api/default/groups", name="Shop", participants=[{"id": chat}])["id"]
        invite = ask("GET", f"/api/default/groups/{group}/invite-code")
        ask("POST", "/api/default/labels", name="First", color=0)
        asked = {"name": "Day?", "options": ["Mon", "Tue"]}
        poll = ask("POST", "/api/sendPoll", session="default", chatId=chat, poll=asked)["id"]
        message = server.send("default", BUDI, "first").json()["id"]
        values = {
            "session": "default",
            "chat": chat,
            "chat_id": chat,
            "group": group,
            "id": group,
            "label_id": "1",
            "message": message,
            "message_id": message,
            "poll": poll,
            "invite": f"https://chat.whatsapp.com/{invite}",
            "png": PIXEL,
            "picture": address_of("image", "image/png", base64.b64decode(PIXEL)),
            "voice": address_of("document", "audio/mpeg", recording("mp3", seconds=0.5)),
            "video": address_of("document", "video/webm", recording("webm", seconds=0.5)),
        }
        wait_for(lambda: "first" in sandbox.texts(BUDI), what="the first text at the phone")
        yield World(server, values)


@pytest.mark.parametrize(("operation", "body"), BODIES, ids=[f"{number}-{one[0]}" for number, one in enumerate(BODIES)])
def test_a_body_that_waha_documents_is_taken(world: World, operation: str, body: Any) -> None:
    method, path = operation.split(" ")
    address = world.filled(path.replace("{session}", "other") if path in APART else path)
    answer = world.server.http.request(method, address, json=world.filled(body))
    if not answer.is_success:
        problem = answer.json()
        assert problem["code"] in NOT_THE_BODY, answer.text
        assert problem["detail"] != "Not Found"
    ignored = set(filter(None, answer.headers.get("X-Tuntas-Ignored", "").split(", ")))
    assert ignored <= set(WITHOUT_EFFECT.get(operation, ())), "the page of operations does not say so"
    _NAMED.setdefault(operation, set()).update(ignored)


def test_what_the_page_of_operations_says_is_without_effect_is_named_in_answers(world: World) -> None:
    assert {operation: sorted(names) for operation, names in _NAMED.items() if names} == {
        operation: sorted(names) for operation, names in WITHOUT_EFFECT.items() if operation in _NAMED
    }
