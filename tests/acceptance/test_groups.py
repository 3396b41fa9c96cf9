"""Groups over HTTP, against the sandbox: making, changing, writing in them, joining and leaving, and what is told."""

from __future__ import annotations

from typing import Any

import httpx

from support.receiver import Receiver
from support.running import Sandbox, Server, wait_for


class Groups:
    """The groups of one session over HTTP."""

    def __init__(self, server: Server, session: str) -> None:
        self._http = server.http
        self._prefix = f"/api/{session}/groups"

    def ask(self, method: str, path: str = "", body: Any = None, **query: Any) -> httpx.Response:
        return self._http.request(method, f"{self._prefix}{path}", json=body, params=query)

    def get(self, path: str = "", **query: Any) -> Any:
        answer = self.ask("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def do(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.ask(method, path, body)
        assert answer.is_success, answer.text
        return answer.json()

    def roles(self, group_id: str) -> dict[str, str]:
        found = self.get(f"/{group_id}/participants")
        return {one["id"].removesuffix("@c.us"): one["role"] for one in found}


def people(*numbers: str) -> dict[str, Any]:
    """Return a body that names people."""
    return {"participants": [{"id": f"{number}@c.us"} for number in numbers]}


def groups_of(sandbox: Sandbox, number: str) -> list[Any]:
    """Return the groups that a phone is in."""
    return list(sandbox.call("GET", f"/phones/{number}/groups"))


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Return what identifies an error."""
    return answer.status_code, str(answer.json()["code"])


def test_a_group_is_made_changed_written_in_and_left(server: Server, sandbox: Sandbox) -> None:
    shop, ani, budi = "628140000001", "628140000002", "628140000003"
    sandbox.phone(ani, "Ani")
    sandbox.phone(budi, "Budi")
    with Receiver() as receiver:
        server.pair(sandbox, "crowd", shop, config={"webhooks": [{"url": receiver.url, "events": ["*"]}]})
        groups = Groups(server, "crowd")
        receiver.wait_for("state.change", state="CONNECTED")
        assert groups.get() == []
        assert problem(groups.ask("POST", "", {"name": "Street"} | people("628999999999"))) == (
            404,
            "not_found_in_whatsapp",
        )
        refused = groups.ask("POST", "", {"name": "", "participants": [{"id": "x"}]}).json()
        assert {one["field"] for one in refused["errors"]} == {"body.name", "body.participants.0.id"}
        assert groups.get("/count") == {"count": 0}

        made = groups.do("POST", "", {"name": "Street"} | people(ani))
        group_id = made["id"]
        assert (made["subject"], made["owner"]) == ("Street", f"{shop}@c.us")
        assert groups.roles(group_id) == {shop: "superadmin", ani: "participant"}
        assert receiver.wait_for("group.v2.join")["payload"]["group"]["id"] == group_id
        wait_for(lambda: [one["id"] for one in groups_of(sandbox, ani)] == [group_id], what="the group on Ani's phone")

        at = f"/{group_id}"
        assert groups.do("POST", f"{at}/participants/add", people(budi, ani)) == {"success": True, "failed": []}
        older = receiver.wait_for("group.join", chatId=group_id)["payload"]
        assert (older["type"], older["author"], older["recipientIds"]) == ("add", f"{shop}@c.us", [f"{budi}@c.us"])
        told = receiver.wait_for("group.v2.participants", type="join")["payload"]
        assert told["group"] == {"id": group_id}
        assert told["participants"] == [{"id": f"{budi}@c.us", "pn": f"{budi}@c.us", "role": "participant"}]
        groups.do("POST", f"{at}/admin/promote", people(budi))
        groups.do("POST", f"{at}/admin/promote", people(budi))
        assert groups.roles(group_id)[budi] == "admin"
        groups.do("POST", f"{at}/admin/demote", people(budi))
        assert groups.roles(group_id)[budi] == "participant"
        assert receiver.wait_for("group.v2.participants", type="demote")["payload"]["participants"][0]["id"]

        groups.do("PUT", f"{at}/subject", {"subject": "Our street"})
        assert receiver.wait_for("group.v2.update")["payload"]["group"] == {"id": group_id, "subject": "Our street"}
        groups.do("PUT", f"{at}/description", {"description": "Parties and bins"})
        found = groups.get(at)
        assert (found["subject"], found["description"]) == ("Our street", "Parties and bins")
        chats = server.http.get("/api/crowd/chats").json()
        assert [(one["name"], one["isGroup"]) for one in chats] == [("Our street", True)]

        for setting, shown in (("info", "membersCanChangeInfo"), ("messages", "membersCanSendMessages")):
            path = f"{at}/settings/security/{setting}-admin-only"
            assert groups.get(path) == {"adminsOnly": False}
            groups.do("PUT", path, {"adminsOnly": True})
            assert groups.get(path) == {"adminsOnly": True}
            assert groups.get(at)[shown] is False
        silent = sandbox.http.post(f"/_sandbox/phones/{ani}/send", json={"to": group_id, "text": "may I?"})
        assert silent.json()["error"] == "not_group_admin"
        groups.do("PUT", f"{at}/settings/security/messages-admin-only", {"adminsOnly": False})

        sent = server.send("crowd", group_id, "Party on Friday")
        assert sent.status_code == 201, sent.text
        assert sent.json()["id"].startswith(f"true_{group_id}_")
        for number in (ani, budi):
            wait_for(lambda: "Party on Friday" in sandbox.texts(number), what=f"the text on {number}")  # noqa: B023
        receiver.wait_for("message.ack", id=sent.json()["id"], ackName="DEVICE")
        sandbox.call("POST", f"/phones/{ani}/read", {"chat": group_id})
        sandbox.call("POST", f"/phones/{budi}/read", {"chat": group_id})
        receiver.wait_for("message.ack", id=sent.json()["id"], ackName="READ")
        sandbox.call("POST", f"/phones/{budi}/send", {"to": group_id, "text": "I bring cake"})
        came = receiver.wait_for("message", body="I bring cake")["payload"]
        assert (came["from"], came["participant"], came["fromMe"]) == (group_id, f"{budi}@c.us", False)
        read = server.http.get(f"/api/crowd/chats/{group_id}/messages").json()
        assert [one["body"] for one in read] == ["I bring cake", "Party on Friday"]

        groups.do("POST", f"{at}/participants/remove", people(budi))
        assert receiver.wait_for("group.leave", chatId=group_id)["payload"]["type"] == "remove"
        assert receiver.wait_for("group.v2.participants", type="leave")["payload"]["participants"][0]["role"] == "left"
        assert set(groups.roles(group_id)) == {shop, ani}
        assert groups.do("POST", f"{at}/leave") == {"success": True}
        assert receiver.wait_for("group.v2.leave")["payload"]["group"] == {"id": group_id}
        assert problem(groups.ask("GET", at)) == (404, "not_found_in_whatsapp")
        assert groups.get() == []
        assert groups.do("DELETE", at) == {"success": True}
        assert server.http.get("/api/crowd/chats").json() == []
        assert problem(groups.ask("DELETE", at)) == (404, "not_found_in_whatsapp")

        short = groups.do("POST", "", {"name": "Short"} | people(ani))["id"]
        groups.do("DELETE", f"/{short}")
        assert receiver.wait_for("group.v2.leave")["payload"]["group"] == {"id": short}
        assert server.http.get("/api/crowd/chats").json() == []
        wait_for(lambda: groups_of(sandbox, ani)[0]["members"][0]["role"] == "admin", what="Ani takes over")


def test_a_group_of_others_is_joined_by_invitation_and_not_administered(server: Server, sandbox: Sandbox) -> None:
    shop, ani, budi = "628140000011", "628140000012", "628140000013"
    sandbox.phone(ani, "Ani")
    sandbox.phone(budi, "Budi")
    with Receiver() as receiver:
        server.pair(sandbox, "guest", shop, config={"webhooks": [{"url": receiver.url, "events": ["*"]}]})
        groups = Groups(server, "guest")
        made = sandbox.call("POST", f"/phones/{ani}/groups/group_create", {"subject": "Choir", "numbers": [budi]})
        group_id = made["group"]["id"]
        asked = {"group": group_id, "new": False}
        code = sandbox.call("POST", f"/phones/{ani}/groups/group_invitation", asked)["code"]

        assert problem(groups.ask("GET", "/join-info", code="nowhere")) == (404, "not_found_in_whatsapp")
        assert problem(groups.ask("POST", "/join", {"code": "nowhere"})) == (404, "not_found_in_whatsapp")
        assert problem(groups.ask("POST", "/join", {"code": "https://example.com/x"})) == (422, "invalid_input")
        info = groups.get("/join-info", code=f"https://chat.whatsapp.com/{code}")
        assert (info["id"], info["subject"], info["size"], info["participants"]) == (group_id, "Choir", 2, [])
        assert problem(groups.ask("GET", f"/{group_id}")) == (404, "not_found_in_whatsapp")
        assert groups.do("POST", "/join", {"code": code}) == {"id": group_id}
        assert receiver.wait_for("group.v2.join")["payload"]["group"]["subject"] == "Choir"
        assert groups.roles(group_id) == {ani: "superadmin", budi: "participant", shop: "participant"}
        assert [one["id"] for one in groups.get()] == [group_id]

        at = f"/{group_id}"
        for method, path, body in (
            ("POST", f"{at}/participants/remove", people(budi)),
            ("POST", f"{at}/admin/promote", people(budi)),
            ("GET", f"{at}/invite-code", None),
            ("POST", f"{at}/invite-code/revoke", None),
            ("PUT", f"{at}/settings/security/info-admin-only", {"adminsOnly": True}),
        ):
            assert problem(groups.ask(method, path, body)) == (403, "not_allowed_in_whatsapp"), path
        assert groups.roles(group_id)[budi] == "participant"

        change = {"group": group_id, "action": "promote", "numbers": [shop]}
        sandbox.call("POST", f"/phones/{ani}/groups/group_members", change)
        receiver.wait_for("group.v2.participants", type="promote")
        assert groups.get(f"{at}/invite-code") == code
        fresh = groups.do("POST", f"{at}/invite-code/revoke")
        assert fresh not in ("", code)
        assert groups.get(f"{at}/invite-code") == fresh
        assert problem(groups.ask("GET", "/join-info", code=code)) == (404, "not_found_in_whatsapp")
        assert problem(groups.ask("POST", f"{at}/participants/add", people("628999999999"))) == (
            404,
            "not_found_in_whatsapp",
        )
        sandbox.call("POST", f"/phones/{budi}/send", {"to": group_id, "text": "la"})
        receiver.wait_for("message", body="la")
        server.http.post("/api/sessions/guest/stop")
        sandbox.call("POST", f"/phones/{budi}/send", {"to": group_id, "text": "la la"})
        server.http.post("/api/sessions/guest/start")
        server.wait_status("guest", "WORKING")
        assert receiver.wait_for("message", body="la la")["payload"]["participant"] == f"{budi}@c.us"
        assert groups.roles(group_id)[shop] == "admin"
        read = server.http.get(f"/api/guest/chats/{group_id}/messages").json()
        assert [(one["body"], one["participant"]) for one in read] == [
            (text, f"{budi}@c.us") for text in ("la la", "la")
        ]
        answer = {"session": "guest", "chatId": group_id, "text": "la la la", "reply_to": read[0]["id"]}
        assert server.http.post("/api/sendText", json=answer).status_code == 201
        wait_for(lambda: "la la la" in sandbox.texts(ani), what="the answer on Ani's phone")
        assert sandbox.call("GET", f"/phones/{ani}/messages")[-1]["quoted"]["text"] == "la la"
        change = {"group": group_id, "action": "remove", "numbers": [shop]}
        sandbox.call("POST", f"/phones/{ani}/groups/group_members", change)
        receiver.wait_for("group.v2.leave")
        assert groups.get("/count") == {"count": 0}
