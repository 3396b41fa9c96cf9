"""A body costs nothing before its key is known, never more than its limit, and is read as plain values only."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.raw_http import MEBIBYTE, ask, chunked, connect, head, read_answer, repeated, watching
from support.running import KEY, Server, run, running

NOWHERE = "http://127.0.0.1:9"
MINE = f"X-Api-Key: {KEY}"
JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
MORE_BYTES = 32 * MEBIBYTE
LARGEST_BYTES = MEBIBYTE
LARGEST_FILE_BYTES = 3 * MEBIBYTE
BODY_SECONDS = 2
# Two builds may run beside these tests.
PATIENT_PING_SECONDS = 5.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {
        "TUNTAS_MEDIA_MAX_BYTES": str(LARGEST_FILE_BYTES),
        "TUNTAS_BODY_TIMEOUT_SECONDS": str(BODY_SECONDS),
    }
    child = Server(tmp_path_factory.mktemp("bodies") / "data", NOWHERE, **settings)
    with running(child):
        child.http.get("/openapi.json")  # made once, and not what is measured here
        child.create("shop", start=False)
        yield child


def problem(body: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body)
    return found


@pytest.mark.parametrize("key", [[], ["X-Api-Key: wrong"]], ids=["none", "wrong"])
@pytest.mark.parametrize("path", ["/api/sessions", "/api/sendFile", "/api/nothing", "/api/shop/profile/picture"])
def test_two_hundred_megabytes_without_a_key_are_an_401_and_no_memory(
    server: Server, path: str, key: list[str]
) -> None:
    with watching(server.url, server.process.pid) as seen:
        answer = ask(server.url, head("POST", path, JSON, CHUNKED, *key), chunked(repeated(b"[],", 200 * MEBIBYTE)))
    assert answer.status == 401
    assert problem(answer.body)["code"] == "key_missing_or_wrong"
    assert seen.most_bytes <= MORE_BYTES
    assert max(seen.pings) < PATIENT_PING_SECONDS


def test_whoever_goes_on_sending_behind_the_answer_is_cut_off(server: Server) -> None:
    parts = chunked(repeated(b"[],", 4096 * MEBIBYTE))
    begun = time.monotonic()
    with watching(server.url, server.process.pid) as seen:
        answer = ask(server.url, head("POST", "/api/sessions", JSON, CHUNKED), parts, stubborn=True)
    assert answer.status == 401
    assert seen.most_bytes <= MORE_BYTES
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"name": "\\ud800"}', b"[" * 100_000])
def test_what_cannot_be_read_is_not_even_looked_at_without_a_key(server: Server, body: bytes) -> None:
    answer = ask(server.url, head("POST", "/api/sessions", JSON, f"Content-Length: {len(body)}"), [body])
    assert answer.status == 401


def test_a_key_that_may_not_is_told_before_its_body_is_read(server: Server) -> None:
    made = server.http.post("/api/keys", json={"name": "looker", "scopes": ["read"]}).json()["key"]
    with connect(server.url) as connection:
        start = head("POST", "/api/sessions", JSON, f"X-Api-Key: {made}", "Content-Length: 900000")
        connection.sendall(start)  # and nothing of the body
        answer = read_answer(connection)
    assert (answer.status, problem(answer.body)["code"]) == (403, "key_not_sufficient")


def test_a_length_that_is_too_much_is_refused_with_the_setting_before_a_byte_is_sent(server: Server) -> None:
    with connect(server.url) as connection:
        connection.sendall(head("POST", "/api/sessions", JSON, MINE, f"Content-Length: {200 * MEBIBYTE}"))
        answer = read_answer(connection)
    assert (answer.status, problem(answer.body)["code"]) == (413, "body_too_large")
    assert "TUNTAS_MAX_BODY_BYTES" in problem(answer.body)["detail"]


@pytest.mark.parametrize("text", [b"[],", b"{},", b'"",', b"0,", b"x", b'{"a":', b" "])
def test_a_body_without_a_length_is_refused_once_it_is_too_large(server: Server, text: bytes) -> None:
    parts = chunked(repeated(text, 200 * MEBIBYTE))
    with watching(server.url, server.process.pid) as seen:
        answer = ask(server.url, head("POST", "/api/sessions", JSON, CHUNKED, MINE), parts)
    assert answer.status == 413
    assert seen.most_bytes <= LARGEST_BYTES + MORE_BYTES
    assert max(seen.pings) < PATIENT_PING_SECONDS


@pytest.mark.parametrize("text", [b"[],", b"{},", b'"",', b"0,", b'{"a":1},', b"[[[[]]]],"])
@pytest.mark.parametrize("path", ["/api/sessions", "/api/sendFile"])
def test_a_body_within_its_limit_takes_no_more_memory_than_that(server: Server, path: str, text: bytes) -> None:
    room = LARGEST_BYTES if path == "/api/sessions" else LARGEST_FILE_BYTES
    body = b'{"config": [' + text * (room // len(text) - 10) + b"0]}"
    with watching(server.url, server.process.pid) as seen:
        answer = ask(server.url, head("POST", path, JSON, MINE, f"Content-Length: {len(body)}"), [body])
    assert answer.status == 422
    assert "values" in answer.body
    assert seen.most_bytes <= room + MORE_BYTES


def test_as_many_wrong_values_as_may_be_are_an_answer_that_somebody_can_read(server: Server) -> None:
    with watching(server.url, server.process.pid) as seen:
        answer = server.http.post("/api/keys", json={"name": "x", "scopes": ["fly"] * 9000, "y" * 100_000: 1})
    assert answer.status_code == 422
    assert len(answer.content) < 20_000
    assert len(answer.json()["errors"]) == 20
    assert seen.most_bytes <= MORE_BYTES


def test_a_file_may_be_larger_than_other_bodies_and_not_larger_than_files_may_be(server: Server) -> None:
    def sending(size: int) -> dict[str, Any]:
        return {"session": "nobody", "chatId": "628111000222", "file": {"data": "QUJD" * (size // 4)}}

    taken = server.http.post("/api/sendFile", json=sending(2 * MEBIBYTE))
    assert (taken.status_code, taken.json()["code"]) == (404, "session_not_found")
    refused = server.http.post("/api/sendFile", json=sending(6 * MEBIBYTE))
    assert refused.status_code == 413
    assert "TUNTAS_MEDIA_MAX_BYTES" in refused.json()["detail"]
    picture = {"file": {"data": "QUJD" * (MEBIBYTE // 2)}}
    assert server.http.put("/api/nobody/profile/picture", json=picture).status_code == 404
    assert server.http.put("/api/nobody/profile/name", json=picture).status_code == 413


@pytest.mark.parametrize("announced", ["Content-Length: 500", CHUNKED])
def test_a_body_that_drips_has_its_time_and_no_more(server: Server, announced: str) -> None:
    begun = time.monotonic()
    with connect(server.url) as connection:
        connection.sendall(head("POST", "/api/sessions", JSON, MINE, announced))
        connection.settimeout(0.2)
        while True:
            connection.sendall(b"1\r\n \r\n" if announced == CHUNKED else b" ")
            try:
                first = connection.recv(1)
                break
            except TimeoutError:
                assert time.monotonic() - begun < 30
        connection.settimeout(30)
        answer = first + connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun >= BODY_SECONDS


NOT_PLAIN = {
    "a lone surrogate": (b'{"metadata": {"a": "\\ud800"}}', "body.config.metadata.a"),
    "a lone surrogate in a name": (b'{"metadata": {"\\udfff": "a"}}', "body.config.metadata"),
    "a key twice": (b'{"metadata": {"a": "1", "\\u0061": "2"}}', "body"),
    "NaN": (b'{"extra": {"a": [0, NaN]}}', "body"),
    "infinity": (b'{"extra": -Infinity}', "body"),
    "a number without end": (b'{"extra": 1e999}', "body.config.extra"),
    "an integer without end": (b'{"extra": 9223372036854775808}', "body.config.extra"),
    "nesting": (b'{"extra": ' + b"[" * 40 + b"]" * 40 + b"}", "body.config.extra"),
    "nesting without end": (b'{"extra": ' + b"[" * 9000 + b"]" * 9000 + b"}", "body"),
    "no UTF-8": (b'{"metadata": {"a": "\xff"}}', "body"),
    "no JSON": (b"{", "body"),
}


@pytest.mark.parametrize("name", list(NOT_PLAIN))
@pytest.mark.parametrize(("method", "path"), [("POST", "/api/sessions"), ("PUT", "/api/sessions/shop")])
def test_what_could_not_be_shown_again_is_refused_and_changes_nothing(
    server: Server, method: str, path: str, name: str
) -> None:
    config, place = NOT_PLAIN[name]
    before = server.http.get("/api/sessions?all=true").json()
    headers = {"Content-Type": "application/json"}
    body = b'{"name": "odd", "start": false, "config": ' + config + b"}"
    answer = server.http.request(method, path, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), answer.text
    assert answer.json()["errors"][0]["field"].startswith(place)
    assert server.http.get("/api/sessions?all=true").json() == before


def test_any_text_that_is_one_is_kept_as_it_is(server: Server) -> None:
    metadata = {"smile": "\U0001f642", "zero": "\x00", "quote": '"\\,[]{}' * 3000, "name": "é\u2028"}
    made = server.create("texts", start=False, config={"metadata": metadata})
    assert made["config"]["metadata"] == metadata
    assert server.session("texts")["config"]["metadata"] == metadata
    assert server.http.delete("/api/sessions/texts").status_code == 200


def test_a_body_that_is_not_wanted_ends_neither_an_honest_connection_nor_a_stream(server: Server) -> None:
    with connect(server.url) as connection:
        for path, status in (("/api/sessions/nobody/start", 404), ("/api/sessions?all=true", 200)):
            method = "POST" if status == 404 else "GET"
            connection.sendall(head(method, path, JSON, MINE, "Content-Length: 2") + b"{}")
            answer = read_answer(connection)
            assert answer.status == status
            assert "connection: close" not in answer.head.lower()
    too_much = ask(server.url, head("GET", "/api/events", MINE, CHUNKED), chunked(repeated(b"x", 8 * MEBIBYTE)))
    assert too_much.status == 413


def test_what_a_stranger_sends_does_not_fill_the_log(server: Server) -> None:
    before = server.log.stat().st_size
    for _ in range(200):
        with connect(server.url) as connection:
            connection.sendall(b"no HTTP at all\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    assert server.log.stat().st_size - before < 4096


def test_a_key_that_can_be_guessed_is_refused_at_the_start_in_one_line(tmp_path: Path) -> None:
    done = run("serve", "--port", "0", "--data-dir", str(tmp_path / "data"), TUNTAS_API_KEY="x" * 19)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert "TUNTAS_API_KEY" in line
    assert "20 characters" in line
    assert "x" * 19 not in line
    assert not (tmp_path / "data").exists()
