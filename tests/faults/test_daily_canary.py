"""The server looks at WhatsApp's page by itself, tells what is wrong with it, and leaves nothing behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from conftest import StartServer
from support.receiver import Receiver
from support.running import Sandbox, Server, browsers_of, tree_of, wait_for

OFTEN = {"TUNTAS_CANARY_HOURS": "0.0003", "TUNTAS_START_TIMEOUT_SECONDS": "4"}
SELDOM = {"TUNTAS_CANARY_HOURS": "1000"}
REQUIRED = "WAWebSendMsgChatAction"


@contextmanager
def missing(sandbox: Sandbox, module: str) -> Iterator[None]:
    sandbox.fault("missing_module", module=module)
    try:
        yield
    finally:
        sandbox.fault("clear", fault="missing_module")


def canary(server: Server) -> dict[str, Any]:
    return dict(server.http.get("/api/server/status").json()["canary"])


def wait_verdict(server: Server, wanted: str) -> dict[str, Any]:
    wait_for(lambda: canary(server)["verdict"] == wanted, what=f"a page that is {wanted}")
    return canary(server)


def kinds(server: Server) -> list[str]:
    return [one["kind"] for one in server.http.get("/api/troubles").json()]


def wait_nothing_left(server: Server) -> None:
    wait_for(lambda: not browsers_of(server.data_dir) and not remains(server), what="browser and profile are gone")


def remains(server: Server) -> list[str]:
    return [one.name for one in server.data_dir.iterdir() if one.name.startswith("canary") and one.is_dir()]


def test_a_required_module_that_is_missing_is_told_everywhere_until_it_is_back(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    with Receiver() as receiver:
        server = start_server(**OFTEN, TUNTAS_ALERT_WEBHOOK_URL=receiver.url, TUNTAS_ALERT_AFTER_SECONDS="0")
        looked = wait_verdict(server, "fine")
        assert (looked["version"], looked["waJs"], looked["lacks"], looked["missing"]) == (
            "2.3000.1099999999",
            "4.6.0",
            [],
            {},
        )
        assert kinds(server) == []
        assert "tuntas_canary_page_usable 1.0" in server.http.get("/metrics").text
        with missing(sandbox, REQUIRED):
            lacks = wait_verdict(server, "unusable")["lacks"]
            assert lacks == ["whatsapp.functions.addAndSendMsgToChat"]
            assert kinds(server) == ["page_unusable"]
            told = receiver.wait_for("alert", kind="page_unusable")["payload"]
            assert lacks[0] in told["text"]
            assert "tuntas_canary_page_usable 0.0" in server.http.get("/metrics").text
            assert "canary_unusable" in server.log.read_text()
        wait_verdict(server, "fine")
        receiver.wait_for("alert.resolved", kind="page_unusable")
        assert kinds(server) == []
        assert server.http.get("/api/sessions").json() == []
        assert server.stop() == 0
    assert (remains(server), tree_of(server.data_dir)) == ([], [])


def test_what_sessions_can_do_without_is_told_and_is_no_trouble(start_server: StartServer, sandbox: Sandbox) -> None:
    with missing(sandbox, "WAWebPollsSendVoteMsgAction"):
        server = start_server(**OFTEN)
        assert list(wait_verdict(server, "lacking")["missing"]) == ["polls"]
        assert kinds(server) == []
        assert "tuntas_canary_page_missing 1.0" in server.http.get("/metrics").text


def test_without_a_network_no_browser_is_started_and_nothing_is_told(start_server: StartServer) -> None:
    server = start_server(**OFTEN, TUNTAS_WHATSAPP_URL="http://127.0.0.1:9/")
    wait_for(lambda: canary(server)["problem"], what="the look")
    seen = canary(server)
    assert seen["problem"].startswith("page_unreachable")
    assert (seen["verdict"], kinds(server)) == (None, [])
    assert not (server.data_dir / "canary").exists()


def test_it_is_off_where_it_is_set_to_never(start_server: StartServer) -> None:
    server = start_server(TUNTAS_CANARY_HOURS="0")
    assert server.http.get("/api/server/status").json()["canary"] is None
    assert "tuntas_canary" not in server.http.get("/metrics").text
    assert not (server.data_dir / "canary.json").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_ends_while_it_looks_leaves_nothing_for_long(
    start_server: StartServer, sandbox: Sandbox, number: signal.Signals
) -> None:
    with missing(sandbox, REQUIRED):
        server = start_server(**OFTEN | {"TUNTAS_START_TIMEOUT_SECONDS": "60"})
        wait_for(lambda: tree_of(server.data_dir), what="the canary's browser")
        wait_for(lambda: (server.data_dir / "canary" / "Default").exists(), what="its profile")
        server.stop(number)
        if number is signal.SIGTERM:
            assert (remains(server), tree_of(server.data_dir)) == ([], [])
            return
        assert remains(server) == ["canary"]
        again = start_server(**SELDOM)
        wait_nothing_left(again)


def test_what_was_found_outlives_a_restart_and_is_not_looked_for_again(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    with missing(sandbox, REQUIRED):
        server = start_server(**OFTEN)
        found = wait_verdict(server, "unusable")
        server.stop()
    server = start_server(**SELDOM)
    wait_for(lambda: canary(server)["lookedAt"], what="what was kept")
    assert canary(server)["since"] == found["since"]
    assert kinds(server) == ["page_unusable"]
    assert browsers_of(server.data_dir) == []
