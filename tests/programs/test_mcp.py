"""Agents, with the protocol's own client: reading, asking, and being refused in one sentence; over both transports."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from support.running import Sandbox, Server, environment, run

READS = {"list_sessions", "list_chats", "read_messages", "search_contacts", "check_number", "message_timeline"}
Scene = Callable[[Client], Awaitable[None]]


def play(server: Server, key: str, over: str, scene: Scene) -> None:
    """Play a scene with a client that is connected with this key."""

    async def main() -> None:
        if over == "stdio":
            command = StdioServerParameters(
                command=sys.executable,
                args=["-m", "tuntas", "mcp"],
                env=environment(TUNTAS_URL=server.url, TUNTAS_KEY=key),
            )
            async with Client(stdio_client(command)) as client:
                await scene(client)
            return
        async with (
            create_mcp_http_client(headers={"Authorization": f"Bearer {key}"}) as http,
            Client(streamable_http_client(f"{server.url}/mcp", http_client=http)) as client,
        ):
            await scene(client)

    asyncio.run(main())


async def said(client: Client, tool: str, **arguments: Any) -> tuple[bool, str]:
    """Return whether a tool refused, and what it said."""
    answer = await client.call_tool(tool, arguments)
    return bool(answer.is_error), answer.content[0].text  # type: ignore[union-attr]


def new_key(server: Server, *scopes: str) -> str:
    return str(server.http.post("/api/keys", json={"name": "agent", "scopes": scopes}).json()["key"])


@pytest.mark.parametrize("over", ["stdio", "http"])
def test_an_agent_reads_and_sends_only_what_a_person_approves(server: Server, sandbox: Sandbox, over: str) -> None:
    # Phones of its own: a sandbox serves many tests.
    own = {"stdio": "62819801000", "http": "62819802000"}[over]
    shop, budi = sandbox.phone(f"{own}1"), sandbox.phone(f"{own}2", "Budi")
    server.pair(sandbox, "shop", shop)
    sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "Is it ready?"})

    async def reading(client: Client) -> None:
        assert {one.name for one in (await client.list_tools()).tools} == READS
        assert "WORKING" in (await said(client, "list_sessions"))[1]
        for tool, more in (("send_text", {"text": "x"}), ("send_file", {"url": "https://example.com/a.png"})):
            refused, why = await said(client, tool, session="shop", chat=budi, **more)
            assert refused
            assert "send or ask" in why
        refused, why = await said(client, "read_messages", session="shop")
        assert (refused, why) == (True, "read_messages was not called: chat is missing.")
        assert (await said(client, "list_chats", session="nobody"))[1] == "Session 'nobody' does not exist."

    play(server, new_key(server, "read"), over, reading)
    assert sandbox.texts(budi) == ["Is it ready?"]
    asked: list[str] = []

    async def asking(client: Client) -> None:
        assert {one.name for one in (await client.list_tools()).tools} > READS
        assert "Is it ready?" in (await said(client, "read_messages", session="shop", chat=budi))[1]
        answer = await client.call_tool("send_text", {"session": "shop", "chat": budi, "text": "Yes"})
        assert answer.structured_content is not None
        asked.append(answer.structured_content["waits for approval"])
        assert '"waiting"' in (await said(client, "approval_status", approval=asked[0]))[1]
        assert "Yes" not in sandbox.texts(budi)
        done = await asyncio.to_thread(server.http.post, f"/api/approvals/{asked[0]}/approve")
        assert done.json()["status"] == "sent"
        assert '"sent"' in (await said(client, "approval_status", approval=asked[0]))[1]

    play(server, new_key(server, "read", "ask"), over, asking)
    assert sandbox.texts(budi).count("Yes") == 1


def test_what_is_wrong_from_the_start_is_one_sentence(server: Server) -> None:
    for key, url, sentence in (
        ("no-such-key-at-all", server.url, "This key is not known here."),
        ("any-key", "http://127.0.0.1:9", "Does the server run there?"),
        ("any-key", "nowhere", "is not the address of a server"),
    ):
        done = run("mcp", TUNTAS_URL=url, TUNTAS_KEY=key)
        assert (done.returncode, done.stdout) == (1, "")
        assert sentence in done.stderr
        assert done.stderr.count("\n") == 1
    assert run("mcp").returncode == 2
    wrong = server.http.post("/mcp", headers={"X-Api-Key": "no-such-key-at-all"}, json={})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "key_missing_or_wrong")
    large = server.http.post("/mcp", content=b"x" * 2_000_000)
    assert (large.status_code, large.json()["code"]) == (413, "body_too_large")
