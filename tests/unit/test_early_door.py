"""Before the applications are loaded only what is true by then is answered, in the applications' own words."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest

from support.until import until
from tuntas.api import health
from tuntas.foundation.host_names import HostNames
from tuntas.foundation.sub_path import SubPath
from tuntas.server import early_door
from tuntas.server.early_door import EarlyDoor


async def everything(scope: Any, receive: Any, send: Any) -> None:
    """Answer as applications that are there."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def door(sub_path: str = "") -> EarlyDoor:
    return EarlyDoor(HostNames("127.0.0.1", []), SubPath(sub_path))


def client(app: EarlyDoor, base_url: str = "http://127.0.0.1:3000") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base_url)


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def test_that_it_lives_is_said_as_the_api_says_it() -> None:
    async def asked() -> None:
        async with client(door()) as http:
            assert (await http.get("/healthz")).json() == await health.healthz()
            assert (await http.get("/ping")).json() == await health.ping()
            assert (await http.head("/healthz")).status_code == 200

    run(asked())


def test_it_is_not_ready_and_says_when_to_ask_again() -> None:
    async def asked() -> None:
        async with client(door()) as http:
            answer = await http.get("/readyz")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.json()["code"], answer.json()["message"]) == ("not_ready", "The server is starting.")

    run(asked())


def test_behind_a_sub_path_it_is_asked_below_that() -> None:
    async def asked() -> None:
        async with client(door("/wa")) as http:
            assert (await http.get("/wa/healthz")).status_code == 200

    run(asked())


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("GET", "/api/sessions", {}, b""),
        ("DELETE", "/api/sessions/shop", {}, b""),
        ("POST", "/healthz", {}, b""),
        ("GET", "/healthz", {"Host": "evil.example"}, b""),
        ("GET", "/healthz", {}, b"a body"),
    ],
)
def test_what_only_the_applications_can_judge_waits_for_them(
    method: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    async def asked() -> None:
        closed = door()
        async with client(closed) as http, asyncio.TaskGroup() as group:
            asking = group.create_task(http.request(method, path, headers=headers, content=body))
            await until(lambda: closed.waiting == 1)
            closed.open(everything)
            assert (await asking).status_code == 204
            assert (await http.get("/healthz")).status_code == 204

    run(asked())


def test_who_waits_too_long_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early_door, "HOLD_SECONDS", 0.01)

    async def asked() -> None:
        async with client(door()) as http:
            answer = await http.get("/api/sessions")
        assert (answer.status_code, answer.headers["retry-after"], answer.json()["code"]) == (503, "2", "not_ready")

    run(asked())


def test_when_the_start_fails_who_waits_is_turned_away_at_once() -> None:
    async def asked() -> None:
        closed = door()
        async with client(closed) as http, asyncio.TaskGroup() as group:
            asking = group.create_task(http.get("/api/sessions"))
            await until(lambda: closed.waiting == 1)
            closed.close()
            answer = await asking
        assert (answer.status_code, answer.json()["message"]) == (503, "The server is stopping.")

    run(asked())


def test_a_web_socket_is_refused_with_its_own_word_for_later() -> None:
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    async def asked() -> None:
        closed = door()
        closed.close()
        await closed({"type": "websocket", "path": "/ws", "headers": []}, receive, send)

    run(asked())
    assert said == [{"type": "websocket.close", "code": 1013}]


def test_closing_an_open_door_changes_nothing() -> None:
    async def asked() -> None:
        opened = door()
        opened.open(everything)
        opened.close()
        async with client(opened) as http:
            assert (await http.get("/api/sessions")).status_code == 204

    run(asked())
