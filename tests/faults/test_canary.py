"""The canary says what a page has, and a page that was kept is the one that sessions get."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conftest import StartServer
from support.running import Sandbox, run, wait_for

OLDER = "2.3000.1044822804"


def canary(sandbox: Sandbox, *arguments: str, **more: str) -> tuple[int, dict[str, Any]]:
    done = run("canary", "--json", *arguments, timeout_seconds=90, **{"TUNTAS_WHATSAPP_URL": f"{sandbox.url}/"} | more)
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


def test_a_page_that_has_everything(sandbox: Sandbox) -> None:
    code, report = canary(sandbox)
    assert code == 0, report
    assert (report["ok"], report["usable"], report["qr"]) == (True, True, True)
    assert (report["version"], report["wa_js"], report["build"]) == ("2.3000.1099999999", "4.6.0", "1099999999")
    assert (report["required"], report["missing"], report["problem"]) == ([], {}, None)


def test_what_a_page_lacks_is_named(sandbox: Sandbox) -> None:
    sandbox.fault("missing_module", module="WAWebSendMsgChatAction")
    sandbox.fault("missing_module", module="WAWebPollsSendVoteMsgAction")
    try:
        code, report = canary(sandbox, TUNTAS_START_TIMEOUT_SECONDS="3")
    finally:
        sandbox.fault("clear", fault="missing_module")
    assert code == 1
    assert (report["ok"], report["usable"]) == (False, False)
    assert report["required"] == ["whatsapp.functions.addAndSendMsgToChat"]
    assert list(report["missing"]) == ["polls"]


def test_a_module_that_comes_late_is_waited_for(sandbox: Sandbox) -> None:
    sandbox.fault("late_module", module="WAWebSendMsgChatAction", seconds=4)
    try:
        code, report = canary(sandbox)
    finally:
        sandbox.fault("clear", fault="late_module")
    assert code == 0, report
    assert report["seconds"] > 4


def test_a_page_that_cannot_be_reached_or_wants_another_browser(sandbox: Sandbox) -> None:
    code, report = canary(sandbox, TUNTAS_WHATSAPP_URL="http://127.0.0.1:9/")
    assert code == 1
    assert report["problem"].startswith("page_unreachable")
    sandbox.fault("unsupported_page")
    try:
        code, report = canary(sandbox)
    finally:
        sandbox.fault("clear", fault="unsupported_page")
    assert code == 1
    assert report["problem"].startswith("unsupported_browser")


def test_a_file_that_holds_no_page_is_told_in_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "page"
    for content in (None, "<html>no headers</html>", "HTTP/1.1 404 Not Found\n\nno"):
        if content is not None:
            path.write_text(content)
        for command in (["canary", "--page", str(path)], ["serve", "--data-dir", str(tmp_path / "data")]):
            done = run(*command, TUNTAS_WHATSAPP_PAGE=str(path), TUNTAS_PORT="0")
            assert done.returncode == 1
            assert str(path) in done.stderr
            assert len(done.stderr.splitlines()) == 1, done.stderr


def test_sessions_get_the_page_that_was_kept_until_it_is_refused(
    start_server: StartServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.http"
    sandbox.fault("page_version", version=OLDER)
    try:
        code, report = canary(sandbox, "--save", str(kept))
        assert (code, report["version"], report["saved"]) == (0, OLDER, str(kept))
    finally:
        sandbox.fault("page_version", version=None)
    _, report = canary(sandbox, "--page", str(kept))
    assert (report["version"], report["build"]) == (OLDER, "1099999999")
    server = start_server(
        TUNTAS_WHATSAPP_PAGE=str(kept), TUNTAS_RESTART_FIRST_SECONDS="0.2", TUNTAS_LIVENESS_INTERVAL_SECONDS="1"
    )
    number = "628160000001"
    server.pair(sandbox, "kept", number)
    assert server.session("kept")["whatsappWeb"]["version"] == OLDER
    server.http.post("/api/sessions/kept/restart")
    server.wait_status("kept", "WORKING")
    assert server.session("kept")["whatsappWeb"]["version"] == OLDER
    sandbox.fault("update_required", number=number)
    wait_for(lambda: "pinned_page_refused" in server.story("kept"), what="the refusal in the story")
    sandbox.fault("clear", fault="update_required")
    server.wait_status("kept", "WORKING")
    assert server.session("kept")["whatsappWeb"]["version"] == "2.3000.1099999999"
    versions = [line["detail"] for line in server.http.get("/api/sessions/kept/history").json()]
    assert f"WhatsApp Web {OLDER}, WA-JS 4.6.0" in versions
    assert "WhatsApp Web 2.3000.1099999999, WA-JS 4.6.0" in versions
