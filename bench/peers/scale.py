"""Many sessions at once on one server: a staggered boot, a minute of messages to each, and the end of all of them.

Only Tuntas: the other contestant's memory and times are told for 20 sessions. What the machine does meanwhile is told
as processor time of the whole machine.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import psutil

from bench.peers.contestant import STEP_SECONDS, end, pair_all
from bench.peers.figures import TUNTAS
from bench.peers.samples import percentile
from bench.peers.trees import Below, Role, cpu_seconds, memory
from bench.peers.tuntas import Tuntas
from bench.peers.world import World
from bench.receivers import receiver, seen
from support.running import wait_for

WRITERS = 4
BETWEEN_SECONDS = 2.0
"""Each session gets a message so often."""
SETTLE_SECONDS = 5.0
MEGABYTES_EACH, MEGABYTES_KEPT = 130, 2000


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many sessions, which get messages for so long."""

    sessions: int
    seconds: float


def measure(world: World, crowd: Crowd) -> None:
    """Do all of it once; with fewer sessions, and a note, where the memory is not enough."""
    room = int((psutil.virtual_memory().available / 1e6 - MEGABYTES_KEPT) / MEGABYTES_EACH)
    count = min(crowd.sessions, room)
    if count < crowd.sessions:
        world.note(f"scale: {count} of {crowd.sessions} sessions, since there is no memory for more")
    sessions = world.numbered([f"crowd{number}" for number in range(count)])
    folder = world.place()
    with receiver(0.0, 1) as url:
        first = world.tuntas(folder)
        first.config = {"webhooks": [{"url": url, "events": ["message"]}]}
        world.tell(f"{count} sessions: paired")
        with first:
            pair_all(first, world.sandbox, sessions)
        below = Below()
        with world.tuntas(folder) as again:
            _boot(world, again, below, [name for name, _ in sessions])
            _talk(world, below, sessions, url, crowd.seconds)
            _end(world, again, below)


def _boot(world: World, tuntas: Tuntas, below: Below, names: list[str]) -> None:
    world.tell(f"{len(names)} sessions: boot")
    psutil.cpu_percent(interval=None)
    begun = time.monotonic()
    ready = max(tuntas.ready_at(name) for name in names)
    add = world.figures.add
    add("scale_sessions", TUNTAS, float(len(names)))
    add("scale_boot_seconds", TUNTAS, ready - begun)
    add("scale_boot_cpu_percent", TUNTAS, psutil.cpu_percent(interval=None))
    time.sleep(SETTLE_SECONDS)
    found = memory(below.now())
    add("scale_megabytes", TUNTAS, sum(found.values()))
    add("scale_server_megabytes", TUNTAS, found[Role.SERVER])


def _talk(world: World, below: Below, sessions: list[tuple[str, str]], url: str, seconds: float) -> None:
    world.tell(f"{len(sessions)} sessions: {seconds:g} seconds of messages to each")
    partner = world.number()
    world.sandbox.phone(partner)
    processes = below.now()
    before = sum(cpu_seconds(processes).values())
    psutil.cpu_percent(interval=None)
    begun = time.monotonic()
    rounds = max(1, int(seconds / BETWEEN_SECONDS))

    def write(due: float, text: str, number: str) -> float:
        time.sleep(max(0.0, due - time.monotonic()))
        at = time.monotonic()
        world.sandbox.call("POST", f"/phones/{partner}/send", {"to": number, "text": text})
        return at

    # Evenly spread, as people write: not all sessions at one moment.
    apart = BETWEEN_SECONDS / len(sessions)
    wanted = [
        (begun + round_number * BETWEEN_SECONDS + index * apart, f"{round_number} to {name}", number)
        for round_number in range(rounds)
        for index, (name, number) in enumerate(sessions)
    ]
    with ThreadPoolExecutor(WRITERS) as pool:
        sent = list(pool.map(lambda one: write(*one), wanted))
    with suppress(AssertionError):  # what is still missing then is counted as lost
        wait_for(partial(_all_told, url, len(wanted)), what="all is told of", limit_seconds=STEP_SECONDS)
    told = {text: at for _, _, text, at in seen(url)}
    took = time.monotonic() - begun
    late = [told[text] - at for (_, text, _), at in zip(wanted, sent, strict=True) if text in told]
    add = world.figures.add
    add("scale_messages", TUNTAS, float(len(wanted)))
    add("scale_lost", TUNTAS, float(sum(text not in told for _, text, _ in wanted)))
    for share in (0.5, 0.99):
        add(f"scale_event_p{share * 100:g}_seconds", TUNTAS, percentile(late, share))
    used = sum(cpu_seconds(processes).values()) - before
    add("scale_talk_cpu_percent", TUNTAS, 100 * used / took / len(sessions))
    add("scale_talk_machine_percent", TUNTAS, psutil.cpu_percent(interval=None))


def _all_told(url: str, count: int) -> bool:
    return len({text for _, _, text, _ in seen(url)}) >= count


def _end(world: World, tuntas: Tuntas, below: Below) -> None:
    world.tell("all sessions: deleted")
    server = tuntas.server.pid
    browsers = [one for one in below.now() if one.pid != server]
    ended = end(tuntas.delete_all, browsers, None)
    world.figures.add("scale_delete_seconds", TUNTAS, ended.done_seconds)
    left = [one for one in below.now() if one.pid != server]
    folders = [path for path in tuntas.folders.iterdir() if path.name != ".trash"]
    world.figures.add("scale_left", TUNTAS, float(len(left) + len(folders)))
