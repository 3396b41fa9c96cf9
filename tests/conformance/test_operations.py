"""WAHA's clients find every operation that they know: done, or refused with a sentence; never an unknown address."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from docs.generate import waha_operations
from docs.waha import EVENTS, OPERATIONS

from support.running import Sandbox, Server, running
from tuntas.api.app import TOOLS_PATH

PERSON = "628111000222@c.us"
ANYTHING = {"session": "shop", "id": "120363000000000000@g.us", "chatId": PERSON, "chat_id": PERSON}
# An answer that only a route gives: the session or the thing asked for is not there, the body is not right.
REFUSED_BY_A_ROUTE = {"session_not_found", "invalid_input", "not_supported", "not_found"}

# Agents speak a protocol of their own.
HTTP_OPERATIONS = [one for one in OPERATIONS if one[1] != TOOLS_PATH]

# What the page of operations says of each that is not here.
_TOLD = re.findall(r"^\| `(.+?)` \| (.+?) \| .*\|$", waha_operations(), re.MULTILINE)
REFUSED = {operation: here for operation, here in _TOLD if here not in ("yes", "an older form")}


@pytest.fixture(scope="module")
def empty_server(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("conformance"), sandbox.url)
    with running(server):
        yield server


@pytest.mark.parametrize(
    ("method", "path"), HTTP_OPERATIONS, ids=[f"{method} {path}" for method, path in HTTP_OPERATIONS]
)
def test_an_operation_of_waha_is_known(empty_server: Server, method: str, path: str) -> None:
    address = re.sub(r"\{(\w+)\}", lambda found: ANYTHING.get(found.group(1), "1"), path)
    # Nothing is to happen: this name is none that a session may have.
    body = {"name": "!"} if method in ("POST", "PUT") else None
    answer = empty_server.http.request(method, address, json=body)
    if answer.is_success:
        return
    problem = answer.json()
    assert problem["code"] in REFUSED_BY_A_ROUTE, answer.text
    assert problem["detail"] != "Not Found", "an address that is not known"
    assert answer.status_code != 501 or f"{method} {path}" in REFUSED, "the page of operations says that it is here"


def test_agents_are_answered_where_waha_answers_them(empty_server: Server) -> None:
    assert ("POST", TOOLS_PATH) in OPERATIONS
    asked = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}},
    }
    accepts = {"Accept": "application/json, text/event-stream"}
    answer = empty_server.http.post(TOOLS_PATH, json=asked, headers=accepts)
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["serverInfo"]["name"] == "tuntas"
    assert "tools" in answer.json()["result"]["capabilities"]
    nobody = empty_server.http.post(TOOLS_PATH, json=asked, headers=accepts | {"X-Api-Key": "wrong"})
    assert nobody.status_code == 401


@pytest.mark.parametrize("operation", sorted(REFUSED))
def test_what_is_not_supported_says_what_the_page_of_operations_says(empty_server: Server, operation: str) -> None:
    empty_server.http.post("/api/sessions", json={"name": "resting", "start": False})
    method, path = operation.split(" ")
    address = re.sub(r"\{\w+\}", "1", path.replace("{session}", "resting"))
    answer = empty_server.http.request(method, address)
    assert answer.status_code == 501, answer.text
    problem = answer.json()
    assert problem["message"] == problem["detail"] == REFUSED[operation]
    assert len(problem["detail"].split()) > 3


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_of_waha_may_be_subscribed_to_and_is_told_of_where_it_never_happens(
    empty_server: Server, event: str
) -> None:
    name = re.sub(r"\W", "-", event)
    config = {"webhooks": [{"url": "http://127.0.0.1:9/", "events": [event, "message"]}]}
    made = empty_server.http.post("/api/sessions", json={"name": name, "start": False, "config": config})
    assert made.status_code == 201, made.text
    assert made.json()["config"]["webhooks"][0]["events"] == [event, "message"]
    ignored = made.headers.get("X-Tuntas-Ignored", "")
    unknown = empty_server.http.put(
        f"/api/sessions/{name}",
        json={"config": {"webhooks": [{"url": "http://127.0.0.1:9/", "events": [f"{event}.typo"]}]}},
    )
    assert unknown.status_code == 422
    assert ignored in ("", f"config.webhooks.events.{event}")
