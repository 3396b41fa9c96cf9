"""One run: the attack for some time, from several workers at once, beside a session that must not notice any of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench.attack.doors import DOORS
from bench.attack.report import Figures, Violation
from bench.attack.world import PARTNER, ROOT, STOP_LIMIT_SECONDS, VICTIM, Target, World

WORKERS = 5
SETTLE_SECONDS = 60.0
_ACT_SECONDS = 120.0
_ALONE = frozenset({"page", "command-line", "imports", "receivers", "flood"})
_TEXTS_PER_SECOND = 20


@dataclass(frozen=True, slots=True)
class Strike:
    """One act: its door, and the seed from which all of it follows."""

    door: str
    seed: int


def strikes(seed: int, worker: int, doors: tuple[str, ...]) -> Iterator[Strike]:
    """Yield what a worker does, one after the other; the same for the same arguments, always."""
    chance = random.Random(f"{seed}/{worker}")
    weights = [DOORS[door][0] for door in doors]
    # Every door once first, so that a short run has been at all of them.
    for door in doors[worker::WORKERS]:
        yield Strike(door, chance.randrange(2**31))
    while True:
        yield Strike(chance.choices(doors, weights)[0], chance.randrange(2**31))


@dataclass(slots=True)
class Attack:
    """A run while it lasts."""

    target: Target
    seed: int
    doors: tuple[str, ...]
    ends_at: float
    counts: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    first: dict[str, Strike] = field(default_factory=dict)
    recent: deque[tuple[float, float, Strike]] = field(default_factory=lambda: deque(maxlen=4000))
    alone: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def work(self, worker: int) -> None:
        """Strike until the time is over."""
        for strike in strikes(self.seed, worker, self.doors):
            if time.monotonic() > self.ends_at:
                return
            # One at a time of those that are heavy for the machine itself, whoever is attacked.
            lock = (
                self.alone.setdefault(strike.door, asyncio.Lock())
                if strike.door in _ALONE
                else contextlib.nullcontext()
            )
            async with lock:
                await self._strike(strike)

    async def _strike(self, strike: Strike) -> None:
        began = time.monotonic()
        try:
            async with asyncio.timeout(_ACT_SECONDS):
                found = await DOORS[strike.door][1](self.target, random.Random(strike.seed))
        except (OSError, TimeoutError, EOFError):
            found = []
        self.counts[strike.door] += 1
        self.recent.append((began, time.monotonic(), strike))
        for one in found:
            self.wrong[one] += 1
            self.first.setdefault(one, strike)

    def at(self, moment: float) -> str:
        """Say what was going on at a moment."""
        doors = Counter(strike.door for began, ended, strike in self.recent if began - 1 <= moment <= ended + 1)
        return ", ".join(f"{door} ×{count}" for door, count in doors.most_common()) or "nothing that is remembered"


def run(folder: Path, seconds: float, seed: int, doors: tuple[str, ...]) -> Figures:
    """Attack a server of its own for ``seconds`` and return what was seen."""
    world = World(folder)
    try:
        target = world.open()
        return asyncio.run(_attacked(world, target, seconds, seed, doors))
    finally:
        world.close()


async def _attacked(world: World, target: Target, seconds: float, seed: int, doors: tuple[str, ...]) -> Figures:
    server = world.server.process
    texts = [f"text {number}" for number in range(min(1000, int(seconds * _TEXTS_PER_SECOND)))]
    watch = _watch(server.pid, target, world.server.log)
    attack = Attack(target, seed, doors, time.monotonic() + seconds)
    try:
        async with asyncio.TaskGroup() as group:
            for worker in range(WORKERS):
                group.create_task(attack.work(worker), name=f"worker {worker}")
            group.create_task(_write(world, texts, seconds), name="texts")
        delivered = await _delivered(world, texts)
    finally:
        watched = await asyncio.to_thread(_end_watch, watch)
    figures = Figures(seed, seconds, dict(attack.counts), watched, len(texts), delivered == texts, len(set(delivered)))
    for said, times in attack.wrong.items():
        kind, _, detail = said.partition(": ")
        first = attack.first[said]
        figures.violations.append(Violation(kind, f"{detail} (first: {first.door}, seed {first.seed})", times))
    figures.judge_watched(attack.at)
    if not figures.in_order:
        missing = [text for text in texts if text not in set(delivered)]
        figures.break_("messages", f"{len(missing)} of {len(texts)} were not delivered, or not in order: {missing[:5]}")
    if server.poll() is not None:
        figures.break_("death", f"the server ended by itself with {server.poll()}")
    else:
        figures.stop_seconds = await asyncio.to_thread(_stop, server)
        if figures.stop_seconds is None:
            figures.break_("stop", f"it had not stopped after {STOP_LIMIT_SECONDS} s")
        if left := world.left():
            figures.break_("left over", f"processes after the stop: {', '.join(left)}")
    figures.judge_log(world.server.log)
    return figures


async def _write(world: World, texts: list[str], seconds: float) -> None:
    """Have somebody write to the victim, evenly over the time."""
    async with httpx.AsyncClient(base_url=world.sandbox.url, timeout=30, trust_env=False) as client:
        began = time.monotonic()
        for number, text in enumerate(texts):
            await asyncio.sleep(max(0.0, began + seconds * number / len(texts) - time.monotonic()))
            answer = await client.post(f"/_sandbox/phones/{PARTNER}/send", json={"to": VICTIM, "text": text})
            answer.raise_for_status()


async def _delivered(world: World, texts: list[str]) -> list[str]:
    """Return what the victim's receiver got, once it is all, or after a while."""
    ends_at = time.monotonic() + SETTLE_SECONDS
    while True:
        found = await asyncio.to_thread(world.delivered)
        if len(found) >= len(texts) or time.monotonic() > ends_at:
            return found
        await asyncio.sleep(0.5)


def _watch(pid: int, target: Target, log: Path) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "bench.attack.watch",
        str(pid),
        target.place.host,
        str(target.place.port),
        str(log),
    ]
    watch = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert watch.stdout is not None
    watch.stdout.readline()
    return watch


def _end_watch(watch: subprocess.Popen[str]) -> dict[str, Any]:
    said, _ = watch.communicate(timeout=60)
    lines = [json.loads(line) for line in said.splitlines()]
    return dict(lines[-1]) | {"peaks": [line for line in lines[:-1] if "peak_bytes" in line]}


def _stop(server: subprocess.Popen[str]) -> float | None:
    began = time.monotonic()
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(STOP_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        return None
    return time.monotonic() - began
