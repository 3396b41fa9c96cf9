"""The client's parts that ask nobody: both of its forms are one, lines become events, signatures are checked."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
from typing import Any

import pytest

from support.synchronous_client import CLIENT, synchronous
from tuntas.client import NotSigned, NotTuntas, OutcomeUnknown, Refused, ServerTooOld, TryLater, WrongKey, read_webhook
from tuntas.client.calls import Call, File, Lines, download, error_of, pause_seconds
from tuntas.client.connection import options
from tuntas.webhooks.signing import headers

BODY = json.dumps({"id": "evt_1", "event": "message", "session": "shop", "payload": {}}).encode()
PROBLEM = {"content-type": "application/problem+json"}


def test_the_client_without_asyncio_is_the_other_one_without_its_waiting() -> None:
    written = (CLIENT / "synchronous.py").read_text(encoding="utf-8")
    assert ast.dump(ast.parse(written)) == ast.dump(ast.parse(synchronous())), "see support/synchronous_client.py"


def test_the_client_loads_nothing_of_the_server() -> None:
    code = "import sys, tuntas.client; print([one for one in sys.modules if one.startswith('tuntas.')])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert [one for one in ast.literal_eval(told) if not one.startswith("tuntas.client")] == []
    heavy = "import sys, tuntas.client; print([one for one in ('fastapi', 'pydantic', 'segno') if one in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", heavy], text=True, timeout=60) == "[]\n"


def signed(key: str, at_seconds: float) -> dict[str, str]:
    return headers(BODY, request_id="r", event_id="evt_1", timestamp=int(at_seconds * 1000), key=key)


@pytest.mark.parametrize("key", ["my-secret-key", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64"])
def test_a_webhook_s_request_of_ours_is_read_whatever_the_case_of_its_headers(key: str) -> None:
    sent = {name.upper(): value for name, value in signed(key, time.time()).items()}
    event = read_webhook(BODY, sent, key)
    assert (event.id, event.name, event.session) == ("evt_1", "message", "shop")


def test_a_webhook_s_request_that_is_not_ours_is_refused() -> None:
    now = signed("key", time.time())
    for body, sent, key in [
        (BODY, now, "other key"),
        (BODY + b" ", now, "key"),
        (BODY, signed("key", time.time() - 400), "key"),
        (BODY, now | {"webhook-timestamp": str(int(time.time()) + 1)}, "key"),
        (BODY, {}, "key"),
        (BODY, {"webhook-signature": "v1,ö"}, "key"),
    ]:
        with pytest.raises(NotSigned):
            read_webhook(body, sent, key)


def test_lines_become_events_and_comments_nothing() -> None:
    lines = Lines()
    told = [lines.take(line) for line in [": hello", "", "id: evt_1", "event: message", 'data: {"a":', "data: 1}", ""]]
    assert [one for one in told if one is not None] == [("message", {"a": 1})]


@pytest.mark.parametrize(
    ("status", "code", "more", "kind"),
    [
        (401, "key_missing_or_wrong", {}, WrongKey),
        (404, "not_found", {}, ServerTooOld),
        (405, "method_not_allowed", {}, ServerTooOld),
        (429, "too_many_sends", {"retry-after": "3"}, TryLater),
        (503, "unknown", {}, OutcomeUnknown),
        (422, "invalid_input", {}, Refused),
    ],
)
def test_an_error_is_named_for_what_to_do(status: int, code: str, more: dict[str, str], kind: type[Exception]) -> None:
    content = json.dumps({"code": code, "detail": "Said."}).encode()
    assert type(error_of(Call("GET", "/api/x"), status, PROBLEM | more, content)) is kind


def test_what_is_no_answer_of_ours_says_so() -> None:
    for sent, content in [({}, b"<html>"), (PROBLEM, b"["), (PROBLEM, b"[]"), ({"content-type": "text/html"}, b"{}")]:
        assert isinstance(error_of(Call("GET", "/api/x"), 404, sent, content), NotTuntas)


def test_pauses_grow_to_a_bound_and_are_as_long_as_the_server_asks() -> None:
    assert [pause_seconds(attempt) for attempt in (0, 1, 2, 50)] == [0.25, 0.5, 1.0, 30.0]
    assert pause_seconds(0, TryLater(429, {}, 3.0)) == 3.0
    assert pause_seconds(0, TryLater(429, {}, 1e9)) == 30.0


def test_a_file_is_fetched_from_the_server_itself_and_from_nowhere_else() -> None:
    assert download("https://evil.example/t/api/files/shop/01ab").path == "/api/files/shop/01ab"
    with pytest.raises(ValueError, match="not the address of a message's file"):
        download("https://evil.example/picture.png")


@pytest.mark.parametrize("given", [{}, {"data": b"", "url": "http://a/"}])
def test_a_file_is_either_bytes_or_an_address(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="either data or url"):
        File(**given).document()


@pytest.mark.parametrize(
    ("url", "key"), [("127.0.0.1:3000", "k"), ("ftp://a", "k"), ("http://a", ""), ("http://a", "ö")]
)
def test_an_address_or_key_that_cannot_be_used_is_refused_before_anything_is_asked(url: str, key: str) -> None:
    with pytest.raises(ValueError, match=r"address of a server|The key"):
        options(url, key)
