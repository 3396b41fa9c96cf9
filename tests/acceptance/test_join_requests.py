"""Who asks to be let into a group, and who may add people: over HTTP, on a real page."""

from __future__ import annotations

from typing import Any

import httpx

from support.receiver import Receiver
from support.running import Sandbox, Server, wait_for

EVENT = "group.v2.participants.join-request"


def people(*numbers: str) -> dict[str, Any]:
    return {"participants": [{"id": number} for number in numbers]}


def test_people_ask_to_be_let_in_and_are_or_are_not(server: Server, sandbox: Sandbox) -> None:
    shop, ani, budi, citra = (sandbox.phone(f"62812910000{place}") for place in range(4))
    with Receiver() as receiver:
        config = {"webhooks": [{"url": receiver.url, "events": [EVENT, "group.v2.update", "group.v2.participants"]}]}
        server.pair(sandbox, "gate", shop, config=config)

        def ask(method: str, path: str, body: Any = None) -> httpx.Response:
            return server.http.request(method, f"/api/gate/groups{path}", json=body)

        def done(method: str, path: str, body: Any = None) -> Any:
            answer = ask(method, path, body)
            assert answer.is_success, answer.text
            return answer.json()

        at = f"/{done('POST', '', {'name': 'Street'} | people(ani))['id']}"
        approval, requests = f"{at}/settings/security/membership-approval", f"{at}/participants/join-requests"
        assert done("GET", approval) == {"newMembersApprovalRequired": False}
        done("PUT", approval, {"newMembersApprovalRequired": True})
        assert done("GET", approval) == {"newMembersApprovalRequired": True}
        told = receiver.wait_for("group.v2.update")["payload"]["group"]
        assert told == {"id": at[1:], "newMembersApprovalRequired": True}
        assert done("GET", requests) == []

        code = done("GET", f"{at}/invite-code")
        for number in (budi, citra):
            assert sandbox.call("POST", f"/phones/{number}/groups/group_join", {"code": code})["pending"] is True
            told = receiver.wait_for(EVENT, requesterId=f"{number}@c.us")["payload"]
            assert (told["action"], told["group"], told["requesterPn"]) == ("created", {"id": at[1:]}, f"{number}@c.us")
        found = done("GET", requests)
        assert [one["requesterId"] for one in found] == [f"{budi}@c.us", f"{citra}@c.us"]
        assert (found[0]["requestMethod"], found[0]["addedById"]) == ("invite_link", f"{budi}@c.us")

        decided = done("POST", f"{requests}/approve", people(budi, ani))
        assert decided == [
            {"requesterId": f"{budi}@c.us", "success": True, "error": None},
            {"requesterId": f"{ani}@c.us", "success": False, "error": 404},
        ]
        joined = receiver.wait_for("group.v2.participants", type="join")["payload"]
        assert joined["participants"][0]["id"] == f"{budi}@c.us"
        assert done("POST", f"{requests}/reject", people(citra))[0]["success"] is True
        assert receiver.wait_for(EVENT, requesterId=f"{citra}@c.us")["payload"]["action"] == "rejected"
        assert {one["id"] for one in done("GET", f"{at}/participants")} == {f"{one}@c.us" for one in (shop, ani, budi)}
        assert done("GET", requests) == []

        sandbox.call("POST", f"/phones/{citra}/groups/group_join", {"code": code})
        sandbox.call("POST", f"/phones/{citra}/groups/group_withdraw", {"group": at[1:]})
        assert receiver.wait_for(EVENT, action="revoked")["payload"]["requesterId"] == f"{citra}@c.us"
        assert ask("POST", f"{requests}/approve", people()).status_code == 422


def test_a_member_adds_people_where_members_may(server: Server, sandbox: Sandbox) -> None:
    shop, ani, budi, citra = (sandbox.phone(f"62812920000{place}") for place in range(4))
    server.pair(sandbox, "member", shop)
    made = sandbox.call("POST", f"/phones/{ani}/groups/group_create", {"subject": "Choir", "numbers": [shop]})
    group = made["group"]["id"]
    at = f"/api/member/groups/{group}"
    wait_for(lambda: server.http.get(at).is_success, what="the group")
    mode = f"{at}/settings/security/member-add-mode"
    for path, body in (
        (mode, {"membersCanAddNewMember": True}),
        (f"{at}/settings/security/membership-approval", {"newMembersApprovalRequired": True}),
    ):
        refused = server.http.put(path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed_in_whatsapp"), refused.text
    refused = server.http.get(f"{at}/participants/join-requests")
    assert refused.status_code == 403, refused.text
    assert server.http.post(f"{at}/participants/add", json=people(budi)).status_code == 403

    setting = {"group": group, "setting": "member_add_mode", "on": True}
    sandbox.call("POST", f"/phones/{ani}/groups/group_setting", setting)
    wait_for(lambda: server.http.get(mode).json() == {"membersCanAddNewMember": True}, what="the new setting")
    added = server.http.post(f"{at}/participants/add", json=people(citra))
    assert added.status_code == 201, added.text
    assert f"{citra}@c.us" in [one["id"] for one in server.http.get(f"{at}/participants").json()]
    wait_for(
        lambda: sandbox.call("GET", f"/phones/{citra}/groups")[0]["id"] == group, what="the group on Citra's phone"
    )
