"""An account that WhatsApp restricts: told, asked for, and first contacts answered with when to come again."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from conftest import StartServer
from support.receiver import Receiver
from support.running import Sandbox, Server, wait_for

HOUR_SECONDS = 3600


def send(server: Server, name: str, to: str, text: str, key: str | None = None) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    asked = {"session": name, "chatId": to, "text": text, "linkPreview": False}
    return server.http.post("/api/sendText", json=asked, headers=headers)


def restricted_by(server: Server, name: str) -> Any:
    return (server.session(name)["me"] or {}).get("reachoutTimelock")


def writes(sandbox: Sandbox, server: Server, name: str, friend: str, number: str, text: str) -> None:
    """Let a phone write to a session's account, until its page has it."""
    sandbox.call("POST", f"/phones/{friend}/send", {"to": number, "text": text})
    address = f"/api/{name}/chats/{friend}@c.us/messages"
    wait_for(lambda: text in server.http.get(address, params={"limit": 10}).text, what=f"{text!r} has come")


def require_refused(answer: httpx.Response, restriction: str, seconds: float) -> None:
    assert (answer.status_code, answer.json()["code"]) == (429, "account_restricted"), answer.text
    assert answer.json()["restriction"] == restriction
    assert seconds - 60 <= int(answer.headers["Retry-After"]) <= seconds + 1


def test_a_timelocked_account_answers_those_who_wrote_and_says_when_to_come_again_for_others(
    server: Server, sandbox: Sandbox
) -> None:
    with Receiver() as receiver:
        _timelocked(server, sandbox, receiver)


def _timelocked(server: Server, sandbox: Sandbox, receiver: Receiver) -> None:
    number, friend, stranger = "628161000001", "628161000002", "628161000003"
    sandbox.phone(friend)
    sandbox.phone(stranger)
    hook = {"url": receiver.url, "events": ["session.status"]}
    server.pair(sandbox, "locked", number, config={"webhooks": [hook]})
    assert restricted_by(server, "locked") is None
    writes(sandbox, server, "locked", friend, number, "are you open?")
    sandbox.fault("timelock", number=number, seconds=HOUR_SECONDS, enforcement_type="WEB_COMPANION_ONLY")
    locked = wait_for(lambda: restricted_by(server, "locked"), what="me.reachoutTimelock")
    assert (locked["isActive"], locked["enforcementType"]) == (True, "WEB_COMPANION_ONLY")
    assert abs(locked["timeEnforcementEnds"] - time.time() - HOUR_SECONDS) < 60
    assert server.http.get("/api/sessions/locked/timelock").json() == locked
    assert server.http.get("/api/sessions/locked/me").json()["reachoutTimelock"] == locked

    answer = send(server, "locked", stranger, "buy something")
    require_refused(answer, "reachout_timelock", HOUR_SECONDS)
    assert send(server, "locked", friend, "we are").status_code == 201
    assert (sandbox.texts(stranger), sandbox.texts(friend)) == ([], ["are you open?", "we are"])

    told = receiver.wait_for(
        "session.status", status="WORKING", data={"reachoutTimelock": locked, "messageCapping": None}
    )
    assert told["me"]["reachoutTimelock"] == locked
    assert server.status("locked") == "WORKING"

    sandbox.fault("clear", fault="timelock")
    wait_for(lambda: restricted_by(server, "locked") is None, what="free again")
    assert send(server, "locked", stranger, "hello").status_code == 201
    assert server.story("locked")[-2:] == ["reachout_timelock", "restriction_lifted"]
    assert server.http.get("/api/sessions/locked/timelock").json()["isActive"] is False


def test_a_capped_account_goes_on_in_the_chats_that_it_has(server: Server, sandbox: Sandbox) -> None:
    number, first, second = "628161000011", "628161000012", "628161000013"
    sandbox.phone(first)
    sandbox.phone(second)
    server.pair(sandbox, "capped", number)
    sandbox.fault("capping", number=number, quota=1, seconds=HOUR_SECONDS)
    wait_for(lambda: server.session("capped")["me"]["messageCapping"], what="me.messageCapping")
    assert send(server, "capped", first, "the only new chat").status_code == 201
    wait_for(lambda: "message_capping" in server.story("capped"), what="told in the story")
    require_refused(send(server, "capped", second, "one too many"), "message_capping", HOUR_SECONDS)
    writes(sandbox, server, "capped", first, number, "yes?")
    assert send(server, "capped", first, "go on").status_code == 201
    assert sandbox.texts(second) == []
    capping = server.http.get("/api/sessions/capped/capping").json()
    assert (capping["cappingStatus"], capping["totalQuota"], capping["usedQuota"]) == ("CAPPED", 1, 1)
    assert server.session("capped")["me"]["messageCapping"] == capping


def test_what_only_whatsapp_s_server_knows_is_told_by_the_same_answer(server: Server, sandbox: Sandbox) -> None:
    number, stranger = "628161000021", "628161000022"
    sandbox.phone(stranger)
    # A page that judges nothing itself, as some accounts are given: the server's 463 comes back.
    sandbox.fault("missing_module", module="WAWebReachoutTimelockUtils")
    try:
        server.pair(sandbox, "unaware", number)
        sandbox.fault("timelock", number=number, seconds=HOUR_SECONDS)
        require_refused(send(server, "unaware", stranger, "buy"), "reachout_timelock", HOUR_SECONDS)
        wait_for(lambda: restricted_by(server, "unaware"), what="me.reachoutTimelock")
        # Nothing of it is known by the key: it is asked anew when it is over.
        require_refused(send(server, "unaware", stranger, "later", key="later"), "reachout_timelock", HOUR_SECONDS)
        sandbox.fault("clear", fault="timelock")
        assert send(server, "unaware", stranger, "later", key="later").status_code == 201
        assert sandbox.texts(stranger) == ["later"]
    finally:
        sandbox.fault("remove_module", module=None)


