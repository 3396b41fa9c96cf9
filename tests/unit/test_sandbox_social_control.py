"""The control API's part for people and groups: what it refuses changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from tuntas.sandbox.server import Sandbox, SandboxSettings

ANI, BUDI, NOBODY = "628111000111", "628222000222", "628999000999"
NO_GROUP = "120363000000000000@g.us"


def play(story: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    """Run a story against a sandbox with two phones."""

    async def whole() -> None:
        async with (
            Sandbox(SandboxSettings(port=0)) as sandbox,
            httpx.AsyncClient(base_url=f"{sandbox.url}/_sandbox/", trust_env=False) as client,
        ):
            for number in (ANI, BUDI):
                await client.post("phones", json={"number": number})
            await story(client)

    asyncio.run(whole())


def test_wrong_bodies_name_the_field_and_change_nothing() -> None:
    wrong: list[tuple[str, Any, str]] = [
        ("about", {"text": "x" * 140}, "text"),
        ("picture", {"data": "no base64!"}, "data"),
        ("presence", {"state": "dancing"}, "state"),
        ("presence", {"state": "composing"}, "chat"),
        ("presence", {"state": "available", "chat": BUDI}, "chat"),
        ("link", {"code": "x"}, "code"),
        ("groups/group_create", {"subject": "", "numbers": []}, "subject"),
        ("groups/group_create", {"subject": "Street", "numbers": ["x"]}, "numbers.0"),
        ("groups/group_dance", {}, "group_dance"),
        ("groups/group_leave", [], "group_leave"),
    ]

    async def story(client: httpx.AsyncClient) -> None:
        for path, body, field in wrong:
            answer = await client.post(f"phones/{ANI}/{path}", json=body)
            assert (answer.status_code, answer.json()["error"]) == (422, "invalid_request"), path
            assert field in answer.json()["message"], path
        assert (await client.get(f"phones/{ANI}/groups")).json() == []
        assert (await client.get(f"phones/{ANI}/presence")).json() == {"state": "unavailable", "last_seen": None}

    play(story)


def test_what_is_not_there_is_named() -> None:
    unknown: list[tuple[str, Any, str]] = [
        (f"{NOBODY}/about", {"text": "x"}, "unknown_phone"),
        (f"{NOBODY}/groups/groups", {}, "unknown_phone"),
        (f"{ANI}/presence", {"state": "composing", "chat": NOBODY}, "unknown_phone"),
        (f"{ANI}/presence", {"state": "composing", "chat": NO_GROUP}, "unknown_group"),
        (f"{ANI}/groups/group_leave", {"group": NO_GROUP}, "unknown_group"),
        (f"{ANI}/groups/group_join", {"code": "nowhere"}, "unknown_group"),
        (f"{ANI}/groups/group_create", {"subject": "Street", "numbers": [NOBODY]}, "unknown_phone"),
        (f"{ANI}/send", {"to": NO_GROUP, "text": "hello?"}, "unknown_group"),
        (f"{ANI}/link", {"code": "ABCD-ABCD"}, "unknown_ref"),
    ]

    async def story(client: httpx.AsyncClient) -> None:
        for path, body, error in unknown:
            answer = await client.post(f"phones/{path}", json=body)
            assert answer.json()["error"] == error, path
        assert (await client.get(f"phones/{ANI}/groups")).json() == []

    play(story)


def test_a_picture_that_was_replaced_is_no_longer_served() -> None:
    async def story(client: httpx.AsyncClient) -> None:
        async def show(data: str | None) -> str | None:
            path: str | None = (await client.post(f"phones/{ANI}/picture", json={"data": data})).json()["path"]
            return path

        async def at(path: str | None) -> httpx.Response:
            return await client.get(client.base_url.join(str(path)))

        first, second = await show("AAAA"), await show("AAAB")
        assert (await at(second)).content == b"\x00\x00\x01"
        assert (await at(first)).status_code == 404
        assert await show(None) is None
        assert (await at(second)).status_code == 404

    play(story)
