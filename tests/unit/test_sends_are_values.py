"""What a route asks a session to send is data: it can be written down, carried elsewhere, and asked there."""

from __future__ import annotations

import asyncio
import base64
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from pydantic import TypeAdapter

from tuntas.api import errors, media, message_kinds, messages, more_messages
from tuntas.events import AckLevel, Message
from tuntas.foundation.plain_values import require_plain
from tuntas.sessions.access import Caller, Scope
from tuntas.sessions.outgoing import MessageKind
from tuntas.sessions.sending import Gone, SendRequest, Sent

CHAT = "628111000222@c.us"
DATA = {"mimetype": "image/png", "filename": "a.png", "data": base64.b64encode(b"picture").decode()}
ADDRESS = {"url": "https://example.com/a.ogg"}
PREVIEW = {"url": "https://a.test/", "title": "A"}
ASKED: list[tuple[str, MessageKind, dict[str, Any]]] = [
    ("sendText", MessageKind.TEXT, {"text": "hello\u2028", "reply_to": f"true_{CHAT}_3EB0AB", "mentions": [CHAT]}),
    ("sendLocation", MessageKind.LOCATION, {"latitude": -6.1754, "longitude": 106.8272, "title": "Monas"}),
    ("sendContactVcard", MessageKind.CONTACTS, {"contacts": [{"fullName": "Budi", "phoneNumber": "+62 811"}]}),
    ("sendPoll", MessageKind.POLL, {"poll": {"name": "When?", "options": ["Monday", "Tuesday"]}}),
    ("shop/events", MessageKind.EVENT, {"event": {"name": "Market day", "startTime": 2063137000}}),
    ("send/link-custom-preview", MessageKind.PREVIEW, {"text": "https://a.test/", "preview": PREVIEW}),
    ("sendImage", MessageKind.IMAGE, {"file": DATA, "caption": "look"}),
    ("sendVideo", MessageKind.VIDEO, {"file": {"url": "https://example.com/a.mp4", "mimetype": "video/mp4"}}),
    ("sendVoice", MessageKind.VOICE, {"file": ADDRESS}),
    ("sendSticker", MessageKind.STICKER, {"file": DATA}),
    ("sendFile", MessageKind.DOCUMENT, {"file": DATA}),
    ("forwardMessage", MessageKind.FORWARD, {"messageId": f"true_{CHAT}_3EB0AB"}),
]
REQUESTS, ANSWERS = TypeAdapter(SendRequest), TypeAdapter(Sent)


class Elsewhere:
    """A session of which everything asked and answered goes through JSON."""

    def __init__(self) -> None:
        self.requests: list[SendRequest] = []

    async def send(self, _name: str, request: SendRequest, _gone: Gone | None = None) -> Sent:
        carried = REQUESTS.dump_json(request)
        arrived = REQUESTS.validate_json(carried)
        assert arrived == request
        assert REQUESTS.dump_json(arrived) == carried
        require_plain(REQUESTS.dump_python(arrived, mode="json"))
        self.requests.append(arrived)
        answer = Sent(
            Message("true_1", 7, "me", CHAT, True, "hello", ack=AckLevel.SERVER, details={"poll": {"a": [1]}})
        )
        returned = ANSWERS.validate_json(ANSWERS.dump_json(answer))
        assert returned == answer
        return returned


def ask(path: str, body: dict[str, Any], key: str | None = "k") -> SendRequest:
    elsewhere = Elsewhere()
    app = FastAPI()
    errors.install(app)
    context = SimpleNamespace(sessions=elsewhere)
    context.as_seen_by = lambda _caller: context
    app.state.context = context

    def let_in(request: Request) -> None:
        request.state.caller = Caller("test", frozenset({Scope.SEND}))

    for router in (
        messages.router,
        media.router,
        message_kinds.router,
        more_messages.router,
        more_messages.file_router,
    ):
        app.include_router(router, dependencies=[Depends(let_in)])
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = asyncio.run(_post(app, f"/api/{path}", {"chatId": CHAT, **body}, headers))
    assert answer.status_code == 201, answer.text
    assert answer.json()["id"] == "true_1"
    (request,) = elsewhere.requests
    return request


async def _post(app: FastAPI, path: str, body: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as client:
        return await client.post(path, json=body, headers=headers)


@pytest.mark.parametrize(("path", "kind", "body"), ASKED, ids=[one[0] for one in ASKED])
def test_a_request_of_each_kind_arrives_elsewhere_as_it_was_asked(
    path: str, kind: MessageKind, body: dict[str, Any]
) -> None:
    request = ask(path, body)
    assert (request.message.kind, request.message.content["chatId"], request.key) == (kind, CHAT, "k")
    assert request.fingerprint == ask(path, body, "another").fingerprint
    assert request.fingerprint != ask(path, body | {"chatId": "628111000333@c.us"}).fingerprint
    assert (request.message.file is not None) is ("file" in body)


def test_every_kind_has_a_route() -> None:
    assert {kind for _, kind, _ in ASKED} == set(MessageKind)


def test_the_words_and_the_file_of_a_message_are_not_in_its_repr() -> None:
    shown = repr(ask("sendImage", {"file": DATA, "caption": "secret words"})) + repr(
        ask("sendVoice", {"file": ADDRESS})
    )
    for secret in ("secret words", DATA["data"], ADDRESS["url"]):
        assert secret not in shown
