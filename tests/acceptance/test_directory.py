"""Chats, contacts, blocking and pairing by code over HTTP, against the sandbox."""

from __future__ import annotations

import base64
from typing import Any

import httpx

from support.receiver import Receiver
from support.running import Sandbox, Server, wait_for

JPEG = base64.b64encode(b"\xff\xd8\xff\xe0 a picture \xff\xd9").decode()


def test_chats_are_listed_archived_marked_cleared_and_deleted(server: Server, sandbox: Sandbox) -> None:
    shop, ani, budi = "628130000001", "628130000002", "628130000003"
    sandbox.phone(ani, "Ani")
    sandbox.phone(budi, "Budi")
    with Receiver() as receiver:
        server.pair(sandbox, "chats", shop, config={"webhooks": [{"url": receiver.url, "events": ["*"]}]})
        for sender, text in ((ani, "first"), (budi, "second")):
            sandbox.call("POST", f"/phones/{sender}/send", {"to": shop, "text": text})
            receiver.wait_for("message", body=text)
        at_ani = f"/api/chats/chats/{ani}@c.us"

        by_name = {"sortBy": "name", "sortOrder": "asc"}
        # The event is told as soon as the message is there; the page's list of chats follows.
        wait_for(lambda: [chat_of(server, one)["unreadCount"] for one in (ani, budi)] == [1, 1], what="both are unread")
        found = server.http.get("/api/chats/chats", params=by_name).json()
        assert [(one["id"], one["name"]) for one in found] == [(f"{ani}@c.us", "Ani"), (f"{budi}@c.us", "Budi")]
        assert found[0]["unreadCount"] == 1
        assert found[0]["lastMessage"]["body"] == "first"
        second = server.http.get("/api/chats/chats", params=by_name | {"limit": 1, "offset": 1}).json()
        assert [one["name"] for one in second] == ["Budi"]

        sandbox.call("POST", f"/phones/{ani}/picture", {"data": JPEG})
        address = server.http.get(f"{at_ani}/picture").json()["url"]
        assert httpx.get(address, trust_env=False, timeout=60).content == base64.b64decode(JPEG)
        seen = server.http.get("/api/chats/chats/overview", params={"ids": ani}).json()
        assert [(one["name"], one["picture"]) for one in seen] == [("Ani", address)]
        asked = {"filter": {"ids": [budi]}, "pagination": {"limit": 5}}
        seen = server.http.post("/api/chats/chats/overview", json=asked).json()
        assert [(one["name"], one["picture"], one["lastMessage"]["body"]) for one in seen] == [("Budi", "", "second")]

        assert server.http.post(f"{at_ani}/archive").json() == {"success": True}
        event = receiver.wait_for("chat.archive", archived=True)
        assert event["payload"]["id"] == f"{ani}@c.us"
        assert server.http.post(f"{at_ani}/archive").json() == {"success": True}
        assert chat_of(server, ani)["archived"] is True
        assert server.http.post("/api/sessions/chats/restart").status_code == 201
        server.wait_status("chats", "WORKING")
        assert chat_of(server, ani)["archived"] is True
        server.http.post(f"{at_ani}/unarchive")
        receiver.wait_for("chat.archive", archived=False)
        assert chat_of(server, ani)["archived"] is False

        assert server.http.post(f"{at_ani}/unread").status_code == 201
        assert chat_of(server, ani)["unreadCount"] == -1

        assert server.http.delete(f"{at_ani}/messages").json() == {"success": True}
        assert server.http.get(f"{at_ani}/messages").json() == []
        assert chat_of(server, ani)["lastMessage"] is None
        assert server.http.delete(at_ani).json() == {"success": True}
        left = server.http.get("/api/chats/chats").json()
        assert [one["id"] for one in left] == [f"{budi}@c.us"]
        for method, path in (("DELETE", at_ani), ("POST", f"{at_ani}/archive"), ("DELETE", f"{at_ani}/messages")):
            assert problem(server.http.request(method, path)) == (404, "not_found_in_whatsapp")
        refused = server.http.get("/api/chats/chats", params={"sortBy": "colour", "limit": 0})
        assert sorted(one["field"] for one in refused.json()["errors"]) == ["query.limit", "query.sortBy"]


