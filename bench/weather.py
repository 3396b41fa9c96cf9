"""Sessions in bad weather: is any of them lost, stuck, restarted for nothing, or in need of a person?

``python -m bench.weather --minutes M --seed S [--sessions N]`` runs a sandbox that makes trouble by the seed, all kinds
mixed, and one server with N sessions to which people write and which write back. Time is compressed: see ``FACTOR`` in
``weather_plan`` and ``SETTINGS`` in ``weather_world``. Exits 1 where something did not hold.

``--outage SECONDS`` instead takes the network away from all sessions at once, and measures what they cost meanwhile and
how soon they are back. ``--pause SECONDS``: how long pages wait at first before they connect anew (each further wait is
the sum of the two before it). With 400 any outage finds them in the middle of such a wait, as one of an hour would.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import psutil  # noqa: E402

from bench import weather_judge as judge  # noqa: E402
from bench.weather_plan import FACTOR, Trouble, weather  # noqa: E402
from bench.weather_world import SETTINGS, World  # noqa: E402
from support.running import Sandbox, Server, browsers_of, running  # noqa: E402
from tuntas.foundation.tasks import end, spawn  # noqa: E402

MOVE_IN_SECONDS_EACH = 10.0
BACK_WITHIN_SECONDS = 15.0
CPU_PERCENT_EACH = 1.0


async def in_weather(world: World, troubles: list[Trouble], seconds: float) -> bool:
    """Live through the weather; return whether all sessions work within a minute of its end."""
    watching = spawn(world.watch(), name="watch")
    try:
        async with asyncio.TaskGroup() as group:
            for one in world.residents:
                group.create_task(world.live(one), name=f"life of {one.name}")
            for trouble in troubles:
                await asyncio.sleep(max(0.0, trouble.at - world.now))
                group.create_task(world.strike(trouble), name=trouble.kind)
            await asyncio.sleep(max(0.0, seconds - world.now))
            world.is_over = True
        await world.control("faults", kind="clear")
        # As happens every day: what a page could not take meanwhile waits on the server for its next connection.
        world.met.append(Trouble(world.now, "drop_socket", None, 0.0))
        await world.control("faults", kind="drop_socket")
        await asyncio.sleep(1.0)
        return await world.all_working(judge.FINE_SECONDS) is not None
    finally:
        await end(watching)


async def settled(world: World, folder: Path) -> None:
    """Wait until what came has arrived; what is missing in the end is lost."""
    wanted = {text for one in world.residents for text in world.counted(one)}
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and wanted - set(world.arrived(folder)):  # noqa: ASYNC110 - a database has none
        await asyncio.sleep(0.5)


def report(world: World, folder: Path, *, all_work: bool) -> int:
    """Print what was found; return how many things did not hold."""
    violations: list[str] = [] if all_work else ["not all sessions work a minute after the weather's end"]
    arrived = world.arrived(folder)
    print(f"\n{'session':8} {'available':>9} {'troubles':>8} {'starts':>6} {'scans':>5} {'came':>5} {'went':>5}")
    for one in world.residents:
        met, watched = judge.troubles_of(one.index, world.met), one.watched
        starts = sum(line.after == "starting" and line.at > 0 for line in watched.story)
        print(
            f"{one.name:8} {watched.availability():9.1%} {len(met):8} {starts:6} {one.scans:5} {len(one.came):5}"
            f" {len(one.went):5}"
        )
        for word, lines in (
            ("false alarm", judge.false_alarms(watched, met)),
            ("started into a ban", judge.starts_into_bans(watched, met)),
        ):
            violations += [f"{one.name}: {word} at {line.at:.1f} s: {line.after} ({line.reason})" for line in lines]
        if resting := judge.rests(watched, met):
            violations.append(f"{one.name}: rested in fine weather, from {resting[0]:.1f} s to {resting[-1]:.1f} s")
        if one.stuck_for_a_person:
            violations.append(f"{one.name}: needed a person at {one.stuck_for_a_person} looks")
        if one.scans > len(one.unlinked_at):
            violations.append(f"{one.name}: {one.scans} scans, though unlinked {len(one.unlinked_at)} times")
        violations += [f"{one.name}: written to though WhatsApp forbids it: {text}" for text in one.let_through]
        for stranger, text in one.first_contacts:
            if world.sandbox.texts(stranger) != [text]:
                violations.append(f"{one.name}: {text!r} came {len(world.sandbox.texts(stranger))} times")
        for what, (lost, doubled) in (
            ("to it", judge.lost_and_doubled(world.counted(one), arrived)),
            ("from it", judge.lost_and_doubled(one.went, world.received(one))),
        ):
            violations += [f"{one.name}: lost {what}: {text!r}" for text in lost]
            violations += [f"{one.name}: doubled {what}: {text!r}" for text in doubled]
    kinds = Counter(trouble.kind for trouble in world.met)
    print("\ntroubles: " + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
    shares = [one.watched.availability() for one in world.residents]
    print(f"available: worst {min(shares):.1%}, mean {sum(shares) / len(shares):.1%}")
    print(f"messages: {sum(len(one.came) for one in world.residents)} to sessions", end=", ")
    print(f"{sum(len(one.went) for one in world.residents)} from them")
    print(f"violations: {len(violations)}")
    for violation in violations:
        print(f"  {violation}")
    if violations:
        _tell_stories(world, violations)
    return len(violations)


def _tell_stories(world: World, violations: list[str]) -> None:
    for one in world.residents:
        if not any(violation.startswith(one.name) for violation in violations):
            continue
        print(f"\n{one.name}: its troubles and its story")
        lines = [
            (trouble.at, f"TROUBLE {trouble.kind} for {trouble.seconds:.1f} s" + (" (all)" * (trouble.session is None)))
            for trouble in judge.troubles_of(one.index, world.met)
        ]
        lines += [(line.at, f"{line.before} → {line.after} ({line.reason})") for line in one.watched.story]
        for at, line in sorted(lines):
            print(f"  {at:7.1f}  {line}")


def _cpu_seconds(folder: Path, server: Server) -> float:
    total = 0.0
    for pid in (server.process.pid, *browsers_of(folder)):
        try:
            process = psutil.Process(pid)
            for one in (process, *(process.children(recursive=True) if pid != server.process.pid else ())):
                spent = one.cpu_times()
                total += spent.user + spent.system
        except psutil.Error:
            continue
    return total


async def through_outage(world: World, folder: Path, seconds: float, pause: float | None) -> int:
    """Take the network away from all; return how many things did not hold."""
    if pause is not None:
        # Pages heed it from their next load on.
        await world.control("times", reconnect_seconds=pause)
        for one in world.residents:
            world.server.http.post(f"/api/sessions/{one.name}/restart")
        assert await world.all_working(MOVE_IN_SECONDS_EACH * len(world.residents)) is not None
    await asyncio.sleep(3.0)  # what a start has left to do is not the outage's
    began_at = world.now
    await world.control("faults", kind="network_down")
    await asyncio.sleep(min(5.0, seconds / 4))
    before, began = _cpu_seconds(folder, world.server), time.monotonic()
    await asyncio.sleep(max(0.0, seconds - min(5.0, seconds / 4)))
    percent = (_cpu_seconds(folder, world.server) - before) / (time.monotonic() - began) * 100 / len(world.residents)
    await world.control("faults", kind="clear", fault="network_down")
    back = await world.all_working(120.0)
    await world.read_stories()
    restarts = [
        (round(line.at - began_at, 1), line.reason)
        for one in world.residents
        for line in one.watched.story
        if line.after == "recovering" and line.at >= began_at
    ]
    shown = "not within two minutes" if back is None else f"{back:.1f} s"
    print(f"network away {seconds:g} s from {len(world.residents)} sessions; all WORKING after its return: {shown}")
    print(f"processor while away: {percent:.2f} % a session; browsers started anew: {restarts or 0}")
    held = back is not None and back <= BACK_WITHIN_SECONDS and percent <= CPU_PERCENT_EACH
    print("violations: 0" if held else "violations: 1")
    return 0 if held else 1


async def run(options: argparse.Namespace, sandbox: Sandbox, server: Server, folder: Path) -> int:
    """Run it; return how many things did not hold."""
    world = World(sandbox, server, options.sessions)
    try:
        await world.move_in(30 + MOVE_IN_SECONDS_EACH * options.sessions)
        print(f"{options.sessions} sessions work", flush=True)
        if options.outage is not None:
            return await through_outage(world, folder, options.outage, options.pause)
        seconds = options.minutes * 60
        days = seconds * FACTOR / 86_400
        print(
            f"{options.minutes:g} minutes stand for {days:.1f} days (factor {FACTOR}), seed {options.seed}", flush=True
        )
        all_work = await in_weather(world, weather(options.seed, options.sessions, seconds), seconds)
        await settled(world, folder)
        await world.read_stories()
        return report(world, folder, all_work=all_work)
    finally:
        await world.close()


def main() -> None:
    """Run; exit 1 where something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--outage", type=float, help="seconds for which the network is away, instead of weather")
    parser.add_argument("--pause", type=float, help="with --outage: a page's first wait before it connects anew")
    parser.add_argument("--keep", type=Path, help="where to keep the server's log after the run")
    options = parser.parse_args()
    # A run that is told to end leaves nothing behind, as one that is interrupted.
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    with tempfile.TemporaryDirectory(prefix="tuntas-weather-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        sandbox = Sandbox(folder)
        stack.enter_context(running(sandbox))
        server = Server(folder / "data", sandbox.url, **SETTINGS)
        stack.enter_context(running(server))
        broken = asyncio.run(run(options, sandbox, server, folder / "data"))
        if options.keep is not None:
            options.keep.write_bytes(server.log.read_bytes())
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
