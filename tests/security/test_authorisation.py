"""Every operation of the document × every kind of key: made from the document, so that no route can be forgotten.

What a stream does with a key that ends while it is open is in ``test_streams``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from support.operations import CLOSED, OPERATIONS, Operation, resolved, value_of
from support.running import KEY, Server, running
from tuntas.api.app import ROUTERS
from tuntas.api.not_supported import of_sessions, of_the_server

NOWHERE = "http://127.0.0.1:9"
SCOPES = ("read", "ask", "send", "control", "admin")
FOREIGN = "theirs"
# What a key for asking may do beside looking at what it has asked.
ASKED = [one for one in CLOSED if "ask" in one.scopes[1:]]
# All that is open to everybody. Whoever adds to it should know why.
OPEN = {"/ping", "/healthz", "/readyz", "/metrics"}
OPEN_BESIDE_THE_DOCUMENT = {"/docs", "/docs/{name}", "/ws"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    child = Server(tmp_path_factory.mktemp("authorisation") / "data", NOWHERE)
    with running(child):
        child.create(FOREIGN, start=False)
        yield child


@pytest.fixture(scope="module")
def keys(server: Server) -> dict[str, str]:
    found = {scope: new_key(server, [scope])["key"] for scope in SCOPES}
    found["mine only"] = new_key(server, ["read", "send", "control"], sessions=["mine"])["key"]
    revoked = new_key(server, list(SCOPES))
    assert server.http.delete(f"/api/keys/{revoked['id']}").status_code == 204
    return found | {"revoked": revoked["key"], "wrong": "no-such-key-anywhere-at-all"}


def new_key(server: Server, scopes: list[str], sessions: list[str] | None = None) -> dict[str, Any]:
    made = server.http.post("/api/keys", json={"name": "test", "scopes": scopes, "sessions": sessions})
    assert made.status_code == 201, made.text
    return dict(made.json())


@pytest.fixture
def http(server: Server, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A client of an address of its own: wrong keys are answered late where many came from one address."""
    number = OPERATIONS.index(request.getfixturevalue("operation"))
    own = f"127.0.3.{number + 1}" if sys.platform == "linux" else None
    transport = httpx.HTTPTransport(local_address=own)
    with httpx.Client(base_url=server.url, transport=transport, timeout=60) as client:
        yield client


def status_and_code(http: httpx.Client, operation: Operation, key: str | None, **options: Any) -> tuple[int, str, str]:
    """Ask; of a stream only the beginning."""
    headers = {} if key is None else {"X-Api-Key": key}
    with http.stream(operation.method, headers=headers, **options) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return answer.status_code, "", ""
        text = answer.read().decode(errors="replace")
    code = answer.json().get("code", "") if answer.headers.get("content-type") == "application/problem+json" else ""
    return answer.status_code, code, text


@pytest.mark.parametrize("operation", CLOSED, ids=lambda one: one.name)
def test_an_operation_is_for_the_keys_that_the_document_names(
    server: Server, keys: dict[str, str], http: httpx.Client, operation: Operation
) -> None:
    # Nothing that is asked here fits, so nothing changes: what matters is who is told so.
    url = operation.address("nobody")
    options: dict[str, Any] = {"url": url, "params": operation.query("nobody")}
    if operation.body is not None:
        # The older forms pass over what they do not know, and a session has a name by default.
        options["json"] = {"nothing": "that fits", "name": 0, "session": 0}
    for kind in (None, "wrong", "revoked"):
        key = None if kind is None else keys[kind]
        assert status_and_code(http, operation, key, **options)[:2] == (401, "key_missing_or_wrong"), kind
    for scope in SCOPES:
        status, code, _ = status_and_code(http, operation, keys[scope], **options)
        if scope in (*operation.scopes, "admin"):
            assert status != 401, scope
            assert code != "key_not_sufficient", scope
            assert status < 500, scope
        else:
            assert (status, code) == (403, "key_not_sufficient"), scope
    assert [one["name"] for one in server.http.get("/api/sessions", params={"all": True}).json()] == [FOREIGN]


@pytest.mark.parametrize("operation", ASKED, ids=lambda one: one.name)
def test_whatever_a_key_for_asking_may_do_waits_for_a_person(
    server: Server, keys: dict[str, str], http: httpx.Client, operation: Operation
) -> None:
    # The session does not run: whatever went to its page in place of waiting would be refused.
    options: dict[str, Any] = {"url": operation.address(FOREIGN), "params": operation.query(FOREIGN)}
    if operation.body is not None:
        options["json"] = {**(value_of(operation.body) or {}), "session": FOREIGN}
        if "session" not in resolved(operation.body)["properties"]:
            del options["json"]["session"]
        if "preview" in options["json"]:
            options["json"]["text"] = options["json"]["preview"]["url"]
    status, _, text = status_and_code(http, operation, keys["ask"], **options)
    assert status == 202, text
    assert '"status":"waiting"' in text


