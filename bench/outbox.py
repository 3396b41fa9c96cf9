"""Whether events get lost, messages go out twice, and how fast the outbox is.

``python -m bench.outbox [--messages N] [--kills N] [--seed N] [--json]``, ``python -m bench.outbox --hostile 200``

The soak: three sessions on the sandbox, N messages, half of them coming in and half going out with an
``Idempotency-Key``, while the server is killed (SIGKILL) and started again and the receiver fails a third of its
answers. Then every message that came in must have been told, in its order, a repeated one under the same event id; and
every message that was sent must have arrived exactly once, in its order. The server's memory is watched after the last
kill. The speed: how fast a full outbox gets to a receiver that keeps its connection, and how long a message takes from
a phone to the receiver while nothing else happens. The hostile mix: the same speed beside receivers that are dead,
silent, drip, reset or answer without end, as a share of the speed without them, in turns in one run. Exits 1 if
anything was lost, doubled or out of order, or if a bound is broken.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from bench.outbox_speed import hostile_share, speed  # noqa: E402
from bench.receivers import receiver, seen  # noqa: E402
from support.running import Sandbox, Server, running, wait_for  # noqa: E402
from tuntas.foundation.logs import configure  # noqa: E402

SESSIONS = 3
FAILING_SHARE = 1 / 3
SETTLE_SECONDS = 300.0
LEAST_EVENTS_PER_SECOND = 500.0
LONGEST_LATENCY_SECONDS = 0.05
FLAT_SHARE = 0.1
LATENCY_MESSAGES = 50
LEAST_HOSTILE_SHARE = 0.9


@dataclass
class Soak:
    """Three sessions, what is to go through them, and the server of the moment."""

    sandbox: Sandbox
    data_dir: Path
    url: str
    each: int
    server: Server = field(init=False)
    done: int = 0
    doubled_answers: int = 0
    memory: list[int] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        self.server = Server(self.data_dir, self.sandbox.url)

    def begin(self) -> None:
        self.start()
        hook = {"url": self.url, "events": ["message"], "retries": {"delaySeconds": 0.05, "attempts": 1000}}
        for number in range(SESSIONS):
            self.sandbox.phone(customer(number))
            config = {"webhooks": [hook], "sends": {"perMinute": 0}}
            self.server.pair(self.sandbox, f"s{number}", shop(number), config=config)

    def count(self) -> None:
        with self._lock:
            self.done += 1

    def come_in(self, session: int) -> None:
        for number in range(self.each):
            message = {"to": shop(session), "text": f"in {number}"}
            self.sandbox.call("POST", f"/phones/{customer(session)}/send", message)
            self.count()
            # As fast as the others can follow; a queue of thousands would only hide what a kill cuts off.
            while number - self.told(session) > 200:
                time.sleep(0.2)

    def told(self, session: int) -> int:
        return sum(1 for one in seen(self.url) if one[1] == f"s{session}")

    def go_out(self, session: int) -> None:
        for number in range(self.each):
            self.send(session, number)
            self.count()

    def send(self, session: int, number: int) -> None:
        document = {
            "session": f"s{session}",
            "chatId": customer(session),
            "text": f"out {number}",
            "linkPreview": False,
        }
        headers = {"Idempotency-Key": f"{session}-{number}"}
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = self.server.http.post("/api/sendText", json=document, headers=headers)
            except (httpx.TransportError, RuntimeError):
                time.sleep(0.2)
                continue
            if answer.status_code == 201:
                return
            time.sleep(0.2)
        message = f"message {number} of session {session} did not go out"
        raise AssertionError(message)

    def kill(self) -> None:
        self.server.process.kill()
        self.server.process.wait()
        assert self.server.process.stdout is not None
        self.server.process.stdout.close()
        self.start()

    def watch_memory(self, stop: threading.Event) -> None:
        while not stop.wait(1.0):
            self.memory.append(psutil.Process(self.server.process.pid).memory_info().rss)


def shop(session: int) -> str:
    return f"62811100000{session}"


def customer(session: int) -> str:
    return f"62822200000{session}"


def soak(folder: Path, messages: int, kills: int, seed: int) -> dict[str, Any]:
    chance = random.Random(seed)
    each = messages // (2 * SESSIONS)
    begun = time.monotonic()
    with receiver(FAILING_SHARE, seed) as url:
        sandbox = Sandbox(folder)
        with running(sandbox):
            world = Soak(sandbox, folder / "data", url, each)
            world.begin()
            try:
                _through(world, chance, kills, each)
                result = _judge(world)
            finally:
                world.server.stop()
    return result | {"messages": each * 2 * SESSIONS, "kills": kills, "seconds": time.monotonic() - begun}


def _through(world: Soak, chance: random.Random, kills: int, each: int) -> None:
    total = each * 2 * SESSIONS
    # All kills in the first half: the second shows the server's memory.
    moments = sorted(chance.uniform(0.02, 0.5) * total for _ in range(kills))
    stop = threading.Event()
    with ThreadPoolExecutor(2 * SESSIONS + 1) as pool:
        work = [pool.submit(world.come_in, number) for number in range(SESSIONS)]
        work += [pool.submit(world.go_out, number) for number in range(SESSIONS)]
        for number, moment in enumerate(moments, start=1):
            while world.done < moment and not all(one.done() for one in work):
                time.sleep(0.05)
            world.kill()
            print(f"kill {number} of {kills} at {world.done} of {total}", flush=True)
            time.sleep(chance.uniform(0.5, 4.0))
        watching = pool.submit(world.watch_memory, stop)
        for one in work:
            one.result()
        stop.set()
        watching.result()


def _judge(world: Soak) -> dict[str, Any]:
    expected = [f"in {number}" for number in range(world.each)]

    def all_told() -> bool:
        arrived = {(session, body) for _, session, body, _ in seen(world.url)}
        return len(arrived) >= SESSIONS * world.each

    try:
        wait_for(all_told, what="everything is told", limit_seconds=SETTLE_SECONDS)
    except AssertionError:
        print("not everything was told in time", flush=True)
    told = seen(world.url)
    lost = doubled = disordered = out_lost = out_doubled = out_disordered = 0
    for session in range(SESSIONS):
        ids: dict[str, str] = {}
        for event_id, name, body, _ in told:
            if name == f"s{session}":
                ids.setdefault(event_id, body)
        bodies = list(ids.values())
        lost += len(set(expected) - set(bodies))
        doubled += len(bodies) - len(set(bodies))
        disordered += bodies != sorted(bodies, key=lambda body: int(body.split()[1]))
        arrived = [text for text in world.sandbox.texts(customer(session)) if text.startswith("out ")]
        out_lost += world.each - len(set(arrived))
        out_doubled += len(arrived) - len(set(arrived))
        out_disordered += arrived != sorted(arrived, key=lambda text: int(text.split()[1]))
    quarter = max(1, len(world.memory) // 4)
    growth = statistics.mean(world.memory[-quarter:]) / statistics.mean(world.memory[:quarter]) if world.memory else 1.0
    return {
        "events_lost": lost,
        "events_doubled_under_another_id": doubled,
        "sessions_with_events_out_of_order": disordered,
        "repeated_with_the_same_id": len(told) - len({one[0] for one in told}),
        "sends_lost": out_lost,
        "sends_doubled": out_doubled,
        "sessions_with_sends_out_of_order": out_disordered,
        "memory_last_over_first_quarter": growth,
    }


def latency(folder: Path) -> float:
    """Return the median time in seconds from a phone's message to its webhook's arrival, nothing else happening."""
    with receiver(0.0, 1) as url:
        sandbox = Sandbox(folder)
        with running(sandbox):
            server = Server(folder / "idle", sandbox.url)
            with running(server):
                sandbox.phone(customer(0))
                config = {"webhooks": [{"url": url, "events": ["message"]}]}
                server.pair(sandbox, "s0", shop(0), config=config)
                times = []
                for number in range(LATENCY_MESSAGES):
                    begun = time.monotonic()
                    message = {"to": shop(0), "text": str(number)}
                    sandbox.call("POST", f"/phones/{customer(0)}/send", message)
                    wait_for(lambda wanted=number: len(seen(url)) > wanted, what="it has arrived")  # type: ignore[misc]
                    times.append(seen(url)[number][3] - begun)
                return statistics.median(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000, help="messages of the soak, in and out together")
    parser.add_argument("--kills", type=int, default=20, help="how often the server is killed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--hostile", type=int, default=0, metavar="N", help="only: what N hostile receivers cost good ones"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    configure(level="error")
    with tempfile.TemporaryDirectory(prefix="tuntas-outbox-") as scratch:
        folder = Path(scratch)
        if asked.hostile:
            result: dict[str, Any] = dict(hostile_share(folder, asked.hostile))
        else:
            result = soak(folder, asked.messages, asked.kills, asked.seed) if asked.messages else {}
            result["events_per_second"] = speed(folder)
            result["latency_seconds"] = latency(folder)
    if asked.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(
                f"{name.replace('_', ' '):45s} {value:>12.3f}"
                if isinstance(value, float)
                else f"{name.replace('_', ' '):45s} {value:>12}"
            )
    wrong = [
        name
        for name in result
        if name.startswith(("events_lost", "events_doubled", "sessions_", "sends_")) and result[name]
    ]
    wrong += ["memory"] if abs(result.get("memory_last_over_first_quarter", 1.0) - 1) > FLAT_SHARE else []
    wrong += (
        ["events_per_second"]
        if result.get("events_per_second", LEAST_EVENTS_PER_SECOND) < LEAST_EVENTS_PER_SECOND
        else []
    )
    wrong += ["latency_seconds"] if result.get("latency_seconds", 0.0) > LONGEST_LATENCY_SECONDS else []
    wrong += ["hostile_share"] if result.get("hostile_share", 1.0) < LEAST_HOSTILE_SHARE else []
    if wrong:
        print(f"broken: {', '.join(wrong)}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
