"""What is left after sessions were created, paired and deleted again and again: processes, folders, files, memory.

It is looked at when the last deletion was answered and whatever ends by itself has had a moment: the server, still
running, should be as it was before.
"""

from __future__ import annotations

import time
from pathlib import Path

from bench.peers.contestant import Contestant, pair
from bench.peers.figures import Figures
from bench.peers.trees import Below, Role, memory
from bench.peers.world import World

MOMENT_SECONDS = 3.0


def measure(world: World, cycles: int) -> None:
    """Run the cycles for one contestant after the other. One cycle more, before the first look, warms up."""
    sessions = [f"cycle{number}" for number in range(cycles + 1)]
    for one in (world.tuntas(), world.web_js(sessions)):
        world.tell(f"what is left after {cycles} sessions: {one.name}")
        _turn(world, one, sessions)


def _turn(world: World, one: Contestant, sessions: list[str]) -> None:
    temporary = world.folder / "tmp"
    before = _entries(temporary)
    with one:
        below = Below()
        memory_before = 0.0
        for session in sessions:
            pair(one, world.sandbox, session, world.number())
            one.delete(session)
            if session == sessions[0]:
                time.sleep(MOMENT_SECONDS)
                memory_before = memory([one.server])[Role.SERVER]
        time.sleep(MOMENT_SECONDS)
        add(world.figures, one, "processes", len(below.now()))
        add(world.figures, one, "folders", len(list(one.folders.iterdir())) - _trash(one.folders))
        add(world.figures, one, "files", len(_entries(temporary) - before))
        growth = (memory([one.server])[Role.SERVER] - memory_before) / (len(sessions) - 1)
        add(world.figures, one, "memory_megabytes", growth)


def add(figures: Figures, one: Contestant, what: str, value: float) -> None:
    """Note what is left of a contestant."""
    figures.add(f"left_{what}", one.name, float(value))


def _trash(folders: Path) -> int:
    """Return 1 if there is an empty trash folder, which is no left-over; what is in it is."""
    trash = folders / ".trash"
    return 1 - len(list(trash.iterdir())) if trash.is_dir() else 0


def _entries(folder: Path) -> set[Path]:
    return set(folder.iterdir())
