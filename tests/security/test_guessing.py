"""Guessing keys is slow, noticed, and costs nobody else anything."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from statistics import median

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from support.running import Server, running
from tuntas.foundation.wrong_keys import (
    FORGOTTEN_AFTER_SECONDS,
    FREE_TRIES,
    MOST_ADDRESSES,
    MOST_LINES_A_MINUTE,
    MOST_SECONDS,
    WrongKeys,
)

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    child = Server(tmp_path_factory.mktemp("guessing") / "data", NOWHERE)
    with running(child):
        yield child


def test_the_more_wrong_keys_came_the_later_are_the_answers_and_a_right_key_never_waits(server: Server) -> None:
    took = []
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as http:
        for number in range(FREE_TRIES + 6):
            begun = time.monotonic()
            # Whoever writes this header chooses what it says.
            headers = {"X-Api-Key": f"guess-{number}", "X-Forwarded-For": f"10.0.0.{number}"}
            assert http.get("/api/sessions", headers=headers).status_code == 401
            took.append(time.monotonic() - begun)
            begun = time.monotonic()
            assert server.http.get("/api/sessions").status_code == 200
            assert time.monotonic() - begun < 5
    assert median(took[:FREE_TRIES]) < 0.5
    assert took[-1] >= MOST_SECONDS
    # Not to have a key is no guess, and to have none of this scope neither.
    begun = time.monotonic()
    assert httpx.get(f"{server.url}/api/sessions", trust_env=False, timeout=60).status_code == 401
    assert time.monotonic() - begun < MOST_SECONDS
    lines = [line for line in server.log.read_text().splitlines() if "wrong_keys" in line]
    assert len(lines) == 1
    assert "127.0.0.1" in lines[0]
    assert "guess" not in server.log.read_text()


def test_many_at_once_gain_nothing_and_keep_nobody_out(server: Server) -> None:
    def guess(number: int) -> int:
        headers = {"X-Api-Key": f"guess-{number}"}
        return httpx.get(f"{server.url}/api/sessions", headers=headers, timeout=60, trust_env=False).status_code

    with ThreadPoolExecutor(100) as pool:
        answers = pool.map(guess, range(300))
        begun = time.monotonic()
        assert server.http.get("/api/sessions").status_code == 200
        assert time.monotonic() - begun < 10
        assert set(answers) <= {401, 429}


def test_the_dashboard_s_sign_in_and_the_web_socket_are_slowed_alike(server: Server) -> None:
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as http:
        for number in range(FREE_TRIES + 6):
            answer = http.post("/dashboard/sign-in", data={"key": f"guess-{number}", "next": "/"})
            assert answer.status_code == 422
    begun = time.monotonic()
    url = f"{server.url.replace('http', 'ws', 1)}/ws?x-api-key=guess"
    with pytest.raises(InvalidStatus), connect(url, proxy=None):
        pass
    assert time.monotonic() - begun >= MOST_SECONDS


@pytest.mark.parametrize("value", ["é", "9999999999.x.é", "9999999999..\xff", "....", "9" * 5000])
def test_a_made_up_cookie_is_nobody_s_whatever_its_letters(server: Server, value: str) -> None:
    with httpx.Client(base_url=server.url, trust_env=False) as http:
        made = server.http.post("/api/keys", json={"name": "x", "scopes": ["read"]}).json()["key"]
        http.post("/dashboard/sign-in", data={"key": made, "next": "/"})
        (name,) = [cookie.name for cookie in http.cookies.jar]
    cookie = f"{name}={value}".encode("latin-1")
    for path in ("/", "/dashboard/live/overview", "/dashboard/keys"):
        answer = httpx.get(f"{server.url}{path}", headers={b"Cookie": cookie}, trust_env=False, timeout=60)
        assert answer.status_code == 303, (path, answer.text)
    assert "request_failed" not in server.log.read_text()


class Hand:
    """A clock that goes where it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_waits_grow_to_a_ceiling_and_are_forgotten() -> None:
    clock = Hand()
    wrong = WrongKeys(clock)
    waits = [wrong.note("a") for _ in range(FREE_TRIES + 50)]
    assert waits[:FREE_TRIES] == [0.0] * FREE_TRIES
    assert all(early <= late for early, late in pairwise(waits))
    assert waits[FREE_TRIES] > 0
    assert waits[-1] == MOST_SECONDS
    assert wrong.note("b") == 0.0
    clock.now = FORGOTTEN_AFTER_SECONDS + 1
    assert wrong.note("a") == 0.0


def test_what_is_kept_and_what_is_logged_is_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Hand()
    wrong = WrongKeys(clock)
    for number in range(5 * MOST_ADDRESSES):
        wrong.note(f"address-{number}")
    assert len(wrong._tries) <= MOST_ADDRESSES
    lines = re.findall("wrong_keys", capsys.readouterr().out)
    assert 0 < len(lines) <= MOST_LINES_A_MINUTE
    assert wrong.note(f"address-{5 * MOST_ADDRESSES - 1}") == 0.0
