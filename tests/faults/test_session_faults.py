"""What WhatsApp, the page and the phone can do to a session, and how it goes on."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest

from conftest import StartServer
from support.running import Sandbox, Server, browsers_of, wait_for

QUICK = {
    "TUNTAS_LIVENESS_INTERVAL_SECONDS": "1",
    "TUNTAS_LIVENESS_TIMEOUT_SECONDS": "1",
    "TUNTAS_CLOSE_TIMEOUT_SECONDS": "1",
    "TUNTAS_RESTART_FIRST_SECONDS": "0.2",
}


def test_phone_unlinks_the_device_and_the_session_asks_for_a_new_scan(server: Server, sandbox: Sandbox) -> None:
    number = "628130000001"
    server.pair(sandbox, "gone", number)
    pid = server.process.pid
    old_qr_count = server.story("gone").count("qr_shown")
    sandbox.call("POST", f"/phones/{number}/unlink")
    wait_for(lambda: server.story("gone").count("qr_shown") > old_qr_count, what="a new QR")
    story = server.story("gone")
    assert "unlinked" in story
    # The browser's end is proven before the keys are touched, and both before the new start.
    order = [(one["after"], one["reason"]) for one in server.http.get("/api/sessions/gone/history").json()]
    ended = order.index(("waiting", "unlinked"))
    assert order[ended - 1] == ("recovering", "unlinked")
    assert order[ended + 1][0] == "starting"
    log = server.log.read_text()
    assert log.index("browser_ended") < log.index("removal_advanced")
    session = server.session("gone")
    assert session["status"] == "SCAN_QR_CODE"
    assert session["me"] is None
    assert server.process.pid == pid
    assert server.process.poll() is None
    server.wait_trash_empty()


def test_phone_unlinks_the_device_and_the_session_stops_if_set_so(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(TUNTAS_AFTER_UNLINK="stop")
    number = "628130000002"
    server.pair(sandbox, "gone", number)
    sandbox.call("POST", f"/phones/{number}/unlink")
    server.wait_status("gone", "STOPPED")
    wait_for(lambda: server.folders() == [], what="the keys are gone")
    assert browsers_of(server.data_dir) == []


def test_a_hung_page_is_found_and_replaced(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(**QUICK)
    number = "628130000003"
    server.pair(sandbox, "hang", number)
    sandbox.fault("hang_page", number=number)
    wait_for(lambda: "page_hung" in server.story("hang"), what="page_hung in the story")
    server.wait_status("hang", "WORKING")


def test_a_crashed_page_is_replaced(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(**QUICK)
    number = "628130000004"
    server.pair(sandbox, "crash", number)
    sandbox.fault("crash_page", number=number)
    wait_for(lambda: "page_crashed" in server.story("crash"), what="page_crashed in the story")
    server.wait_status("crash", "WORKING")


def test_a_lost_connection_is_shown_and_comes_back(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(**QUICK)
    number = "628130000005"
    server.pair(sandbox, "drop", number)
    sandbox.fault("drop_socket", number=number, seconds=1)
    wait_for(lambda: "disconnected" in server.story("drop"), what="disconnected in the story")
    server.wait_status("drop", "WORKING")
    assert len(browsers_of(server.data_dir)) >= 1


def test_a_changed_whatsapp_is_a_typed_failure_that_names_what_is_missing(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    server = start_server(**QUICK, TUNTAS_START_TIMEOUT_SECONDS="3", TUNTAS_RESTART_ATTEMPTS="0")
    try:
        sandbox.fault("remove_module", module="WAWebSendMsgChatAction")
        sandbox.phone("628130000006")
        server.create("changed")
        sandbox.scan("628130000006", server.qr("changed"))
        server.wait_status("changed", "FAILED")
    finally:
        sandbox.fault("remove_module", module=None)
    session = server.session("changed")
    assert session["reason"] == "whatsapp_web_changed"
    assert session["nextTryAt"] is not None
    last = server.http.get("/api/sessions/changed/history").json()[-1]
    assert "whatsapp.functions.addAndSendMsgToChat" in last["detail"]
    assert browsers_of(server.data_dir) == []
    server.http.post("/api/sessions/changed/start")
    server.wait_status("changed", "WORKING")


def test_a_module_that_comes_late_is_waited_for(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(**QUICK)
    number = "628130000021"
    sandbox.phone(number)
    sandbox.fault("late_module", module="WAWebSendMsgChatAction", seconds=4)
    try:
        server.create("late")
        sandbox.scan(number, server.qr("late"))
        server.wait_status("late", "WORKING")
    finally:
        sandbox.fault("clear", fault="late_module")
    assert "whatsapp_web_changed" not in server.story("late")


def test_a_scan_is_seen_at_once_on_a_page_that_goes_on_loading(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(**QUICK)
    number = "628130000022"
    sandbox.phone(number)
    # WA-JS looks at a page only once nothing has been loaded for a while: not before these twelve seconds are over.
    sandbox.fault("trickle", seconds=12)
    try:
        server.create("loading")
        sandbox.scan(number, server.qr("loading"))
        wait_for(lambda: "scanned" in server.story("loading"), what="scanned in the story", limit_seconds=8)
        server.wait_status("loading", "WORKING")
    finally:
        sandbox.fault("clear", fault="trickle")
    history = server.http.get("/api/sessions/loading/history").json()
    at = {line["reason"]: datetime.fromisoformat(line["at"]) for line in history}
    assert at["connected"] - at["scanned"] > timedelta(seconds=4), "the page was loading when the scan was seen"


def was_disconnected(server: Server, name: str) -> bool:
    return "disconnected" in server.story(name)


def test_an_outage_ends_no_browser_and_needs_nobody(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(**QUICK, TUNTAS_RECONNECT_TIMEOUT_SECONDS="1", TUNTAS_NETWORK_INTERVAL_SECONDS="0.3")
    numbers = {f"away{digit}": f"62813000003{digit}" for digit in range(3)}
    for name, number in numbers.items():
        server.pair(sandbox, name, number)
    before = browsers_of(server.data_dir)
    sandbox.fault("network_down", seconds=8)
    for name in numbers:
        wait_for(partial(was_disconnected, server, name), what="disconnected in the story")
    for name in numbers:
        server.wait_status(name, "WORKING")
    assert browsers_of(server.data_dir) == before
    for name, number in numbers.items():
        assert "connection_lost" not in server.story(name)
        server.http.post("/api/sendText", json={"session": name, "chatId": f"{number}@c.us", "text": "back"})


def test_a_whatsapp_that_cannot_be_reached_is_tried_again_for_as_long_as_it_takes(
    sandbox: Sandbox, start_server: StartServer
) -> None:
    server = start_server(
        TUNTAS_RESTART_ATTEMPTS="0",
        TUNTAS_RESTART_FIRST_SECONDS="0.2",
        TUNTAS_RESTART_CEILING_SECONDS="600",
        TUNTAS_NETWORK_INTERVAL_SECONDS="0.3",
    )
    sandbox.fault("network_down", seconds=20)
    server.create("nowhere")
    wait_for(lambda: server.story("nowhere").count("page_unreachable") > 3, what="a few tries")
    session = server.session("nowhere")
    assert session["status"] == "STARTING"
    sandbox.fault("clear", fault="network_down")
    server.wait_status("nowhere", "SCAN_QR_CODE")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("temp_ban", "temporary_ban"), ("terms", "terms_not_accepted"), ("update_required", "update_required")],
)
def test_what_only_a_person_can_mend_is_told_by_its_name_and_not_restarted_into(
    start_server: StartServer, sandbox: Sandbox, fault: str, reason: str
) -> None:
    server = start_server(**QUICK)
    number = f"62813000004{len(fault) % 10}"
    server.pair(sandbox, "told", number)
    sandbox.fault(fault, number=number)
    try:
        server.wait_status("told", "FAILED")
        session = server.session("told")
        assert session["reason"] == reason
        assert session["nextTryAt"] is not None
        assert server.story("told").count("restart_after_fault") == 0
    finally:
        sandbox.fault("clear", fault=fault)
    server.http.post("/api/sessions/told/start")
    server.wait_status("told", "WORKING")


def test_a_page_whose_disk_takes_nothing_is_replaced_and_nothing_is_lost(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    server = start_server(**QUICK)
    number, friend = "628130000071", "628130000072"
    sandbox.phone(friend)
    server.pair(sandbox, "full", number)
    assert server.send("full", f"{friend}@c.us", "before").status_code == 201
    sandbox.fault("storage_failure", writes=True, number=number)
    sandbox.call("POST", f"/phones/{friend}/send", {"to": number, "text": "came while the disk was full"})
    body = {"session": "full", "chatId": f"{friend}@c.us", "text": "went once", "linkPreview": False}
    answer = server.http.post("/api/sendText", json=body, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (503, "unknown"), answer.text
    assert server.http.post(f"/api/full/chats/{friend}@c.us/archive").status_code == 507
    wait_for(lambda: "storage_failure" in server.story("full"), what="storage_failure in the story")
    sandbox.fault("clear", fault="storage_failure")
    server.wait_status("full", "WORKING")
    wait_for(
        lambda: server.http.post("/api/sendText", json=body, headers={"Idempotency-Key": "k"}).is_success,
        what="the same send again",
    )
    assert sandbox.texts(friend).count("went once") == 1
    chat = f"/api/full/chats/{friend}@c.us/messages"
    wait_for(lambda: "came while the disk was full" in server.http.get(chat).text, what="what came meanwhile")


def test_a_page_that_cannot_write_down_what_comes_in_is_replaced_and_told_again(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    server = start_server(**QUICK)
    number, friend = "628130000073", "628130000074"
    sandbox.phone(friend)
    server.pair(sandbox, "deaf-disk", number)
    sandbox.fault("storage_failure", writes=True, number=number)
    sandbox.call("POST", f"/phones/{friend}/send", {"to": number, "text": "nobody sends anything"})
    wait_for(lambda: "storage_failure" in server.story("deaf-disk"), what="storage_failure in the story")
    sandbox.fault("clear", fault="storage_failure")
    server.wait_status("deaf-disk", "WORKING")
    chat = f"/api/deaf-disk/chats/{friend}@c.us/messages"
    wait_for(lambda: "nobody sends anything" in server.http.get(chat).text, what="what came meanwhile")


def test_a_ban_that_is_over_needs_nobody(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(**QUICK)
    number = "628130000051"
    server.pair(sandbox, "banned", number)
    sandbox.fault("temp_ban", number=number, seconds=5)
    server.wait_status("banned", "FAILED")
    server.wait_status("banned", "WORKING")
    assert server.story("banned").count("temporary_ban") == 3


@pytest.mark.parametrize("after_replacement", ["ask", "take_over"])
def test_another_login_in_this_one_s_place_is_seen(
    start_server: StartServer, sandbox: Sandbox, after_replacement: str
) -> None:
    server = start_server(**QUICK, TUNTAS_AFTER_REPLACEMENT=after_replacement)
    number = f"62813000006{len(after_replacement) % 10}"
    server.pair(sandbox, "twice", number)
    sandbox.fault("replaced", number=number)
    wait_for(lambda: "replaced" in server.story("twice"), what="replaced in the story")
    if after_replacement == "ask":
        server.wait_status("twice", "FAILED")
        server.http.post("/api/sessions/twice/start")
    server.wait_status("twice", "WORKING")


def test_a_qr_page_that_went_idle_is_asked_for_new_qrs(server: Server, sandbox: Sandbox) -> None:
    number = "628130000010"
    sandbox.phone(number)
    usual = sandbox.call("POST", "/times", {})
    sandbox.call("POST", "/times", {"first_ref_seconds": 2, "next_ref_seconds": 0.3, "refs_in_a_round": 2})
    try:
        server.create("patient")
        shown: set[str] = set()

        def third_round() -> bool:
            shown.add(server.qr("patient"))
            return len(shown) > 4

        wait_for(third_round, what="new QRs")
    finally:
        sandbox.call("POST", "/times", usual)
    wait_for(lambda: scanned(sandbox, number, server.qr("patient")), what="a QR that lasts")
    server.wait_status("patient", "WORKING")
    assert "page_unreachable" not in server.story("patient")


def scanned(sandbox: Sandbox, number: str, qr: str) -> bool:
    answer = sandbox.http.post(f"/_sandbox/phones/{number}/scan", json={"qr": qr})
    return bool(answer.is_success)


def test_a_stale_lock_of_another_machine_does_not_keep_a_session_from_starting(
    server: Server, sandbox: Sandbox
) -> None:
    server.pair(sandbox, "moved", "628130000009")
    server.http.post("/api/sessions/moved/stop")
    lock = server.profiles / "moved" / "SingletonLock"
    lock.symlink_to("another-host-123")
    server.http.post("/api/sessions/moved/start")
    server.wait_status("moved", "WORKING")
    assert not lock.is_symlink() or "another-host" not in str(lock.readlink())
