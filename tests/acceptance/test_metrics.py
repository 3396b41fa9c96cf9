"""What ``/metrics`` counts while things happen, as Prometheus reads it."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from conftest import StartServer
from support.metrics import measured
from support.receiver import Receiver
from support.running import Sandbox, Server, browsers_of, wait_for

ROOT = Path(__file__).parents[2]


def test_sends_webhooks_browsers_and_restarts_are_counted(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server()
    with Receiver() as receiver:
        config = {"webhooks": [{"url": receiver.url, "events": ["message.any"]}]}
        server.pair(sandbox, "counted", "628110000971", config=config)
        sandbox.phone("628110000972")
        assert server.send("counted", "628110000972", "one").status_code == 201
        receiver.wait_for("message.any")
        wait_for(
            lambda: measured(server)["tuntas_webhook_deliveries", "delivered"] == 1, what="the delivery is counted"
        )
    before = measured(server)
    assert before["tuntas_send_seconds_count", ""] == 1
    assert 0 < before["tuntas_send_seconds_sum", ""] < 30
    assert before["tuntas_webhook_seconds_count", "delivered"] == 1
    assert before["tuntas_webhook_seconds_count", "failed"] == 0
    assert before["tuntas_webhook_oldest_age_seconds", ""] == 0
    assert before["tuntas_browsers", ""] == 1
    assert before["tuntas_browser_processes", ""] >= 2
    assert before["tuntas_browser_memory_bytes", ""] > 10_000_000
    os.kill(browsers_of(server.data_dir)[0], signal.SIGKILL)
    wait_for(
        lambda: measured(server).get(("tuntas_restarts_total", "browser_ended")) == 1, what="the restart is counted"
    )


def test_an_event_that_waits_has_an_age(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server()
    with Receiver(answers=[500] * 100) as receiver:
        retries = {"policy": "constant", "delaySeconds": 30, "attempts": 10}
        hook = {"url": receiver.url, "events": ["session.status"], "retries": retries}
        server.create("waits", config={"webhooks": [hook]})
        wait_for(lambda: measured(server)["tuntas_webhook_seconds_count", "failed"] == 1, what="the failure is counted")
        wait_for(lambda: measured(server)["tuntas_webhook_oldest_age_seconds", ""] > 0, what="it has waited")


def test_the_grafana_dashboard_asks_only_for_metrics_that_there_are(server: Server) -> None:
    dashboard = json.loads((ROOT / "docs" / "grafana" / "tuntas.json").read_text(encoding="utf-8"))
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"\b(?:tuntas|process)_\w+", target["expr"])
    }
    answer = server.http.get("/metrics").text
    known = {
        word
        for family in text_string_to_metric_families(answer)
        for word in (family.name, *(sample.name for sample in family.samples))
    }
    # A labelled counter has no sample before its first count; its family is there.
    assert {name for name in asked if name.removesuffix("_total") not in known and name not in known} == set()
    assert len(asked) >= 12
