"""A server whose WhatsApp address is a page that means harm: its session may fail, and nothing else feels it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from support.hostile_page import HostileSite, document, hostile_site
from support.running import Server, browsers_of, running, wait_for

SAY = (
    "const say = (report) => globalThis.__tuntasReport?.(typeof report === 'string' ? report : JSON.stringify(report));"
)
MESSAGE = {
    "id": "false_628111000222@c.us_3EB0", "t": 1_764_000_000, "from": "628111000222@c.us", "to": "628111000111@c.us",
    "fromMe": False, "body": "hello", "ack": 1, "details": {},
}  # fmt: skip

# Each of the first ones once stopped an actor, or spoiled a list for everybody.
SPOILING = [
    {"kind": "connected", "id": "1@c.us", "pushName": {"a": [1]}},
    {"kind": "connected", "id": "1@c.us", "pushName": "half \ud83d"},
    {"kind": "connected", "id": "628111000111@c.us", "pushName": "Toko"},
    {"kind": "message", "message": MESSAGE | {"t": 1e300}},
    {"kind": "message", "message": MESSAGE | {"body": "half \ud83d"}},
    {"kind": "message", "message": MESSAGE | {"id": "i" * 500}},
    {"kind": "event", "name": "removal.purged", "payload": {"session": "other"}},
    {"kind": "message", "message": MESSAGE},
]


@pytest.fixture
def site() -> Iterator[HostileSite]:
    with hostile_site() as one:
        yield one


def served(server: Server, *names: str) -> None:
    """Require that everything that is asked of the server is answered, and quickly."""
    for path in ("/ping", "/readyz", "/api/sessions", "/api/sessions?all=true", "/metrics"):
        answer = server.http.get(path, timeout=5)
        assert answer.status_code == 200, (path, answer.text)
    assert {one["name"] for one in server.http.get("/api/sessions?all=true").json()} >= set(names)


def test_reports_that_once_spoiled_lists_and_stopped_actors_cost_themselves(tmp_path: Path, site: HostileSite) -> None:
    site.pages = {"/": document(SAY + "".join(f"say({json.dumps(json.dumps(one))});" for one in SPOILING))}
    server = Server(tmp_path / "data", site.url.rstrip("/"), TUNTAS_LIVENESS_INTERVAL_SECONDS="60")
    with running(server):
        server.create("hurt")
        server.wait_status("hurt", "WORKING")
        wait_for(lambda: server.http.get("/api/sessions/hurt").json()["me"], what="the account is known")
        served(server, "hurt")
        me = server.session("hurt")["me"]
        assert (me["id"], me["pushName"], me["lid"]) == ("628111000111@c.us", "Toko", None)
        assert "internal_error" not in server.story("hurt")
        assert 'tuntas_reports_refused_total{reason="invalid"} 6.0' in server.http.get("/metrics").text
        assert server.http.delete("/api/sessions/hurt").status_code == 200
        assert browsers_of(tmp_path / "data") == []
    assert "half" not in server.log.read_text()


def test_a_flood_ends_as_a_failed_session_and_nothing_else_feels_it(tmp_path: Path, site: HostileSite) -> None:
    site.pages = {"/": document(SAY + f"setTimeout(() => {{ for (;;) say({json.dumps({'kind': 'x'})}); }}, 100);")}
    server = Server(
        tmp_path / "data", site.url.rstrip("/"), TUNTAS_RESTART_ATTEMPTS="2", TUNTAS_RESTART_FIRST_SECONDS="0.1"
    )
    with running(server):
        before = psutil.Process(server.process.pid).memory_info().rss
        server.create("hurt")
        server.create("other", start=False)

        def is_given_up() -> bool:
            served(server, "hurt", "other")
            return server.status("hurt") == "FAILED"

        wait_for(is_given_up, what="it is given up")
        assert "page_flooded" in server.story("hurt")
        assert server.story("hurt").count("restart_after_fault") == 2
        assert psutil.Process(server.process.pid).memory_info().rss - before < 200_000_000
        assert server.log.stat().st_size < 100_000
        assert server.http.delete("/api/sessions/hurt").status_code == 200
