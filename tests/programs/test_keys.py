"""API keys: what one is good for, for which sessions, and for how long."""

from __future__ import annotations

import json
import sqlite3

import httpx
import pytest

from conftest import StartServer
from support.running import Sandbox, Server, run, wait_for


def caller(server: Server, *scopes: str, sessions: list[str] | None = None) -> httpx.Client:
    made = server.http.post("/api/keys", json={"name": "test", "scopes": list(scopes), "sessions": sessions})
    assert made.status_code == 201, made.text
    headers = {"X-Api-Key": made.json()["key"]}
    return httpx.Client(base_url=server.url, headers=headers, timeout=30, trust_env=False)


REQUESTS = {
    "read": ("GET", "/api/sessions?all=true", None, 200),
    "send": ("POST", "/api/sendText", {"session": "none", "chatId": "628111000111@c.us", "text": "x"}, 404),
    "control": ("POST", "/api/sessions/none/stop", None, 404),
    "admin": ("GET", "/api/keys", None, 200),
}


@pytest.mark.parametrize("scope", list(REQUESTS))
def test_a_key_is_good_for_its_scope_and_for_nothing_else(server: Server, scope: str) -> None:
    with caller(server, scope) as http:
        for needed, (method, path, document, allowed) in REQUESTS.items():
            answer = http.request(method, path, json=document)
            if needed == scope or scope == "admin":
                assert answer.status_code == allowed, (needed, answer.text)
            else:
                assert answer.status_code == 403, (needed, answer.text)
                assert answer.json()["code"] == "key_not_sufficient"
                assert f"good for {scope} only" in answer.json()["detail"]


def test_a_key_for_one_session_sees_and_touches_no_other(server: Server, sandbox: Sandbox) -> None:
    server.create("mine", start=False)
    server.create("other", start=False)
    with caller(server, "read", "send", "control", sessions=["mine", "later"]) as http:
        assert [one["name"] for one in http.get("/api/sessions?all=true").json()] == ["mine"]
        for method, path in [
            ("GET", "/api/sessions/other"),
            ("GET", "/api/sessions/none"),
            ("GET", "/api/sessions/other/history"),
            ("POST", "/api/sessions/other/start"),
            ("DELETE", "/api/sessions/other"),
            ("GET", "/api/other/auth/qr"),
            ("GET", "/api/screenshot?session=other"),
        ]:
            answer = http.request(method, path)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_your_session"), path
        for path, document in [
            ("/api/sendText", {"session": "other", "chatId": "628111000111@c.us", "text": "x"}),
            ("/api/sendText", {"chatId": "628111000111@c.us", "text": "x"}),
            ("/api/sessions", {"name": "another"}),
            ("/api/sessions", {}),
            ("/api/sessions/stop", {"name": "other"}),
        ]:
            assert http.post(path, json=document).status_code == 403, path
        assert http.post("/api/sessions", json={"name": "later", "start": False}).status_code == 201
        assert http.delete("/api/sessions/mine").status_code == 200
    assert [one["name"] for one in server.http.get("/api/sessions?all=true").json()] == ["later", "other"]


