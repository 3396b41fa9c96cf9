"""Run the measurements, one after the other, and write what they say.

``make bench`` is ``python -m bench.peers``; ``make bench-quick`` adds ``--quick``: the same table from fewer rounds.
Both write ``bench/results/latest.json`` and print the table; the long one also renews ``docs/benchmarks.md``.
``--only memory life …`` measures these alone, and prints; it writes nothing.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.peers import ROOT, cycles, disk, killed, life, memory, recovery, scale, settling, traffic
from bench.peers.aims import AIMS
from bench.peers.machine import machine, versions
from bench.peers.report import document, markdown, put_between
from bench.peers.world import CannotRun, World, world

LATEST = ROOT / "bench" / "results" / "latest.json"
PAGE = ROOT / "docs" / "benchmarks.md"
STEPS = (1, 5, 20)


class TimeIsUp(Exception):
    """The whole run took longer than it may."""


@dataclass(frozen=True, slots=True)
class Section:
    """A measurement. ``least_seconds``: what one round takes, kept free by those before it."""

    name: str
    least_seconds: float
    measure: Callable[[World], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything; ``limit_seconds`` is for all of it."""

    command: str
    limit_seconds: float
    sections: tuple[Section, ...]


def full() -> Plan:
    """Return the long run."""
    return Plan(
        "make bench",
        29 * 60.0,
        (
            Section("life", 25, lambda world: _life(world, 9)),
            Section("memory", 300, lambda world: memory.measure(world, STEPS, 2, 60.0)),
            Section("disk", 40, disk.measure),
            Section("cycles", 80, lambda world: cycles.measure(world, 10)),
            Section("killed", 110, lambda world: killed.measure(world, 3, lambda: recovery.measure(world))),
            Section("traffic", 60, lambda world: traffic.measure(world, 3, 150)),
            Section("scale", 240, lambda world: scale.measure(world, scale.Crowd(40, 60.0))),
        ),
    )


def quick() -> Plan:
    """Return the short run."""
    return Plan(
        "make bench-quick",
        4.9 * 60.0,
        (
            Section("life", 12, lambda world: _life(world, 3)),
            Section("memory", 90, lambda world: memory.measure(world, STEPS, 1, 6.0)),
            Section("disk", 8, disk.measure),
            Section("cycles", 18, lambda world: cycles.measure(world, 2)),
            Section("killed", 85, lambda world: killed.measure(world, 1, lambda: recovery.measure(world))),
            Section("traffic", 16, lambda world: traffic.measure(world, 1, 40)),
            Section("scale", 25, lambda world: scale.measure(world, scale.Crowd(6, 8.0))),
        ),
    )


def _life(world: World, rounds: int) -> None:
    settling.measure(world, rounds)
    life.measure(world, rounds)


def run(here: World, plan: Plan, only: list[str]) -> bool:
    """Measure all sections, or those that are named; False if the time did not do for all of them."""
    complete = True
    sections = [one for one in plan.sections if not only or one.name in only]
    if "recovery" in only and "killed" not in only:
        sections.append(Section("recovery", 75, recovery.measure))
    for number, section in enumerate(sections):
        here.reserved_seconds = sum(one.least_seconds for one in sections[number + 1 :])
        if time.monotonic() + section.least_seconds > here.ends_at:
            here.note(f"{section.name}: not measured, since this machine was too busy to do all in time")
            complete = False
            continue
        try:
            section.measure(here)
        except TimeIsUp:
            here.note(f"{section.name}: cut off, since the time of the whole run was up")
            return False
    return complete


def _overdue(_number: int, _frame: object) -> None:
    raise TimeIsUp


def _interrupted(_number: int, _frame: object) -> None:
    """Stop once; a second signal must not cut the clean-up short."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Return 0, or 1 when the time did not do for a figure that others read, 2 when something is not installed."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds: five minutes in place of thirty")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="measure these alone, write nothing")
    options = parser.parse_args()
    plan = quick() if options.quick else full()
    known = {one.name for one in plan.sections} | {"recovery"}
    if unknown := set(options.only) - known:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
    signal.signal(signal.SIGALRM, _overdue)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupted)
    begun = time.monotonic()
    signal.alarm(int(plan.limit_seconds))
    with tempfile.TemporaryDirectory(prefix="tuntas-peers-") as folder:
        try:
            with world(Path(folder), plan.limit_seconds - 5) as here:
                about: dict[str, Any] = {"machine": machine(), "versions": versions(here.browsers)}
                in_time = run(here, plan, options.only)
                signal.alarm(0)
        except (CannotRun, pytest.skip.Exception) as error:
            print(f"This bench cannot run: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print("Interrupted; nothing was written, and nothing is left.", file=sys.stderr)
            return 130
    about["run"] = {
        "command": plan.command,
        "date": datetime.now(UTC).date().isoformat(),
        "minutes": round((time.monotonic() - begun) / 60, 1),
        "notes": here.notes,
    }
    result = document(here.figures, about)
    table = markdown(result)
    print(f"\n{table}")
    if not options.only:
        LATEST.parent.mkdir(exist_ok=True)
        LATEST.write_text(json.dumps(result, indent=1) + "\n")
        if not options.quick and in_time:
            PAGE.write_text(put_between(PAGE.read_text(), table))
    if options.only:
        return 0
    return 1 if any(aim.value(result) is None for aim in AIMS) else 0


if __name__ == "__main__":
    sys.exit(main())
