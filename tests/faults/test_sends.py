"""Sends over HTTP: an Idempotency-Key across the server's death, the pace, the line, a session that comes up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from conftest import StartServer
from support.running import Sandbox, Server, wait_for


def send(server: Server, name: str, to: str, text: str, key: str | None = None) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    document = {"session": name, "chatId": to, "text": text}
    return server.http.post("/api/sendText", json=document, headers=headers)


@pytest.mark.parametrize("moment", ["send.begun", "send.sent"])
def test_a_message_whose_answer_died_with_the_server_is_sent_once(
    start_server: StartServer, sandbox: Sandbox, moment: str
) -> None:
    number = {"send.begun": "1", "send.sent": "2"}[moment]
    budi = sandbox.phone(f"62819100021{number}")
    first = start_server(TUNTAS_KILL_AT=moment)
    first.pair(sandbox, "once", f"62819100020{number}")
    with pytest.raises(httpx.TransportError):
        send(first, "once", budi, "pay 5", key="order-1")
    assert first.process.wait(30) != 0
    second = start_server()
    second.wait_status("once", "WORKING")
    answer = send(second, "once", budi, "pay 5", key="order-1")
    assert answer.status_code == 201, answer.text
    again = send(second, "once", budi, "pay 5", key="order-1")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == answer.json()
    assert sandbox.texts(budi) == ["pay 5"]
    other = send(second, "once", budi, "pay 6", key="order-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert sandbox.texts(budi) == ["pay 5"]


def test_a_message_for_a_session_that_comes_up_goes_out_when_it_works(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    server = start_server()
    budi = sandbox.phone("628191000221")
    server.pair(sandbox, "early", "628191000222")
    # In the answer: a moment later it may work already.
    assert server.http.post("/api/sessions/early/restart").json()["status"] == "STARTING"
    assert send(server, "early", budi, "soon").status_code == 201
    assert sandbox.texts(budi) == ["soon"]
    server.http.post("/api/sessions/early/stop")
    refused = send(server, "early", budi, "never")
    assert (refused.status_code, refused.json()["code"]) == (422, "wrong_session_status")


def test_a_full_line_answers_429_and_says_when_to_come_again(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(TUNTAS_SENDS_WAITING="1")
    budi = sandbox.phone("628191000231")
    server.pair(sandbox, "slow", "628191000232", config={"sends": {"perMinute": 60, "atOnce": 1}})
    headers = {"X-Api-Key": str(server.http.headers["X-Api-Key"])}
    document = {"session": "slow", "chatId": budi, "text": "x"}
    http = httpx.Client(base_url=server.url, headers=headers, timeout=30, trust_env=False)
    with http, ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: http.post("/api/sendText", json=document), range(6)))
    refused = [one for one in answers if one.status_code == 429]
    taken = [one for one in answers if one.status_code == 201]
    assert len(refused) + len(taken) == 6
    assert refused
    assert all(one.json()["code"] == "too_many_sends" for one in refused)
    assert all(int(one.headers["Retry-After"]) >= 1 for one in refused)
    wait_for(lambda: len(sandbox.texts(budi)) == len(taken), what="what was taken has arrived")


@pytest.mark.parametrize("key", ["", "x" * 256, "a b"])
def test_a_key_that_is_none_is_refused_and_nothing_is_sent(server: Server, key: str) -> None:
    answer = send(server, "none", "628191000241", "x", key=key)
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.text