def test_a_key_is_made_shown_once_used_and_revoked_from_the_terminal(start_server: StartServer) -> None:
    server = start_server()
    data = ("--data-dir", str(server.data_dir))
    made = json.loads(run("keys", "create", "bot", "--scope", "read", "--json", *data).stdout)
    assert made["scopes"] == ["read"]
    assert made["lastUsedAt"] is None
    secret = made["key"]
    assert (
        httpx.get(f"{server.url}/api/sessions", headers={"X-Api-Key": secret}, trust_env=False, timeout=60).status_code
        == 200
    )
    listed = run("keys", "list", *data).stdout
    assert "bot" in listed
    assert secret not in listed
    assert secret not in server.log.read_text()

    # It outlives the server, its use is written down, and only its fingerprint is.
    server.stop()
    with sqlite3.connect(server.data_dir / "tuntas.db") as database:
        (row,) = database.execute("SELECT * FROM keys WHERE name = 'bot'").fetchall()
    database.close()
    assert secret not in str(row)
    second = start_server()
    (key,) = [one for one in second.http.get("/api/keys").json() if one["name"] == "bot"]
    assert key["lastUsedAt"] is not None
    used = httpx.get(f"{second.url}/api/sessions", headers={"X-Api-Key": secret}, trust_env=False, timeout=60)
    assert used.status_code == 200

    assert run("keys", "revoke", "bot", *data).returncode == 0
    wait_for(lambda: not second.http.get("/api/keys").json(), what="the key is gone")
    refused = httpx.get(f"{second.url}/api/sessions", headers={"X-Api-Key": secret}, trust_env=False, timeout=60)
    assert (refused.status_code, refused.json()["code"]) == (401, "key_missing_or_wrong")
    again = run("keys", "revoke", "bot", *data)
    assert again.returncode == 1
    assert "tuntas keys list" in again.stderr


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["fly"]}, "scopes"),
        ({"name": "", "scopes": ["read"]}, "name"),
        ({"name": "x", "scopes": ["read"], "sessions": []}, "sessions"),
        ({"name": "x", "scopes": ["read"], "sessions": ["../x"]}, "sessions"),
        ({"name": "x", "scopes": ["admin"], "sessions": ["shop"]}, "admin"),
        ({"name": "x"}, "scopes"),
        ({"isAdmin": False, "session": "shop", "isActive": False}, "isActive"),
        ({"isAdmin": False, "session": "shop", "actions": {}}, "actions"),
        ({"isAdmin": False, "session": "shop", "actions": {"fly": True}}, "fly"),
        ({"isAdmin": True, "name": "x", "scopes": ["read"]}, "isAdmin"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(server: Server, document: dict[str, object], named: str) -> None:
    answer = server.http.post("/api/keys", json=document)
    assert answer.status_code == 422
    assert named in answer.text
    assert server.http.get("/api/keys").json() == []


def test_a_key_can_be_made_and_read_in_waha_s_shape(server: Server) -> None:
    asked = {"isAdmin": False, "session": "shop", "isActive": True, "actions": {"read": True, "send": True}}
    made = server.http.post("/api/keys", json=asked).json()
    assert (made["name"], made["scopes"], made["sessions"]) == ("shop", ["read", "send"], ["shop"])
    assert made["actions"] == {
        "read": True,
        "send": True,
        "control": False,
        "setting": False,
        "app": False,
        "delete": False,
    }
    with httpx.Client(base_url=server.url, headers={"X-Api-Key": made["key"]}, trust_env=False, timeout=60) as client:
        assert client.get("/api/sessions").status_code == 200
        assert client.post("/api/sessions", json={"name": "shop"}).status_code == 403
    chief = server.http.post("/api/keys", json={"isAdmin": True, "session": None, "isActive": True}).json()
    assert (chief["isAdmin"], chief["session"], chief["scopes"], chief["sessions"]) == (True, None, ["admin"], None)
    listed = server.http.get("/api/keys").json()
    assert [(one["key"], one["session"]) for one in listed] == [("***", "shop"), ("***", None)]
    assert all(one["isActive"] for one in listed)
    for one in (made, chief):
        assert server.http.delete(f"/api/keys/{one['id']}").status_code == 204


def test_a_key_is_changed_at_once_and_its_secret_stays(server: Server) -> None:
    made = server.http.post("/api/keys", json={"name": "bot", "scopes": ["read"]}).json()
    path = f"/api/keys/{made['id']}"
    with httpx.Client(base_url=server.url, headers={"X-Api-Key": made["key"]}, trust_env=False, timeout=60) as client:
        assert client.post("/api/sessions", json={"name": "shop"}).status_code == 403
        theirs = {"isAdmin": False, "session": "shop", "isActive": True, "actions": {"control": True}}
        changed = server.http.put(path, json=theirs).json()
        assert (changed["name"], changed["scopes"], changed["sessions"]) == ("bot", ["control"], ["shop"])
        assert (changed["key"], changed["id"]) == ("***", made["id"])
        assert client.get("/api/events").status_code == 403
        assert client.get("/api/keys").status_code == 403
        ours = {"name": "chief", "scopes": ["admin"]}
        assert server.http.put(path, json=ours).json()["name"] == "chief"
        assert client.get("/api/keys").json()[0]["name"] == "chief"
        refused: list[dict[str, object]] = [
            {},
            {"scopes": []},
            {"isActive": False, "isAdmin": True},
            {"scopes": ["admin"], "sessions": ["shop"]},
        ]
        for wrong in refused:
            assert server.http.put(path, json=wrong).status_code == 422
        assert client.get("/api/keys").json()[0]["scopes"] == ["admin"]
    assert server.http.put("/api/keys/nobody", json=ours).status_code == 404
    assert server.http.delete(path).status_code == 204
    assert server.http.put(path, json=ours).status_code == 404