def test_a_line_goes_on_past_those_who_may_not_be_written_to_and_keeps_its_order(
    server: Server, sandbox: Sandbox
) -> None:
    number, friend = "628161000031", "628161000032"
    strangers = [sandbox.phone(f"6281610000{at}") for at in range(33, 39)]
    sandbox.phone(friend)
    server.pair(sandbox, "line", number, config={"sends": {"perMinute": 60, "atOnce": 6}})
    writes(sandbox, server, "line", friend, number, "hi")
    sandbox.fault("timelock", number=number, seconds=HOUR_SECONDS)
    wait_for(lambda: restricted_by(server, "line"), what="me.reachoutTimelock")
    begun = time.monotonic()
    refused = [send(server, "line", stranger, "buy").status_code for stranger in strangers]
    assert refused == [429] * len(strangers)
    with ThreadPoolExecutor(1) as pool:
        answers = list(pool.map(lambda at: send(server, "line", friend, f"{at}").status_code, range(5)))
    assert answers == [201] * 5
    assert sandbox.texts(friend) == ["hi", "0", "1", "2", "3", "4"]
    # Eleven sends at this pace would take five seconds: those that were refused spent nothing of it.
    assert time.monotonic() - begun < 20


def test_a_restriction_is_known_after_the_server_s_death_and_its_key_sends_once_when_it_is_over(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    number, stranger = "628161000041", "628161000042"
    sandbox.phone(stranger)
    first = start_server(TUNTAS_KILL_AT="send.begun")
    first.pair(sandbox, "killed", number)
    sandbox.fault("timelock", number=number, seconds=HOUR_SECONDS)
    locked = wait_for(lambda: restricted_by(first, "killed"), what="me.reachoutTimelock")
    with pytest.raises(httpx.TransportError):
        send(first, "killed", stranger, "pay 5", key="order-1")
    assert first.process.wait(30) != 0
    second = start_server()
    assert restricted_by(second, "killed") == locked, "told before the page is up"
    second.wait_status("killed", "WORKING")
    for _ in range(2):
        require_refused(send(second, "killed", stranger, "pay 5", key="order-1"), "reachout_timelock", HOUR_SECONDS)
    sandbox.fault("clear", fault="timelock")
    wait_for(lambda: restricted_by(second, "killed") is None, what="free again")
    answers = [send(second, "killed", stranger, "pay 5", key="order-1") for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert sandbox.texts(stranger) == ["pay 5"]


def groups(server: Server, name: str, path: str, body: Any) -> httpx.Response:
    return server.http.post(f"/api/{name}/groups{path}", json=body)


@pytest.mark.parametrize("judge", ["page", "server"])
def test_a_timelocked_account_makes_and_joins_no_group_adds_nobody_and_goes_on_in_those_it_has(
    server: Server, sandbox: Sandbox, judge: str
) -> None:
    number, friend = f"62816100005{len(judge)}", f"62816100006{len(judge)}"
    name = f"groups-{judge}"
    sandbox.phone(friend)
    people = {"participants": [{"id": f"{friend}@c.us"}]}
    if judge == "server":  # a page that judges nothing itself: the server's 463 comes back
        sandbox.fault("missing_module", module="WAWebReachoutTimelockUtils")
    try:
        server.pair(sandbox, name, number)
        own = groups(server, name, "", {"name": "Ours", **people}).json()["id"]
        invited = sandbox.call("POST", f"/phones/{friend}/groups/group_create", {"subject": "Theirs", "numbers": []})
        theirs = {"group": invited["group"]["id"], "new": False}
        code = sandbox.call("POST", f"/phones/{friend}/groups/group_invitation", theirs)["code"]
        sandbox.call("POST", f"/phones/{friend}/groups/group_leave", {"group": own})
        sandbox.fault("timelock", number=number, seconds=HOUR_SECONDS)
        if judge == "page":
            wait_for(lambda: restricted_by(server, name), what="me.reachoutTimelock")
        for path, body in (
            ("", {"name": "New", **people}),
            (f"/{own}/participants/add", people),
            ("/join", {"code": code}),
        ):
            require_refused(groups(server, name, path, body), "reachout_timelock", HOUR_SECONDS)
        wait_for(lambda: restricted_by(server, name), what="me.reachoutTimelock")
        assert send(server, name, own, "we go on").status_code == 201
        assert len(server.http.get(f"/api/{name}/groups").json()) == 1
        sandbox.fault("clear", fault="timelock")
        if judge == "page":
            wait_for(lambda: restricted_by(server, name) is None, what="free again")
        assert groups(server, name, f"/{own}/participants/add", people).is_success
        assert groups(server, name, "/join", {"code": code}).is_success
        assert groups(server, name, "", {"name": "New", **people}).status_code == 201
    finally:
        sandbox.fault("remove_module", module=None)
