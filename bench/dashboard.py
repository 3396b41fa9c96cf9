"""Whether the overview stays usable with many sessions and many events.

``python -m bench.dashboard [--sessions N] [--events-per-second N] [--seconds N] [--json]``

A dashboard on a real database and event log, with sessions that are only rows; events are committed at the asked pace
while a real browser looks at the overview. Told: the share of one core that the server needs with and without somebody
who looks, how long the page's frames take, how often a row changes under the reader. Exits 1 if a bound is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.visitor import Visitor, playwright_browser  # noqa: E402
from tuntas.dashboard.app import create_dashboard  # noqa: E402
from tuntas.dashboard.context import DashboardContext  # noqa: E402
from tuntas.dashboard.last_messages import LastMessages  # noqa: E402
from tuntas.dashboard.memory import MemoryMeter  # noqa: E402
from tuntas.events import Bell, Event, EventName, Me, Message  # noqa: E402
from tuntas.foundation.clock import SystemClock, milliseconds  # noqa: E402
from tuntas.foundation.http_server import HttpServer, ServerOptions, bind  # noqa: E402
from tuntas.foundation.sub_path import SubPath  # noqa: E402
from tuntas.foundation.tickets import Tickets  # noqa: E402
from tuntas.foundation.wrong_keys import WrongKeys  # noqa: E402
from tuntas.services import Versions  # noqa: E402
from tuntas.sessions.access import Caller  # noqa: E402
from tuntas.sessions.approvals import ApprovalLimits  # noqa: E402
from tuntas.sessions.approving import Approvals  # noqa: E402
from tuntas.sessions.machine import (  # noqa: E402
    Desired,
    State,
    Status,
)
from tuntas.sessions.model import SessionConfig, SessionRecord  # noqa: E402
from tuntas.sessions.service import SessionService  # noqa: E402
from tuntas.storage import (  # noqa: E402
    Database,
    KeyStore,
    Publisher,
    SqlApprovalStore,
    SqlEventLog,
    SqlMeasurementStore,
    SqlOutbox,
    SqlSessionStore,
)
from tuntas.troubles import Troubles  # noqa: E402

KEY = "bench-key-of-enough-characters"
MOST_CORE_SHARE = 0.5
LONGEST_FRAME_P95_MS = 34.0

_FRAMES = """
(seconds) => new Promise((resolve) => {
  const frames = [];
  let changes = 0;
  new MutationObserver((found) => { changes += found.length; }).observe(
    document.getElementById("main"), {childList: true, subtree: true});
  let before = performance.now();
  const until = before + seconds * 1000;
  const next = (now) => {
    frames.push(now - before);
    before = now;
    if (now < until) requestAnimationFrame(next);
    else resolve({frames, changes});
  };
  requestAnimationFrame(next);
})
"""


@dataclass(frozen=True, slots=True)
class Rows:
    """Stands in for the sessions: rows that nobody drives."""

    records: Sequence[SessionRecord]

    def as_seen_by(self, _caller: Caller) -> Rows:
        return self

    def all(self) -> list[SessionRecord]:
        return list(self.records)

    def allowed(self, names: frozenset[str] | None) -> frozenset[str] | None:
        return names


async def _nothing_wrong() -> str | None:
    return None


async def serve(folder: Path, sessions: int, pace: float) -> None:
    """Run the dashboard and publish at this pace, until the process is ended."""
    database, clock, news = Database(f"sqlite:///{folder / 'bench.db'}"), SystemClock(), Bell()
    await database.migrate()
    store = SqlSessionStore(database, Publisher(on_news=news.ring))
    begun = clock.now() - timedelta(seconds=1)
    records = [
        SessionRecord(
            f"id{number:024}",
            f"session-{number:03}",
            SessionConfig(),
            Desired.RUNNING,
            State.WORKING,
            Status.WORKING,
            f"folder-{number:03}",
            begun,
            begun,
            reason="connected",
            me=Me(f"62811{number:07}@c.us", f"Toko {number}"),
        )
        for number in range(sessions)
    ]
    for record in records:
        await store.insert(record)
    keys = KeyStore(database, clock)
    keys.trust(KEY, "bench")
    log, outbox = SqlEventLog(database), SqlOutbox(database)
    rows = cast(SessionService, Rows(records))
    context = DashboardContext(
        sessions=rows,
        canary=cast(Any, SimpleNamespace(is_on=False)),
        keys=keys,
        approvals=Approvals(SqlApprovalStore(database), rows, clock, ApprovalLimits(1, 1, 1), news.ring),
        now=clock.now,
        open_removals=list,
        outbox=outbox,
        event_log=log,
        send_note=cast(Any, None),
        replay=cast(Any, None),
        clean_up=cast(Any, None),
        finish_removal=cast(Any, None),
        examine=list,
        on_deleted=lambda: None,
        troubles=Troubles(outbox, list, _nothing_wrong, lambda: None, clock),
        sub_path=SubPath(),
        most_file_bytes=64 * 1024 * 1024,
        ignored=frozenset(),
        read_settings=cast(Any, None),
        try_webhook=cast(Any, None),
        last_messages=LastMessages(log, lambda: (one.name for one in records)),
        memory=MemoryMeter(list, news),
        measurements=SqlMeasurementStore(database),
        news=news,
        versions=Versions("bench", "bench", "bench"),
        wrong_keys=WrongKeys(),
        sign_in_links=Tickets(600),
        sign_in_days=1.0,
        secret="bench",
    )
    server = HttpServer(create_dashboard(context), bind("127.0.0.1", 0), ServerOptions(goodbye_seconds=5))
    await server.open()
    print(server.url, flush=True)
    try:
        await _publish(store, records, pace)
    finally:
        await server.close()


async def _publish(store: SqlSessionStore, records: list[SessionRecord], pace: float) -> None:
    number, due = 0, time.monotonic()
    while True:
        number, due = number + 1, due + 1 / pace
        record = random.choice(records)
        at = milliseconds(SystemClock().now())
        message = Message(
            f"true_628@c.us_{number:020}", at // 1000, "628@c.us", "628111@c.us", from_me=True, body=f"Pesan {number}"
        )
        event = Event(EventName.MESSAGE_ANY, record.name, at, message.payload(), me=record.me, subject=message.id)
        await store.publish(replace(record, seen_until=at // 1000), [event])
        await asyncio.sleep(max(0.0, due - time.monotonic()))


def measure(url: str, process: psutil.Process, seconds: float) -> dict[str, float]:
    """Look at the overview for a while, and return what it cost and how it felt."""
    idle = _core_share(process, lambda: time.sleep(seconds / 2))
    with playwright_browser() as browser:
        visitor = Visitor(browser, url)
        begun = time.monotonic()
        page = visitor.sign_in(KEY)
        loaded = time.monotonic() - begun
        seen: dict[str, Any] = {}
        watched = _core_share(process, lambda: seen.update(page.evaluate(_FRAMES, seconds)))
        visitor.close()
    frames = sorted(seen["frames"])
    return {
        "sign_in_to_overview_seconds": round(loaded, 2),
        "core_share_unwatched": round(idle, 3),
        "core_share_watched": round(watched, 3),
        "frame_median_ms": round(frames[len(frames) // 2], 1),
        "frame_p95_ms": round(frames[int(len(frames) * 0.95)], 1),
        "frame_longest_ms": round(frames[-1], 1),
        "changes_per_second": round(seen["changes"] / seconds, 1),
    }


def _core_share(process: psutil.Process, during: Any) -> float:
    before, begun = process.cpu_times(), time.monotonic()
    during()
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / (time.monotonic() - begun)


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--events-per-second", type=float, default=50.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve is not None:
        asyncio.run(serve(asked.serve, asked.sessions, asked.events_per_second))
        return 0
    with tempfile.TemporaryDirectory(prefix="tuntas-bench-") as folder:
        counts = ["--sessions", str(asked.sessions), "--events-per-second", str(asked.events_per_second)]
        command = [sys.executable, "-m", "bench.dashboard", "--serve", folder, *counts]
        with subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, text=True) as child:
            try:
                assert child.stdout is not None
                found = measure(child.stdout.readline().strip(), psutil.Process(child.pid), asked.seconds)
            finally:
                child.terminate()
    is_fine = found["core_share_watched"] <= MOST_CORE_SHARE and found["frame_p95_ms"] <= LONGEST_FRAME_P95_MS
    print(json.dumps(found | {"ok": is_fine}) if asked.json else "\n".join(f"{k:30}{v}" for k, v in found.items()))
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
