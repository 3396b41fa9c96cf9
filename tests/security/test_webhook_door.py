"""What the wire cannot carry, or what nobody needs so much of, is refused at the door with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.hostile import hostile, says_nothing
from support.receiver import Receiver
from support.running import Server, wait_for

StartServer = Callable[..., Server]


def put(server: Server, name: str, **hook: Any) -> Any:
    """Create a session with one webhook; return the answer."""
    document = {"name": name, "start": False, "config": {"webhooks": [{"url": "http://h/", "events": ["*"]} | hook]}}
    return server.http.post("/api/sessions", json=document)


def refusal(answer: Any) -> tuple[str, str]:
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    return error["field"], error["message"]


NAMES = {
    "Content-Length": "body",
    "content-type": "body",
    "Content-Encoding": "body",
    "Transfer-Encoding": "connection",
    "TE": "connection",
    "Trailer": "connection",
    "Connection": "connection",
    "Keep-Alive": "connection",
    "Upgrade": "connection",
    "Proxy-Authorization": "connection",
    "Proxy-Connection": "connection",
    "HOST": "receiver",
    "Expect": "body",
    "Accept-Encoding": "ours",
    "X-Webhook-Hmac": "ours",
    "x-webhook-request-id": "ours",
    "webhook-signature": "ours",
    "Idempotency-Key": "ours",
}


def test_headers_are_refused_with_the_reason_and_nothing_is_created(server: Server) -> None:
    for name, word in NAMES.items():
        field, message = refusal(put(server, "h", customHeaders=[{"name": name, "value": "1"}]))
        assert field == "body.config.webhooks.0.customHeaders.0"
        assert name in message
        assert word in message
    for name in ("", "a b", "a:b", "a\r\nb", "a\x00", "\u00e9", "(a)", "a" * 101):
        field, _ = refusal(put(server, "h", customHeaders=[{"name": name, "value": "1"}]))
        assert field == "body.config.webhooks.0.customHeaders.0.name"
    secret = "hunter2"
    for value in ("\u00e9", "\u2026", "a\r\nb: c", "a\x00b", "\x7f", "\x1b[2J", " a", "a ", "a" * 4097):
        answer = put(server, "h", customHeaders=[{"name": "X-A", "value": value + secret + value}])
        field, _ = refusal(answer)
        assert field == "body.config.webhooks.0.customHeaders.0.value"
        assert secret not in answer.text
    for url in ("http://h:0/", "http://a..b/", "ftp://h/", "http:///", "http://" + "h" * 3000 + "/"):
        field, _ = refusal(put(server, "h", url=url))
        assert field == "body.config.webhooks.0.url"
    assert server.http.get("/api/sessions", params={"all": True}).json() == []
    fine = [{"name": "Authorization", "value": "Bearer a.b-c_d=="}, {"name": "User-Agent", "value": "shop\t1"}]
    assert put(server, "fine", customHeaders=fine).status_code == 201


def test_quotas_are_settings_told_in_their_errors_and_shown_to_admins(start_server: StartServer) -> None:
    server = start_server(
        TUNTAS_MAX_SESSIONS="2",
        TUNTAS_MAX_KEYS="2",
        TUNTAS_MAX_WEBHOOKS="3",
        TUNTAS_MAX_WEBHOOK_HEADERS="2",
        TUNTAS_MAX_CONFIG_BYTES="2000",
    )
    hook = {"url": "http://h/", "events": ["*"]}

    def create(name: str, **config: Any) -> Any:
        return server.http.post("/api/sessions", json={"name": name, "start": False, "config": config})

    field, message = refusal(create("a", webhooks=[hook] * 4))
    assert (field, "TUNTAS_MAX_WEBHOOKS" in message, "3" in message) == ("body.config.webhooks", True, True)
    headers = [{"name": f"X-{number}", "value": "1"} for number in range(3)]
    field, message = refusal(create("a", webhooks=[hook | {"customHeaders": headers}]))
    assert field == "body.config.webhooks.0.customHeaders"
    assert "TUNTAS_MAX_WEBHOOK_HEADERS" in message
    field, message = refusal(create("a", metadata={"long": "x" * 2000}))
    assert (field, "TUNTAS_MAX_CONFIG_BYTES" in message) == ("body.config", True)
    field, message = refusal(create("a", webhooks=[], unknown={"long": "x" * 2000}))
    assert "TUNTAS_MAX_CONFIG_BYTES" in message

    assert create("a", webhooks=[hook] * 3).status_code == 201
    field, _ = refusal(server.http.put("/api/sessions/a", json={"config": {"webhooks": [hook] * 4}}))
    assert field == "body.config.webhooks"
    assert len(server.session("a")["config"]["webhooks"]) == 3
    assert create("b").status_code == 201
    for answer in (create("c"), server.http.post("/api/sessions/start", json={"name": "c"})):
        assert (answer.status_code, answer.json()["code"]) == (422, "quota_reached")
        assert "TUNTAS_MAX_SESSIONS" in answer.json()["detail"]
    assert create("b").json()["code"] in {"session_exists", "quota_reached"}

    secrets = [server.http.post("/api/keys", json={"name": "k", "scopes": ["read"]}).json() for _ in range(2)]
    answer = server.http.post("/api/keys", json={"name": "k", "scopes": ["read"]})
    assert (answer.status_code, "TUNTAS_MAX_KEYS" in answer.json()["detail"]) == (422, True)

    quotas = server.http.get("/api/server/status").json()["quotas"]
    assert quotas["sessions"] == {"used": 2, "limit": 2}
    assert quotas["keys"] == {"used": 2, "limit": 2}
    assert quotas["webhooksOfASession"] == {"used": 3, "limit": 3}
    limited = server.http.get("/api/server/status", headers={"X-Api-Key": secrets[0]["key"]})
    assert limited.status_code == 200
    assert "quotas" not in limited.json()


def test_stuck_receivers_are_counted_for_everybody_and_named_for_admins(start_server: StartServer) -> None:
    server = start_server(TUNTAS_WEBHOOK_STUCK_SECONDS="0.2", TUNTAS_WEBHOOK_TIMEOUT_SECONDS="0.5")
    with hostile(says_nothing) as silent:
        hook = {"url": silent.url, "events": ["*"], "retries": {"delaySeconds": 1}}
        server.create("behind", start=True, config={"webhooks": [hook]})

        def stuck() -> Any:
            ready = server.http.get("/readyz", headers={"X-Api-Key": ""})
            assert ready.status_code == 200
            return ready.json() == {"status": "ready", "webhooks": {"stuck": 1}}

        wait_for(stuck, what="the lane counts as stuck")
        assert 'tuntas_webhook_lanes{state="stuck"} 1.0' in server.http.get("/metrics").text

        def reported() -> Any:
            (lane,) = server.http.get("/api/webhooks/lanes").json()
            assert (lane["session"], lane["url"], lane["stuck"]) == ("behind", silent.url, True)
            return (lane["error"] or "").startswith("Timeout")

        wait_for(reported, what="the attempt's failure is shown")
    with Receiver() as receiver:
        hooks = [{"url": receiver.url, "events": ["*"]}]
        assert server.http.put("/api/sessions/behind", json={"config": {"webhooks": hooks}}).status_code == 200
        receiver.wait_count(1)
        wait_for(lambda: server.http.get("/api/webhooks/lanes").json() == [], what="nothing is behind any more")


@pytest.mark.parametrize("count", [20])
def test_deleting_a_session_with_dead_receivers_ends_what_waits_for_them(server: Server, count: int) -> None:
    hooks = [
        {"url": f"http://127.0.0.1:9/{number}", "events": ["*"], "retries": {"delaySeconds": 3600, "attempts": 99}}
        for number in range(count)
    ]
    server.create("gone", start=True, config={"webhooks": hooks})
    seen: dict[str, str | int] = {"session": "gone", "limit": 1000}

    def all_failed() -> bool:
        found = server.http.get("/api/webhooks/deliveries", params=seen).json()
        return len({one["url"] for one in found if one["error"]}) == count

    wait_for(all_failed, what="each was tried")
    assert server.http.delete("/api/sessions/gone").status_code == 200

    def all_dead() -> bool:
        found = server.http.get("/api/webhooks/deliveries", params=seen).json()
        return all(one["state"] == "dead" and "deleted" in one["error"] for one in found)

    wait_for(all_dead, what="all have ended with the reason")
    assert server.http.get("/api/webhooks/lanes").json() == []
