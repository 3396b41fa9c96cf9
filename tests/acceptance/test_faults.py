"""What WhatsApp, the page and the phone can do to a session, and how it goes on."""

from __future__ import annotations

from pathlib import Path

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
    server = start_server(**QUICK)
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
    last = server.http.get("/api/sessions/changed/history").json()[-1]
    assert "whatsapp.functions.addAndSendMsgToChat" in last["detail"]
    assert browsers_of(server.data_dir) == []
    server.http.post("/api/sessions/changed/start")
    server.wait_status("changed", "WORKING")


def test_a_whatsapp_that_cannot_be_reached_ends_in_failed_with_the_reason(
    tmp_path: Path, sandbox: Sandbox, start_server: StartServer
) -> None:
    server = start_server(
        TUNTAS_WHATSAPP_URL="http://127.0.0.1:9/", TUNTAS_RESTART_ATTEMPTS="2", TUNTAS_RESTART_FIRST_SECONDS="0.1"
    )
    server.create("nowhere")
    server.wait_status("nowhere", "FAILED")
    assert server.session("nowhere")["reason"] == "page_unreachable"
    assert server.story("nowhere").count("page_unreachable") == 2 * 3 + 1
    assert browsers_of(server.data_dir) == []


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