def test_only_what_sends_is_for_keys_for_asking_and_what_they_asked_is_seen_by_them_alone(
    server: Server, keys: dict[str, str]
) -> None:
    looks = {one.name for one in CLOSED if one.scopes[:1] == ["ask"]}
    assert looks == {"GET /api/approvals", "GET /api/approvals/{approval}"}
    assert {one.path for one in ASKED} >= {"/api/sendText", "/api/sendFile", "/api/forwardMessage"}
    asker, other = ({"X-Api-Key": new_key(server, ["ask"])["key"]} for _ in range(2))
    body = {"session": FOREIGN, "chatId": "628111000222", "text": "mine"}
    made = httpx.post(f"{server.url}/api/sendText", json=body, headers=asker, trust_env=False, timeout=60).json()
    address = f"{server.url}/api/approvals"
    for key, seen in ((asker, 200), (other, 404), ({"X-Api-Key": keys["send"]}, 200), ({"X-Api-Key": KEY}, 200)):
        with httpx.Client(headers=key, trust_env=False, timeout=60) as client:
            assert client.get(f"{address}/{made['id']}").status_code == seen
            listed = [one["id"] for one in client.get(address, params={"session": FOREIGN}).json()]
            assert (made["id"] in listed) == (seen == 200)
            if key in (asker, other):
                assert client.post(f"{address}/{made['id']}/approve").status_code == 403
                assert client.post(f"{address}/{made['id']}/deny").status_code == 403
    mine = {"X-Api-Key": keys["mine only"]}
    for answer in (
        httpx.get(f"{address}/{made['id']}", headers=mine, trust_env=False, timeout=60),
        httpx.post(f"{address}/{made['id']}/approve", headers=mine, trust_env=False, timeout=60),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_your_session")


@pytest.mark.parametrize("operation", CLOSED, ids=lambda one: one.name)
def test_a_key_for_one_session_neither_sees_nor_touches_another(
    server: Server, keys: dict[str, str], http: httpx.Client, operation: Operation
) -> None:
    before = server.session(FOREIGN)
    options: dict[str, Any] = {"url": operation.address(FOREIGN), "params": operation.query(FOREIGN)}
    if operation.body is not None:
        body = value_of(operation.body) or {}
        names = resolved(operation.body).get("properties", {})
        for name in {"session", "name"} & set(names) if operation.path.startswith("/api/sessions") else {"session"}:
            if name in names:
                body[name] = FOREIGN
        options["json"] = body
    status, code, text = status_and_code(http, operation, keys["mine only"], **options)
    if operation.scope == "admin":
        assert (status, code) == (403, "key_not_sufficient")
    elif operation.names_a_session():
        assert (status, code) == (403, "not_your_session"), text
    else:
        assert status < 300 or code == "approval_not_found", text  # there is one in the test for it
        assert FOREIGN not in text
    assert server.session(FOREIGN) == before


def test_what_is_open_to_all_is_a_short_list() -> None:
    assert {one.path for one in OPERATIONS if one.scope is None} == OPEN
    undeclared = {route.path for router, needs in ROUTERS if needs is None for route in router.routes}  # type: ignore[attr-defined]
    assert undeclared == OPEN | OPEN_BESIDE_THE_DOCUMENT
    # What is refused by name is in no document, and is refused to those only who have a key.
    refused = {route.path for router in (of_sessions, of_the_server) for route in router.routes}  # type: ignore[attr-defined]
    declared = {route.path for router, needs in ROUTERS if needs is not None for route in router.routes}  # type: ignore[attr-defined]
    assert declared - {one.path for one in CLOSED} <= refused
    assert {one.path for one in CLOSED} <= declared


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/nothing/here", "/API/sessions", "//api/sessions", "/api/sessions/", "/api//sessions",
     "/ping/", "/openapi.json/", "/docs/../api/sessions", "/docs%2f..%2fapi%2fsessions", "/.env", "/favicon.ico"],
)  # fmt: skip
def test_an_address_that_nobody_declared_needs_a_key_too(server: Server, path: str) -> None:
    for method in ("GET", "POST", "OPTIONS", "HEAD", "TRACE"):
        answer = httpx.request(method, f"{server.url}{path}", trust_env=False, timeout=60)
        assert answer.status_code in (401, 404, 422), (method, answer.status_code)
        assert FOREIGN not in answer.text


def test_the_web_socket_is_for_keys_that_may_look_and_for_their_own_sessions(
    server: Server, keys: dict[str, str]
) -> None:
    url = f"{server.url.replace('http', 'ws', 1)}/ws"
    for kind in (None, "wrong", "revoked", "send", "control"):
        query = "" if kind is None else f"?x-api-key={keys[kind]}"
        with pytest.raises(InvalidStatus), connect(f"{url}{query}", proxy=None):
            pass
    with pytest.raises(InvalidStatus), connect(f"{url}?session={FOREIGN}&x-api-key={keys['mine only']}", proxy=None):
        pass
    for query in (f"x-api-key={keys['read']}", f"session={FOREIGN}&x-api-key={KEY}", f"x-api-key={keys['mine only']}"):
        with connect(f"{url}?{query}", proxy=None) as socket:
            assert socket.protocol.state.name == "OPEN"


def test_counts_of_deliveries_are_those_of_the_key_s_own_sessions(server: Server, keys: dict[str, str]) -> None:
    webhook = {"url": "http://127.0.0.1:9/", "events": ["*"]}
    server.create("counted", config={"webhooks": [webhook]})  # it starts, which is an event
    server.http.delete("/api/sessions/counted")
    own = httpx.get(
        f"{server.url}/health", headers={"X-Api-Key": keys["mine only"]}, trust_env=False, timeout=60
    ).json()
    assert set(own["deliveries"].values()) == {0}
    assert sum(server.http.get("/health").json()["deliveries"].values()) > 0
