"""Faults by the hundred: is anything ever stuck, lost, left over, or killed by mistake?

``python -m bench.faults --rounds N --seed S [--sessions K] [--browser PATH]`` runs a sandbox, one data folder and real
servers on it. In each round people ask for things on a few sessions while servers and browsers are killed or stopped,
pages hang, connections drop and phones unlink; then the server is started again if it died, everything gets a limited
time to settle, and what must hold is looked at from outside. Servers also die at named points between two steps, and
while they start. Exits 1 on any violation, with the seed, the round and the story to look at; leaves nothing behind.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from bench import faults_checks as checks  # noqa: E402
from bench.faults_model import Expected  # noqa: E402
from bench.faults_round import Round  # noqa: E402
from bench.faults_world import LOOK_EVERY_SECONDS, World  # noqa: E402

# Every step of start, stop, logout, deletion and purge: before and after each act, before and after each commit.
KILL_POINTS = (
    *(
        f"{act}.{when}"
        for act in ("launch", "log_out", "end_browser", "discard_profile")
        for when in ("begun", "ended")
    ),
    *(
        f"{trigger}.{when}"
        for trigger in (
            "booted",
            "launched",
            "qr_shown",
            "connected",
            "end_asked",
            "fault",
            "browser_gone",
            "forgotten",
        )
        for when in ("uncommitted", "committed")
    ),
    *(f"removal.{step}" for step in ("intent", "renamed", "quarantined", "recorded")),
    "purge.during",
    "purge.done",
)
SETTLE_SECONDS = 45.0
KILLED_BROWSERS_SECONDS = 3.0
KILL_POINT_CHANCE, STARTING_KILL_CHANCE, STALE_LOCK_CHANCE = 0.7, 0.2, 0.4
LOG_LINES = 60


class Run:
    """A whole run: the world, what must be true of its sessions, and what was counted."""

    def __init__(self, world: World, seed: int, sessions: int) -> None:
        self.world = world
        self.seed = seed
        self.counts: Counter[str] = Counter()
        self.violations: Counter[str] = Counter()
        # In turn, so that a run of some length visits all of them.
        points = list(KILL_POINTS)
        random.Random(seed).shuffle(points)
        self._next_point = itertools.cycle(points)
        self.strays: set[Path] = set()
        self.settled_seconds: list[float] = []
        self.sessions = [Expected(f"f{index}", f"62899100{index:04}") for index in range(sessions)]
        for one in self.sessions:
            world.sandbox.phone(one.number, one.name)

    def round(self, number: int) -> None:
        """Run one round, check it, and say in one line how it went."""
        now = Round(number, f"{self.seed}/{number}", self.counts)
        choice = random.Random(f"{now.seed}/server")
        if not self.world.is_up():
            if number > 1:
                self._judge_death(now)
            self._start(choice, now)
        now.run(self.world, self.sessions)
        if not self.world.is_up():
            self._judge_death(now)
            self._after_death(now)
            self._start(choice, now)
        settling = time.monotonic()
        left = self._settle(now)
        self.settled_seconds.append(time.monotonic() - settling)
        found = [*now.violations, *left, *self._compare(now), *checks.foreign(self.world)]
        strays = checks.stray_sockets(self.world)
        self.counts["socket folders left in the temporary folder"] += len(strays - self.strays)
        self.strays |= strays
        checks.plant_links(self.world)
        # Whatever a page or a socket suffered is over for the next round.
        self.world.sandbox.fault("clear")
        shown = " ".join(f"{row.name}={row.status}" for row in checks.rows(self.world))
        took = time.monotonic() - now.begun_at
        print(
            f"round {number:4}  {took:5.1f} s  settled in {self.settled_seconds[-1]:4.1f} s  {shown or '-'}"
            f"{'  VIOLATION' if found else ''}",
            flush=True,
        )
        if found:
            self._report(now, found)

    def _judge_death(self, now: Round) -> None:
        """A server dies by our hand or at its kill point, never by itself."""
        armed = self.world.armed
        if armed is not None and not now.ended_server:
            self.counts[f"died at {armed}"] += 1
        elif not now.ended_server:
            now.violations.append(("server died", "nobody killed it"))

    def _after_death(self, now: Round) -> None:
        """Look how long a dead server's browsers outlive it. The next start would end them; it should not need to."""
        self.counts["server deaths"] += 1
        now.tell("the server is dead")
        deadline = time.monotonic() + KILLED_BROWSERS_SECONDS
        while (left := self.world.survivors({})) and time.monotonic() < deadline:
            self.world.reap()
            time.sleep(LOOK_EVERY_SECONDS)
        for one in left:
            self.counts["processes that outlived their server"] += 1
            now.tell(f"outlived its server: {one}")

    def _start(self, choice: random.Random, now: Round) -> None:
        """Start the server, perhaps on stale locks, perhaps killed while it starts, perhaps with a kill point armed."""
        for folder in checks.profiles(self.world):
            if choice.random() < STALE_LOCK_CHANCE:
                target = self.world.stale_lock(choice)
                checks.plant_stale_lock(folder, target)
                self.counts["fault stale lock"] += 1
                now.tell(f"FAULT stale lock in {folder.name} → {target}")
        if choice.random() < STARTING_KILL_CHANCE:
            early = threading.Timer(choice.uniform(0.3, 2.5), self.world.kill_starting)
            early.start()
            survived = self.world.start()
            early.join()
            self.counts["fault kill starting server"] += 1
            now.tell(f"FAULT server killed in its start ({'after' if survived else 'before'} it answered)")
            self.world.wait_dead()
            self._after_death(now)
        armed = next(self._next_point) if choice.random() < KILL_POINT_CHANCE else None
        now.tell(f"server starts{f', to die at {armed}' if armed else ''}")
        if not self.world.start(armed):
            self._died_at_a_point(now, armed)

    def _died_at_a_point(self, now: Round, armed: str | None) -> None:
        if armed is None:
            now.violations.append(("server died", "nobody killed it, and it did not come up"))
        self.counts[f"died at {armed}"] += 1
        self._after_death(now)
        if not self.world.start():
            message = "the server does not start any more"
            raise RuntimeError(message)

    def _settle(self, now: Round) -> checks.Found:
        """Wait until all is as it must be; return what is not when the time is up."""
        deadline = time.monotonic() + SETTLE_SECONDS
        left: checks.Found = []
        while time.monotonic() < deadline:
            if not self.world.is_up():
                # Only an armed kill point may do that; what it left behind gets the whole time again.
                self._died_at_a_point(now, self.world.armed)
                deadline = time.monotonic() + SETTLE_SECONDS
            if not (left := checks.unsettled(self.world)):
                return []
            time.sleep(LOOK_EVERY_SECONDS)
        return left

    def _compare(self, now: Round) -> checks.Found:
        found: checks.Found = []
        stored = {row.name: row for row in checks.rows(self.world)}
        for session in self.sessions:
            row = stored.pop(session.name, None)
            wanted, status = (None, None) if row is None else (row.desired, row.status)
            found += session.broken_by(wanted, status)
            session.take_over(wanted, status)
        found += [("resurrected", f"nobody ever made {name}") for name in stored]
        return found

    def _report(self, now: Round, found: checks.Found) -> None:
        for kind, sentence in found:
            self.violations[kind] += 1
            print(f"  VIOLATION {kind}: {sentence}")
        print(f"  seed {self.seed}, round {now.number}; its story:")
        for line in now.story:
            print(f"    {line}")
        for session in self.sessions:
            if any(session.name in sentence for _, sentence in found):
                print(f"  history of {session.name}:")
                for line in checks.history(self.world, session.name):
                    print(f"    {line}")
        print("  the server's log, its end:")
        for line in (self.world.folder / "data.log").read_text().splitlines()[-LOG_LINES:]:
            print(f"    {line[:300]}")
        sys.stdout.flush()

    def table(self) -> None:
        """Print what was done and what was found."""
        print()
        for name, count in sorted(self.counts.items()):
            print(f"{name:<45} {count:6}")
        if self.settled_seconds:
            print(f"{'settled, median and worst, s':<45} {statistics.median(self.settled_seconds):6.1f}", end="")
            print(f" {max(self.settled_seconds):6.1f}")
        print(f"{'rounds':<45} {len(self.settled_seconds):6}")
        print(f"{'violations':<45} {self.violations.total():6}")
        for kind, count in sorted(self.violations.items()):
            print(f"  {kind:<43} {count:6}")


def _interrupted(_number: int, _frame: object) -> None:
    """Stop once; a second signal (timeout(1) sends two) must not cut the clean-up short."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> None:
    """Run; exit 1 on a violation, 2 when the run was interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sessions", type=int, default=3)
    parser.add_argument("--browser", type=Path, help="the browser to use; default: the first that is found")
    parser.add_argument("--keep", type=Path, help="where to keep the server's log after the run")
    options = parser.parse_args()
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, _interrupted)
    with tempfile.TemporaryDirectory(prefix="tuntas-faults-", ignore_cleanup_errors=False) as scratch:
        folder = Path(scratch)
        with World(folder, options.browser) as world:
            run = Run(world, options.seed, options.sessions)
            with contextlib.suppress(KeyboardInterrupt):
                for number in range(1, options.rounds + 1):
                    run.round(number)
            if options.keep is not None:
                shutil.copy(folder / "data.log", options.keep)
        run.table()
    interrupted = len(run.settled_seconds) < options.rounds
    sys.exit(1 if run.violations else 2 if interrupted else 0)


if __name__ == "__main__":
    main()
