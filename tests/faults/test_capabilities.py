"""What WhatsApp's page at hand can do: known, shown, and refused by name where it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import StartServer
from support.running import Sandbox, Server, run, wait_for

QUICK = {"TUNTAS_LIVENESS_INTERVAL_SECONDS": "1", "TUNTAS_RESTART_FIRST_SECONDS": "0.2"}
BUDI = "628150000099"


def missing(server: Server, name: str) -> Any:
    capabilities = server.session(name)["capabilities"]
    return None if capabilities is None else capabilities["missing"]


def test_a_module_that_is_missing_for_good_takes_only_what_needs_it(server: Server, sandbox: Sandbox) -> None:
    number = "628150000001"
    sandbox.phone(BUDI)
    sandbox.fault("remove_module", module="WAWebPollsSendVoteMsgAction")
    try:
        server.pair(sandbox, "nopolls", number)
    finally:
        sandbox.fault("remove_module", module=None)
    session = server.session("nopolls")
    assert session["capabilities"]["missing"] == {"polls": ["WAWebPollsSendVoteMsgAction.sendVote"]}
    assert {"reactions", "groups", "files"} <= set(session["capabilities"]["available"])
    assert session["whatsappWeb"] == {"version": "2.3000.1099999999", "waJs": "4.6.0"}
    listed = next(one for one in server.http.get("/api/sessions").json() if one["name"] == "nopolls")
    assert listed["capabilities"] == session["capabilities"]
    shown = run("sessions", "show", "nopolls", "--data-dir", str(server.data_dir)).stdout
    assert "cannot do now: polls" in shown
    assert "WhatsApp Web 2.3000.1099999999, WA-JS 4.6.0" in shown
    details = [line["detail"] for line in server.http.get("/api/sessions/nopolls/history").json()]
    assert "WhatsApp Web 2.3000.1099999999, WA-JS 4.6.0" in details
    to = f"{BUDI}@c.us"
    poll = {"name": "Tea?", "options": ["yes", "no"], "multipleAnswers": False}
    answer = server.http.post(
        "/api/sendPoll", json={"session": "nopolls", "chatId": to, "poll": poll}, headers={"Idempotency-Key": "p1"}
    )
    assert answer.status_code == 501, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["capability"]) == ("not_capable", "polls")
    assert server.send("nopolls", to, "words go").status_code == 201
    assert sandbox.texts(BUDI) == ["words go"]
    # The key was not used up: the page that has polls again sends with it.
    server.http.post("/api/sessions/nopolls/restart")
    server.wait_status("nopolls", "WORKING")
    assert missing(server, "nopolls") == {}
    again = server.http.post(
        "/api/sendPoll", json={"session": "nopolls", "chatId": to, "poll": poll}, headers={"Idempotency-Key": "p1"}
    )
    assert again.status_code == 201, again.text


def test_calls_that_are_no_messages_are_refused_too(server: Server, sandbox: Sandbox) -> None:
    number = "628150000002"
    sandbox.fault("remove_module", module="WAWebSendReactionMsgAction")
    try:
        server.pair(sandbox, "noreact", number)
    finally:
        sandbox.fault("remove_module", module=None)
    sent = server.send("noreact", f"{number}@c.us", "note").json()
    asked = {"session": "noreact", "messageId": sent["id"], "reaction": "👍"}
    answer = server.http.put("/api/reaction", json=asked)
    assert answer.status_code == 501, answer.text
    assert answer.json()["capability"] == "reactions"


def test_a_capability_whose_module_comes_late_is_there_then(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(**QUICK)
    number = "628150000003"
    sandbox.fault("late_module", module="WAWebSendReactionMsgAction", seconds=8)
    try:
        server.pair(sandbox, "late", number)
        assert missing(server, "late") == {"reactions": ["whatsapp.functions.sendReactionToMsg"]}
        wait_for(lambda: missing(server, "late") == {}, what="the late capability")
    finally:
        sandbox.fault("clear", fault="late_module")
    sent = server.send("late", f"{number}@c.us", "note").json()
    asked = {"session": "late", "messageId": sent["id"], "reaction": "👍"}
    assert server.http.put("/api/reaction", json=asked).is_success


@pytest.mark.parametrize("seconds", [4, 30])
def test_what_every_session_needs_is_waited_for(start_server: StartServer, sandbox: Sandbox, seconds: int) -> None:
    server = start_server(**QUICK)
    number = f"6281500000{10 + seconds}"
    sandbox.phone(number)
    sandbox.fault("late_module", module="WAWebSendMsgChatAction", seconds=seconds)
    try:
        server.create("waits")
        sandbox.scan(number, server.qr("waits"))
        server.wait_status("waits", "WORKING", limit_seconds=60)
    finally:
        sandbox.fault("clear", fault="late_module")
    story = server.story("waits")
    assert "whatsapp_web_changed" not in story
    assert story.count("connected") == 1
    assert missing(server, "waits") == {}


def test_a_session_whose_page_lacked_what_it_needs_is_healed_by_another_build(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    server = start_server(
        **QUICK,
        TUNTAS_START_TIMEOUT_SECONDS="3",
        TUNTAS_RESTART_ATTEMPTS="0",
        TUNTAS_PAGE_INTERVAL_SECONDS="0.5",
    )
    number = "628150000004"
    sandbox.phone(number)
    sandbox.fault("remove_module", module="WAWebSendMsgChatAction")
    try:
        server.create("healed")
        sandbox.scan(number, server.qr("healed"))
        server.wait_status("healed", "FAILED")
        wait_for(
            lambda: sandbox.call("GET", "/state")["counters"]["requests"].get("/sw.js", 0) > 1,
            what="a look at the build",
        )
        assert server.status("healed") == "FAILED", "the same build is not tried again"
    finally:
        sandbox.fault("remove_module", module=None)
    server.wait_status("healed", "WORKING")
    assert "page_changed" in server.story("healed")
