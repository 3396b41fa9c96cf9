"""The whole life of a session with PostgreSQL as the database."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from conftest import StartServer
from support.postgresql import Cluster
from support.receiver import Receiver
from support.running import Sandbox, run, wait_for


@pytest.fixture(scope="module")
def cluster(postgresql: Cluster) -> Cluster:
    """Return a server that is there before the test begins, which otherwise would be taken for left over."""
    return postgresql


def test_a_session_lives_survives_a_kill_and_is_deleted(
    cluster: Cluster, start_server: StartServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    url = cluster.new_database()
    first = start_server(TUNTAS_DATABASE_URL=url)
    with Receiver() as receiver:
        config = {"webhooks": [{"url": receiver.url, "events": ["message"]}]}
        first.pair(sandbox, "shop", "628110000951", config=config)
        sandbox.phone("628110000952")
        first.stop(signal.SIGKILL)
        assert not (first.data_dir / "tuntas.db").exists()

        second = start_server(TUNTAS_DATABASE_URL=url)
        second.wait_status("shop", "WORKING")
        sandbox.call("POST", "/phones/628110000952/send", {"to": "628110000951", "text": "still there?"})
        assert receiver.wait_for("message")["payload"]["body"] == "still there?"
        # Taken and noted, so that nothing is left to do for a server that stops.
        wait_for(
            lambda: [one["state"] for one in second.http.get("/api/webhooks/deliveries").json()] == ["delivered"],
            what="the delivery is noted",
        )
    data_dir = str(second.data_dir)
    checks = json.loads(run("doctor", "--json", "--data-dir", data_dir, TUNTAS_DATABASE_URL=url).stdout)
    assert [one["level"] for one in checks if one["check"].startswith("database")] == ["fine", "fine"]

    answer = second.http.delete("/api/sessions/shop")
    assert answer.status_code == 200, answer.text
    assert second.folders() == []
    second.stop()
    planned = run("cleanup", "--dry-run", "--json", "--data-dir", data_dir, TUNTAS_DATABASE_URL=url)
    assert (planned.returncode, json.loads(planned.stdout)["kept"]) == (0, []), planned.stderr


def test_a_driver_that_is_not_installed_is_named(tmp_path: Path) -> None:
    done = run("serve", "--port", "0", "--data-dir", str(tmp_path / "data"), TUNTAS_DATABASE_URL="mysql+pymysql://x/y")
    assert done.returncode == 1
    assert "driver is not installed (pymysql)" in done.stderr
