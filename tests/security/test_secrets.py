"""What of a configuration is a secret, who sees it, and that a mask is never stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from support.receiver import Receiver
from support.running import Server

SECRETS = ("signs-it", "in-a-header", "hunter2", "in-the-query", "proxies-it")


def hook(url: str, **more: Any) -> dict[str, Any]:
    return {
        "url": url,
        "events": ["session.status"],
        "hmac": {"key": "signs-it"},
        "customHeaders": [
            {"name": "Authorization", "value": "in-a-header"},
            {"name": "X-Shop", "value": "in-a-header"},
        ],
    } | more


def config(url: str) -> dict[str, Any]:
    return {
        "webhooks": [hook("http://127.0.0.1:9/other", hmac=None), hook(url)],
        "metadata": {"token": "of everybody"},
        "proxy": {"server": "http://u:proxies-it@proxy:8080", "username": "u", "password": "proxies-it"},
    }


@contextmanager
def as_key(server: Server, *scopes: str) -> Iterator[None]:
    """Speak with a key for these scopes only."""
    made = server.http.post("/api/keys", json={"name": "limited", "scopes": list(scopes)}).json()
    before = server.http.headers["X-Api-Key"]
    server.http.headers["X-Api-Key"] = made["key"]
    try:
        yield
    finally:
        server.http.headers["X-Api-Key"] = before


def configure(server: Server, document: dict[str, Any]) -> Any:
    return server.http.put("/api/sessions/kept", json={"config": document})


@pytest.fixture
def address() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def url_of(receiver: Receiver) -> str:
    return receiver.url.replace("http://", "http://u:hunter2@") + "?token=in-the-query&shop=in-the-query"


def create(server: Server, receiver: Receiver) -> None:
    server.create("kept", start=False, config=config(url_of(receiver)))


def stored(server: Server) -> dict[str, Any]:
    """Return the configuration as an admin sees it."""
    return dict(server.session("kept")["config"])


def test_keys_below_admin_see_no_secret_wherever_a_session_is_shown(server: Server, address: Receiver) -> None:
    create(server, address)
    seen = stored(server)
    assert seen["webhooks"][1]["url"] == url_of(address)
    assert seen["webhooks"][1]["customHeaders"][0]["value"] == "in-a-header"
    assert seen["webhooks"][1]["hmac"] == {"key": "***"}
    for scopes in (["read"], ["send", "read"], ["control", "read"]):
        with as_key(server, *scopes):
            answers = [server.http.get("/api/sessions/kept"), server.http.get("/api/sessions", params={"all": True})]
            if "control" in scopes:
                answers += [
                    server.http.post("/api/sessions/kept/stop"),
                    server.http.put("/api/sessions/kept", json={"config": server.session("kept")["config"]}),
                ]
            for answer in answers:
                assert answer.is_success, answer.text
                assert not [secret for secret in SECRETS if secret in answer.text]
                assert "of everybody" in answer.text
            shown = server.session("kept")["config"]["webhooks"][1]
            assert shown["url"] == f"http://***@127.0.0.1:{address.port}/hook?token=***&shop=***"


@pytest.mark.parametrize("scopes", [["control", "read"], ["admin"]])
def test_what_was_read_can_be_written_back_and_nothing_is_lost(
    server: Server, address: Receiver, scopes: list[str]
) -> None:
    create(server, address)
    before = stored(server)
    with as_key(server, *scopes):
        read = server.session("kept")["config"]
        read["webhooks"].reverse()
        read["webhooks"][0]["customHeaders"].reverse()
        assert configure(server, read).status_code == 200
    after = stored(server)
    assert after["webhooks"][0]["url"] == url_of(address)
    assert {one["value"] for one in after["webhooks"][0]["customHeaders"]} == {"in-a-header"}
    assert after["proxy"] == before["proxy"]
    assert server.http.post("/api/sessions/kept/start").is_success
    address.wait_count(1)
    assert address.all_signed_with("signs-it")
    assert address.headers[0]["x-shop"] == "in-a-header"


def test_a_mask_with_nothing_behind_it_is_refused_and_changes_nothing(server: Server, address: Receiver) -> None:
    create(server, address)
    before = stored(server)
    wrong: dict[str, dict[str, Any]] = {
        "webhooks.0.hmac.key": {"webhooks": [hook("http://127.0.0.1:9/other", hmac={"key": "***"})]},
        "webhooks.0.url": {"webhooks": [hook("http://***@127.0.0.1:9/other")]},
        "webhooks.1.url": {"webhooks": [hook("http://h/"), hook("http://h/?token=***")]},
        "webhooks.0.customHeaders.0.value": {
            "webhooks": [hook("http://127.0.0.1:9/other", customHeaders=[{"name": "X-Other", "value": "***"}])]
        },
        "noweb.secret": {"noweb": {"secret": "***"}},
        "proxy.password": {"proxy": {"server": "http://other:8080", "username": "u", "password": "***"}},
    }
    for place, document in wrong.items():
        answer = configure(server, document)
        assert answer.status_code == 422, answer.text
        (error,) = answer.json()["errors"]
        assert error["field"] == f"body.config.{place}"
        assert "***" in error["message"]
    assert stored(server) == before
    fresh = {"name": "fresh", "start": False, "config": {"webhooks": [hook("http://h/", hmac={"key": "***"})]}}
    assert server.http.post("/api/sessions", json=fresh).status_code == 422
    assert "fresh" not in json.dumps(server.http.get("/api/sessions", params={"all": True}).json())


def test_who_cannot_see_a_header_cannot_have_it_sent_elsewhere(server: Server, address: Receiver) -> None:
    create(server, address)
    elsewhere = {"customHeaders": [{"name": "Authorization", "value": "***"}], "hmac": {"key": "***"}}
    document = {"webhooks": [hook("http://127.0.0.1:9/other", hmac=None), hook("http://evil.example/", **elsewhere)]}
    with as_key(server, "control", "read"):
        answer = configure(server, document)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.config.webhooks.1.customHeaders.0.value"
    assert stored(server)["webhooks"][1]["url"] == url_of(address)
    assert configure(server, document).status_code == 200  # an admin corrects an address
    assert stored(server)["webhooks"][1]["customHeaders"][0]["value"] == "in-a-header"
