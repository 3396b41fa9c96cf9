"""Wishes that meet: two starts, a deletion during a start, two deletions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from support.running import Sandbox, Server, browsers_of, wait_for


def test_two_simultaneous_starts_give_one_browser_ten_times(server: Server, sandbox: Sandbox) -> None:
    server.create("twin", start=False)
    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            answers = list(pool.map(lambda _: server.http.post("/api/sessions/twin/start"), range(2)))
            assert [answer.status_code for answer in answers] == [201, 201]
            names = {answer.json()["name"] for answer in answers}
            assert names == {"twin"}
            server.wait_status("twin", "SCAN_QR_CODE")
            assert len(server.http.get("/api/browsers").json()) == 1
            server.http.post("/api/sessions/twin/stop")
            assert browsers_of(server.data_dir) == []
    assert server.story("twin").count("start_requested") == 10


@pytest.mark.parametrize("round_", range(3))
def test_delete_during_start_leaves_nothing_and_nothing_comes_back(server: Server, round_: int) -> None:
    name = f"brief{round_}"
    assert server.create(name)["status"] == "STARTING"
    answer = server.http.delete(f"/api/sessions/{name}")
    assert answer.status_code == 200, answer.text
    assert browsers_of(server.data_dir) == []
    assert server.folders() == []
    assert server.http.get(f"/api/sessions/{name}").status_code == 404
    server.wait_trash_empty()
    assert server.folders() == []


def test_stop_during_start_wins(server: Server) -> None:
    server.create("halted")
    assert server.http.post("/api/sessions/halted/stop").json()["status"] == "STOPPED"
    assert browsers_of(server.data_dir) == []


def test_two_deletions_of_one_session_are_both_told_that_it_is_gone(server: Server) -> None:
    server.create("once")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: server.http.delete("/api/sessions/once"), range(2)))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert server.folders() == []


def test_a_deleted_name_is_free_at_once(server: Server, sandbox: Sandbox) -> None:
    server.pair(sandbox, "name", "628120000001")
    assert server.http.delete("/api/sessions/name").status_code == 200
    assert server.create("name")["status"] == "STARTING"
    server.wait_status("name", "SCAN_QR_CODE")
    wait_for(lambda: server.folders() == ["name"], what="one folder, the new one")


def test_wishes_that_contradict_each_other_are_all_answered_soon(server: Server) -> None:
    server.create("busy")
    server.wait_status("busy", "SCAN_QR_CODE")
    with ThreadPoolExecutor(4) as pool:
        verbs = ["stop", "start", "restart", "stop"]
        answers = list(pool.map(lambda verb: server.http.post(f"/api/sessions/busy/{verb}"), verbs))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"superseded"}
    server.http.post("/api/sessions/busy/stop")
    assert browsers_of(server.data_dir) == []
