"""How fast a full outbox gets to a good receiver, alone and beside hostile ones; ``bench.outbox`` runs it."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, func, select

from bench.receivers import ROOT, child, receiver
from tuntas.events import Event, EventName, Subscription
from tuntas.foundation.clock import SystemClock
from tuntas.foundation.identifiers import ulid
from tuntas.sessions.machine import Desired, State, Status
from tuntas.sessions.model import SessionConfig, SessionRecord
from tuntas.storage import Database, Publisher, SqlOutbox, SqlSessionStore
from tuntas.storage.tables import deliveries
from tuntas.webhooks.delivery import Deliverer

SESSIONS = 3
SPEED_EVENTS = 3000
HOSTILE_ROUNDS = 3
HOOKS_A_SESSION = 20
BAD_EVENTS = 20
BAD_KINDS = ("dead", "silent", "drip", "reset", "endless", "bomb", "error", "redirect")
SETTLED_SECONDS = 6.0


def healthy_sessions(url: str) -> list[SessionRecord]:
    """Return sessions that send everything to one receiver."""
    return [a_session(f"s{number}", Subscription(url, ("*",))) for number in range(SESSIONS)]


def a_session(name: str, *subscriptions: Subscription) -> SessionRecord:
    now = SystemClock().now()
    config = SessionConfig(subscriptions=subscriptions)
    stopped = (Desired.STOPPED, State.STOPPED, Status.STOPPED)
    return SessionRecord(ulid(), name, config, *stopped, "x", now, now)


def some_events(name: str, count: int) -> list[Event]:
    return [Event(EventName.MESSAGE, name, 1, {"body": "x" * 200}) for _ in range(count)]


def speed(folder: Path) -> float:
    """Return how many events a second get from a full outbox to a receiver that keeps its connection."""
    with receiver(0.0, 1) as url:

        async def drain() -> float:
            database = Database(f"sqlite:///{folder / 'speed.db'}")
            try:
                await database.migrate()
                outbox = SqlOutbox(database)
                store = SqlSessionStore(database, Publisher())
                for record in healthy_sessions(url):
                    await store.publish(record, some_events(record.name, SPEED_EVENTS // SESSIONS))
                begun = time.monotonic()
                async with Deliverer(outbox, SystemClock(), timeout_seconds=5, version="bench"):
                    while (await outbox.counts())["waiting"]:  # noqa: ASYNC110 - the database has no event
                        await asyncio.sleep(0.05)
                return SPEED_EVENTS / (time.monotonic() - begun)
            finally:
                database.close()

        return asyncio.run(drain())


def beside(folder: Path, hostile: int) -> float:
    """Return how many events a second get to a good receiver while ``hostile`` others are dead, slow or worse."""
    command = [sys.executable, str(ROOT / "bench" / "outbox_hostile.py")]
    with receiver(0.0, 1) as url, child(command) as bad_port:

        async def drain() -> float:
            database = Database(f"sqlite:///{folder / 'beside.db'}")
            try:
                await database.migrate()
                deliverer = Deliverer(SqlOutbox(database), SystemClock(), timeout_seconds=5, version="bench")
                store = SqlSessionStore(database, Publisher(deliverer.wake))
                async with deliverer:
                    for session in range(0, hostile, HOOKS_A_SESSION):
                        count = min(HOOKS_A_SESSION, hostile - session)
                        hooks = [Subscription(bad_address(bad_port, session + one), ("*",)) for one in range(count)]
                        record = a_session(f"bad{session}", *hooks)
                        await store.publish(record, some_events(record.name, BAD_EVENTS))
                    if hostile:
                        await asyncio.sleep(SETTLED_SECONDS)
                    # Nobody knows before its first attempt which receiver is bad; some take what they get.
                    while not all(one.failures for one in deliverer.reports()):  # noqa: ASYNC110 - the same
                        await asyncio.sleep(0.1)
                    begun = time.monotonic()
                    for record in healthy_sessions(url):
                        await store.publish(record, some_events(record.name, SPEED_EVENTS // SESSIONS))
                    while await database.run(waiting_for(url)):  # noqa: ASYNC110 - the database has no event
                        await asyncio.sleep(0.05)
                    return SPEED_EVENTS / (time.monotonic() - begun)
            finally:
                database.close()

        return asyncio.run(drain())


def bad_address(port: str, number: int) -> str:
    kind = BAD_KINDS[number % len(BAD_KINDS)]
    return f"http://127.0.0.1:{9 if kind == 'dead' else port}/{kind}/{number}"


def waiting_for(url: str) -> Callable[[Connection], int]:
    """Return a look at how many deliveries wait for one receiver."""
    lanes = deliveries.c.lane.endswith(Subscription(url, ()).id)
    query = select(func.count()).where(deliveries.c.state == "waiting", lanes)
    return lambda connection: connection.execute(query).scalar_one()


def hostile_share(folder: Path, hostile: int) -> dict[str, float]:
    """Return how fast good receivers are alone and beside hostile ones, in turns on the same machine, and the ratio."""
    alone: list[float] = []
    together: list[float] = []
    for number in range(HOSTILE_ROUNDS):
        for speeds, count in ((alone, 0), (together, hostile)):
            scratch = folder / f"hostile-{number}-{count}"
            scratch.mkdir()
            speeds.append(beside(scratch, count))
    return {
        "events_per_second_alone": statistics.median(alone),
        f"events_per_second_beside_{hostile}_hostile": statistics.median(together),
        "hostile_share": statistics.median(together) / statistics.median(alone),
    }
