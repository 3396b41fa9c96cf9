"""People behind hidden ids have numbers, and the number that WhatsApp answers is the one that is used."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import StartServer
from support.receiver import Receiver
from support.running import Sandbox, Server, wait_for

EVENTS = ["message", "message.ack", "message.reaction", "presence.update", "group.v2.join", "group.v2.participants"]


def get(server: Server, path: str, **parameters: Any) -> Any:
    answer = server.http.get(f"/api{path}", params=parameters)
    assert answer.is_success, answer.text
    return answer.json()


def post(server: Server, path: str, **body: Any) -> Any:
    answer = server.http.post(f"/api{path}", json=body)
    assert answer.is_success, answer.text
    return answer.json()


def test_an_account_that_knows_people_by_hidden_ids_names_both_and_takes_either(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    phones = {
        number: sandbox.call("POST", "/phones", {"number": number, "name": name, **more})
        for number, name, more in (
            ("628195000001", "Toko", {"lid_migrated": True}),
            ("628195000002", "Budi", {}),
            ("628195000003", "Citra", {}),
        )
    }
    shop, budi, citra = phones
    lids = {number: f"{phone['lid']}@lid" for number, phone in phones.items()}
    with Receiver() as receiver:
        server = start_server()
        server.create("p", config={"webhooks": [{"url": receiver.url, "events": EVENTS}]})
        sandbox.scan(shop, server.qr("p"))
        server.wait_status("p", "WORKING")
        me = server.http.get("/api/sessions/p/me").json()
        assert (me["id"], me["lid"]) == (f"{shop}@c.us", lids[shop])

        sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "hello"})
        heard = receiver.wait_for("message")
        assert heard["me"]["lid"] == lids[shop]
        said = heard["payload"]
        assert (said["from"], said["fromPn"], said["pushName"]) == (lids[budi], f"{budi}@c.us", "Budi")
        assert said["toPn"] == f"{shop}@c.us"

        # Chats, contacts, presences: asked by either, told with both.
        (chat,) = get(server, "/p/chats")
        assert (chat["id"], chat["pn"]) == (lids[budi], f"{budi}@c.us")
        for who in (budi, f"{budi}@c.us", lids[budi]):
            assert get(server, f"/p/chats/{who}/messages")[-1]["body"] == "hello", who
            assert [one["id"] for one in get(server, "/p/chats/overview", ids=who)] == [lids[budi]]
            contact = get(server, "/contacts", session="p", contactId=who)
            assert (contact["number"], contact["pn"], contact["lid"]) == (budi, f"{budi}@c.us", lids[budi])
            exists = get(server, "/contacts/check-exists", session="p", phone=who)
            assert (exists["numberExists"], exists["pn"], exists["lid"]) == (True, f"{budi}@c.us", lids[budi])
            post(server, f"/p/presence/{who}/subscribe")
            assert get(server, f"/p/presence/{who}")["pn"] == f"{budi}@c.us"
            sent = server.send("p", who, f"to {who}")
            assert sent.status_code == 201, sent.text
            assert sent.json()["toPn"] == f"{budi}@c.us"
            message_id = sent.json()["id"]
            assert get(server, f"/p/chats/{who}/messages/{message_id}")["body"] == f"to {who}"
            by_number = message_id.replace(lids[budi], f"{budi}@c.us")
            assert get(server, f"/p/chats/{who}/messages/{by_number}")["id"] == message_id
            post(server, "/sendSeen", session="p", chatId=who)
            post(server, f"/p/chats/{who}/unread")
        assert receiver.wait_for("message.ack")["payload"]["toPn"] == f"{budi}@c.us"
        assert len(get(server, "/p/chats")) == 1
        assert [one["number"] for one in get(server, "/contacts/all", session="p")].count(budi) == 1

        # A group: its members, and who writes in it.
        made = post(server, "/p/groups", name="Friends", participants=[{"id": budi}, {"id": lids[citra]}])
        pairs = {one["pn"]: one["id"] for one in made["participants"]}
        assert set(pairs) == {f"{number}@c.us" for number in phones}
        assert receiver.wait_for("group.v2.join")["payload"]["group"]["ownerPn"] == f"{shop}@c.us"
        sandbox.call("POST", f"/phones/{citra}/send", {"to": made["id"], "text": "hi all"})
        said = receiver.wait_for("message", body="hi all")["payload"]
        assert (said["participant"], said["participantPn"]) == (lids[citra], f"{citra}@c.us")
        assert (said["from"], said["fromPn"], said["pushName"]) == (made["id"], None, "Citra")
        post(server, f"/p/groups/{made['id']}/participants/remove", participants=[{"id": f"{citra}@c.us"}])
        left = receiver.wait_for("group.v2.participants", type="leave")["payload"]["participants"]
        assert [one["pn"] for one in left] == [f"{citra}@c.us"]

        # The pairs.
        known = {one["lid"]: one["pn"] for one in get(server, "/p/lids")}
        assert known == {lids[number]: f"{number}@c.us" for number in phones}
        assert get(server, "/p/lids/count") == {"count": 3}
        for who in (lids[budi], lids[budi].removesuffix("@lid")):
            assert get(server, f"/p/lids/{who}") == {"lid": lids[budi], "pn": f"{budi}@c.us"}
        for who in (budi, f"+{budi}", f"{budi}@c.us"):
            assert get(server, f"/p/lids/pn/{who}") == {"lid": lids[budi], "pn": f"{budi}@c.us"}
        assert get(server, "/p/lids/999999999999999") == {"lid": "999999999999999@lid", "pn": None}
        assert get(server, "/p/lids/pn/628999999999") == {"lid": None, "pn": "628999999999@c.us"}


def test_somebody_who_hides_the_number_is_told_without_one(start_server: StartServer, sandbox: Sandbox) -> None:
    shop = sandbox.phone("628195000011", "Toko")
    budi = sandbox.call("POST", "/phones", {"number": "628195000012", "name": "Budi", "number_hidden": True})
    lid = f"{budi['lid']}@lid"
    with Receiver() as receiver:
        server = start_server()
        server.pair(sandbox, "p", shop, config={"webhooks": [{"url": receiver.url, "events": EVENTS}]})
        sandbox.call("POST", f"/phones/{budi['number']}/send", {"to": shop, "text": "who am I?"})
        said = receiver.wait_for("message")["payload"]
        assert (said["from"], said["fromPn"], said["pushName"]) == (lid, None, "Budi")
        assert get(server, "/contacts", session="p", contactId=lid)["number"] is None
        assert get(server, f"/p/lids/{lid}") == {"lid": lid, "pn": None}
        assert server.send("p", lid, "you tell me").status_code == 201


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("551187650001", "5511987650001"),
        ("5511987650002", "551187650002"),
        ("5215512340003", "525512340003"),
        ("5491123450004", "541123450004"),
    ],
)
def test_a_number_is_written_to_as_whatsapp_knows_it(
    start_server: StartServer, sandbox: Sandbox, known: str, asked: str
) -> None:
    shop = sandbox.phone(f"62819510{known[-4:]}", "Toko")
    other = sandbox.phone(f"62819520{known[-4:]}", "Citra")
    sandbox.phone(known, "Maria")
    server = start_server()
    server.pair(sandbox, "p", shop)
    exists = get(server, "/contacts/check-exists", session="p", phone=asked)
    assert (exists["numberExists"], exists["chatId"]) == (True, f"{known}@c.us")
    post(server, "/startTyping", session="p", chatId=asked)
    post(server, f"/p/presence/{asked}/subscribe")
    sent = server.send("p", asked, "oi")
    assert sent.status_code == 201, sent.text
    assert sent.json()["to"] == f"{known}@c.us"
    wait_for(lambda: sandbox.texts(known) == ["oi"], what="the message at the phone")
    made = post(server, "/p/groups", name="Amigos", participants=[{"id": asked}])
    assert {one["id"] for one in made["participants"]} == {f"{shop}@c.us", f"{known}@c.us"}
    group = f"/p/groups/{made['id']}"
    assert post(server, f"{group}/participants/add", participants=[{"id": asked}, {"id": other}])["failed"] == []
    post(server, f"{group}/admin/promote", participants=[{"id": asked}])
    roles = {one["id"]: one["role"] for one in get(server, f"{group}/participants")}
    assert roles[f"{known}@c.us"] == "admin"
    post(server, f"{group}/participants/remove", participants=[{"id": asked}])
    assert f"{known}@c.us" not in {one["id"] for one in get(server, f"{group}/participants")}
    # No chat that nobody is in; and what is asked by the other form is found.
    assert {one["id"] for one in get(server, "/p/chats")} == {f"{known}@c.us", made["id"]}
    assert [one["body"] for one in get(server, f"/p/chats/{asked}/messages")] == ["oi"]


def test_who_is_in_groups_by_invitation_only_is_named(start_server: StartServer, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628195000031"), sandbox.phone("628195000032")
    sandbox.call("POST", "/phones", {"number": "628195000033", "name": "Citra", "refuses_groups": True})
    server = start_server()
    server.pair(sandbox, "p", shop)
    made = post(server, "/p/groups", name="Team", participants=[{"id": budi}, {"id": "628195000033"}])
    assert [(one["id"], one["code"]) for one in made["failed"]] == [("628195000033@c.us", 403)]
    assert {one["pn"] for one in made["participants"]} == {f"{shop}@c.us", f"{budi}@c.us"}