def test_contacts_are_found_looked_at_and_blocked(server: Server, sandbox: Sandbox) -> None:
    shop, ani = "628130000011", "628130000012"
    nobody = "628999999999"
    sandbox.phone(ani, "Ani Wijaya")
    sandbox.call("POST", f"/phones/{ani}/about", {"text": "At work"})
    sandbox.call("POST", f"/phones/{ani}/picture", {"data": JPEG})
    server.pair(sandbox, "people", shop)

    def get(path: str, **asked: Any) -> httpx.Response:
        return server.http.get(f"/api/contacts{path}", params={"session": "people"} | asked)

    exists = get("/check-exists", phone=f"+{ani}").json()
    assert exists == {"numberExists": True, "chatId": f"{ani}@c.us", "pn": f"{ani}@c.us", "lid": exists["lid"]}
    assert get("/check-exists", phone=nobody).json() == {"numberExists": False, "chatId": None}
    found = get("", contactId=ani).json()
    assert (found["id"], found["number"], found["pushname"]) == (f"{ani}@c.us", ani, "Ani Wijaya")
    assert (found["shortName"], found["isMe"], found["isBlocked"]) == ("Ani", False, False)
    assert get("", contactId=shop).json()["isMe"] is True
    assert [one["number"] for one in get("/all").json()] == [shop, ani]
    assert [one["number"] for one in get("/all", limit=1, sortOrder="desc").json()] == [ani]
    assert get("/about", contactId=ani).json() == {"about": "At work"}
    address = get("/profile-picture", contactId=ani).json()["profilePictureURL"]
    assert httpx.get(address, trust_env=False, timeout=60).headers["content-type"] == "image/jpeg"
    assert get("/profile-picture", contactId=shop).json() == {"profilePictureURL": None}
    for path in ("", "/about", "/profile-picture"):
        assert problem(get(path, contactId=nobody)) == (404, "not_found_in_whatsapp"), path
    assert get("/check-exists", phone="a number").json()["errors"][0]["field"] == "query.phone"
    assert get("/about", contactId="120363000000000000@g.us").status_code == 422

    body = {"session": "people", "contactId": f"{ani}@c.us"}
    assert server.http.post("/api/contacts/block", json=body).json() == {"success": True}
    assert get("", contactId=ani).json()["isBlocked"] is True
    sandbox.call("POST", f"/phones/{ani}/send", {"to": shop, "text": "can you hear me?"})
    assert server.http.post("/api/contacts/unblock", json=body).json() == {"success": True}
    sandbox.call("POST", f"/phones/{ani}/send", {"to": shop, "text": "and now?"})

    def texts() -> list[str]:
        return [one["body"] for one in server.http.get(f"/api/people/chats/{ani}/messages").json()]

    wait_for(texts, what="a message of somebody who is not blocked")
    assert texts() == ["and now?"]

    # What the account calls somebody: on the page, on the phone, and after a restart.
    at_ani = f"/api/people/contacts/{ani}@c.us"
    named = {"firstName": "Ani", "lastName": "from the market"}
    assert server.http.put(at_ani, json=named).json() == {"success": True}
    (saved,) = sandbox.call("GET", f"/phones/{shop}/contacts")
    assert (saved["phone"]["number"], saved["first_name"], saved["last_name"]) == (ani, "Ani", "from the market")
    found = get("", contactId=ani).json()
    assert (found["name"], found["shortName"], found["pushname"]) == ("Ani from the market", "Ani", "Ani Wijaya")
    by_phone = {"number": ani, "first_name": "Mrs Wijaya", "last_name": ""}
    sandbox.call("POST", f"/phones/{shop}/contacts/contact_save", by_phone)
    wait_for(lambda: get("", contactId=ani).json()["name"] == "Mrs Wijaya", what="the name given on the phone")
    assert server.http.put(at_ani, json={"firstName": "Ani"}).json() == {"success": True}
    assert server.http.post("/api/sessions/people/restart").is_success
    server.wait_status("people", "WORKING")
    assert get("", contactId=ani).json()["name"] == "Ani"
    assert problem(server.http.put(f"/api/people/contacts/{nobody}", json=named)) == (404, "not_found_in_whatsapp")
    for wrong in ({"firstName": " "}, {"lastName": "Wijaya"}, {"firstName": "x" * 101}):
        assert problem(server.http.put(at_ani, json=wrong)) == (422, "invalid_input"), wrong

    unknown = {"session": "people", "contactId": nobody}
    assert problem(server.http.post("/api/contacts/block", json=unknown)) == (404, "not_found_in_whatsapp")


def test_a_session_is_linked_with_a_code(server: Server, sandbox: Sandbox) -> None:
    shop = sandbox.phone("628130000021")
    server.create("code", start=False)
    assert request_code(server, shop).json()["code"] == "wrong_session_status"
    server.http.post("/api/sessions/code/start")
    server.wait_status("code", "SCAN_QR_CODE")
    assert request_code(server, "shop").json()["errors"][0]["field"] == "body.phoneNumber"
    assert problem(request_code(server, "628999999999")) == (422, "whatsapp_refused")
    replaced = request_code(server, shop).json()["code"]
    answer = request_code(server, f"+{shop}")
    assert answer.status_code == 201
    code = answer.json()["code"]
    assert [len(part) for part in code.split("-")] == [4, 4]
    old = sandbox.http.post(f"/_sandbox/phones/{shop}/link", json={"code": replaced})
    assert old.json()["error"] == "unknown_ref"
    sandbox.call("POST", f"/phones/{shop}/link", {"code": code})
    server.wait_status("code", "WORKING")
    assert server.session("code")["me"]["id"] == f"{shop}@c.us"
    assert problem(request_code(server, shop)) == (422, "wrong_session_status")


def request_code(server: Server, number: str) -> httpx.Response:
    """Ask for a code."""
    return server.http.post("/api/code/auth/request-code", json={"phoneNumber": number})


def chat_of(server: Server, number: str) -> dict[str, Any]:
    """Return one chat of the session ``chats``."""
    found = server.http.get("/api/chats/chats").json()
    return next(dict(one) for one in found if one["id"] == f"{number}@c.us")


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Return what identifies an error."""
    return answer.status_code, str(answer.json()["code"])
