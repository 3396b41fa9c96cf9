"""What idle, working sessions cost: memory of the whole tree, and processor time, with 1, 5 and 20 of them.

Only one contestant runs at a time, since browsers of one build share pages and PSS would divide them among both. A
session's memory is all that its coming adds: its browser, and by how much its server grows.
"""

from __future__ import annotations

import time

from bench.peers.contestant import Contestant, pair_all
from bench.peers.samples import slope
from bench.peers.trees import Below, Role, cpu_seconds, memory
from bench.peers.world import World

SETTLE_SECONDS = 3.0
SECONDS_EACH = 150.0


def measure(world: World, steps: tuple[int, ...], rounds: int, idle_seconds: float) -> None:
    """Let each contestant grow to so many sessions, step by step, in each round."""
    sessions = [f"idle{number}" for number in range(steps[-1])]
    for number in world.rounds(f"memory of {', '.join(map(str, steps))} sessions", rounds, SECONDS_EACH):
        for one in world.all_three(sessions, number):
            _grow(world, one, sessions, steps, idle_seconds)


def _grow(world: World, one: Contestant, sessions: list[str], steps: tuple[int, ...], idle_seconds: float) -> None:
    below = Below()
    with one:
        time.sleep(SETTLE_SECONDS)
        alone = memory(below.now())[Role.SERVER]
        world.figures.add("server_megabytes", one.name, alone)
        grown = [(0.0, alone)]
        up = 0
        for step in steps:
            pair_all(one, world.sandbox, world.numbered(sessions[up:step]))
            up = step
            time.sleep(SETTLE_SECONDS)
            found = memory(below.now())
            world.figures.add(f"session_megabytes_{step}", one.name, (sum(found.values()) - alone) / step)
            world.figures.add(f"page_megabytes_{step}", one.name, found[Role.PAGE] / step)
            grown.append((step, found[Role.SERVER]))
        if len(grown) > 2:
            world.figures.add("server_growth_megabytes", one.name, slope(grown))
            _idle(world, one, below, steps[-1], idle_seconds)


def _idle(world: World, one: Contestant, below: Below, sessions: int, seconds: float) -> None:
    processes = below.now()
    before, begun = cpu_seconds(processes), time.monotonic()
    time.sleep(seconds)
    after = cpu_seconds(processes)
    percent = {role: 100 * (after[role] - before[role]) / (time.monotonic() - begun) / sessions for role in Role}
    world.figures.add("idle_cpu_percent", one.name, sum(percent.values()))
    world.figures.add("idle_page_cpu_percent", one.name, percent[Role.PAGE])
    world.figures.add("idle_own_cpu_percent", one.name, percent[Role.SERVER] + percent[Role.BROWSER])
