"""What ``bench.removal`` measures, each on a real server over loopback; who measures stands outside of it.

Nothing here sleeps for a fixed time in place of an event: ends are looked for every few milliseconds. Times are of the
machine's monotonic clock, which all processes share.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from support.running import Sandbox, Server, alive, browsers_of, running, tree_of, wait_for
from support.share_modes import HOLDER, Rule, mounted
from tuntas.browser import choose
from tuntas.processes import StopLimits
from tuntas.profiles import ProfileStore
from tuntas.sessions.model import Observation, QrShown
from tuntas.whatsapp.engine import ChromiumEngine, EngineLimits
from tuntas.whatsapp.page import PageLimits

QUIET_SECONDS = 5.0
PROBE_EVERY_SECONDS = 0.01
PURGE_SECONDS = 120.0
HOLD_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Profile:
    """How big a profile is."""

    files: int
    megabytes: float

    def fill(self, folder: Path) -> None:
        """Put so many files of one size into ``folder``, a hundred folders of them, and have them on the disk."""
        content = os.urandom(int(self.megabytes * 1_000_000 / self.files))
        for number in range(self.files):
            place = folder / "Default" / "Filling" / str(number % 100)
            place.mkdir(parents=True, exist_ok=True)
            (place / str(number)).write_bytes(content)
        os.sync()


class Probe(threading.Thread):
    """Asks ``/healthz`` every ten milliseconds on one connection, and notes when each answer came.

    The latency counts from when the question was due: while an answer hangs, the questions that it delays hang too.
    """

    def __init__(self, server: Server) -> None:
        super().__init__(name="probe")
        self._connection = http.client.HTTPConnection("127.0.0.1", httpx.URL(server.url).port, timeout=60)
        self._over = threading.Event()
        self.seen: list[tuple[float, float]] = []

    def run(self) -> None:
        due = time.monotonic()
        while not self._over.is_set():
            self._connection.request("GET", "/healthz")
            self._connection.getresponse().read()
            self.seen.append((due, time.monotonic() - due))
            due += PROBE_EVERY_SECONDS
            if (wait_seconds := due - time.monotonic()) > 0:
                time.sleep(wait_seconds)

    def end(self) -> None:
        self._over.set()
        self.join()
        self._connection.close()

    def latencies(self, begun: float, ended: float) -> list[float]:
        return sorted(latency for due, latency in self.seen if begun <= due <= ended)


def stopped_sessions(server: Server, names: list[str], profile: Profile) -> None:
    """Make sessions that have run and are stopped, with profiles of that size."""
    for name in names:
        server.create(name)
        server.wait_status(name, "SCAN_QR_CODE")
        server.http.post(f"/api/sessions/{name}/stop").raise_for_status()
        profile.fill(server.profiles / name)


def delete(server: Server, name: str) -> float:
    """Delete a session and return how long the 200 took."""
    begun = time.monotonic()
    answer = server.http.delete(f"/api/sessions/{name}")
    took = time.monotonic() - begun
    if answer.status_code != 200:
        message = f"DELETE {name} was answered {answer.status_code}: {answer.text}"
        raise RuntimeError(message)
    return took


def wait_purged(server: Server) -> float:
    """Wait until the trash is empty; return when it was."""
    trash = server.profiles / ".trash"
    wait_for(lambda: not list(trash.iterdir()), what="the trash is empty", limit_seconds=PURGE_SECONDS)
    return time.monotonic()


def stopped(server: Server, profile: Profile, runs: int) -> dict[str, float]:
    """(a) Delete stopped sessions one by one; beside each, delete an equal folder the plain way."""
    names = [f"stopped{number}" for number in range(runs)]
    stopped_sessions(server, names, profile)
    answers, purges, plain = [], [], []
    for name in names:
        with tempfile.TemporaryDirectory(dir=server.data_dir.parent) as scratch:
            equal = Path(scratch) / "equal"
            profile.fill(equal)
            begun = time.monotonic()
            shutil.rmtree(equal)
            plain.append(time.monotonic() - begun)
        begun = time.monotonic()
        answers.append(delete(server, name))
        purges.append(wait_purged(server) - begun)
    answer, rmtree = statistics.median(answers), statistics.median(plain)
    return {
        "answer_seconds": answer,
        "answer_worst_seconds": max(answers),
        "rmtree_seconds": rmtree,
        "rmtree_over_answer": rmtree / answer,
        "trash_empty_seconds": statistics.median(purges),
    }


def many(server: Server, sessions: int) -> dict[str, float]:
    """Delete stopped sessions with small profiles, some one by one, then ``sessions`` by requests of one moment."""
    store, single = ProfileStore(server.profiles), [f"single{number}" for number in range(5)]
    at_once = [f"many{number}" for number in range(sessions)]
    for name in single + at_once:
        server.create(name, start=False)
        (store.create(name, name) / "keys").write_bytes(os.urandom(4096))
    alone = []
    for name in single:
        alone.append(delete(server, name))
        wait_purged(server)
    with ThreadPoolExecutor(sessions) as requests:
        begun = time.monotonic()
        list(requests.map(partial(delete, server), at_once))
        all_answered = time.monotonic() - begun
    one = statistics.median(alone)
    return {
        "one_seconds": one,
        "many_seconds": all_answered,
        "ratio": all_answered / one,
        "folders_left": float(len(left(server))),
    }


def left(server: Server) -> list[Path]:
    """Return the profiles' folders that have their names still."""
    return [one for one in server.profiles.iterdir() if one.name.startswith(("single", "many"))]


def lag(server: Server, profile: Profile, sessions: int) -> dict[str, float]:
    """(b) How late the server answers the simplest question while big profiles are purged, and before and after.

    The figure is what the purges add at the 99th percentile: other work on the machine delays a quiet server too.
    """
    names = [f"lag{number}" for number in range(sessions)]
    stopped_sessions(server, names, profile)
    probe = Probe(server)
    probe.start()
    try:
        quiet = _quiet(probe)
        begun = time.monotonic()
        with ThreadPoolExecutor(sessions) as pool:
            list(pool.map(lambda name: delete(server, name), names))
        ended = wait_purged(server)
        quiet = sorted(quiet + _quiet(probe))
    finally:
        probe.end()
    purging = probe.latencies(begun, ended)
    return {
        "quiet_median_seconds": statistics.median(quiet),
        "quiet_p99_seconds": _p99(quiet),
        "purging_p99_seconds": _p99(purging),
        "added_p99_seconds": _p99(purging) - _p99(quiet),
        "purging_worst_seconds": purging[-1],
        "answers_seen": len(purging),
        "purged_seconds": ended - begun,
    }


def _quiet(probe: Probe) -> list[float]:
    begun = time.monotonic()
    wait_for(lambda: time.monotonic() - begun > QUIET_SECONDS, what="a quiet while")
    return probe.latencies(begun, time.monotonic())


def working(server: Server, sandbox: Sandbox, runs: int) -> dict[str, float]:
    """(c) Delete working sessions; what a log-out and a browser's exit take is measured without a server beside it."""
    took, nothing_left, left = [], [], 0
    log_outs, exits = [], []
    for number in range(runs):
        log_out, browser_exit = asyncio.run(_log_out_and_exit(sandbox, f"62831000{number:04}"))
        log_outs.append(log_out)
        exits.append(browser_exit)
        name = f"working{number}"
        server.pair(sandbox, name, f"62830000{number:04}")
        tree = tree_of(server.data_dir)
        if not tree:
            raise RuntimeError("a working session has no browser")
        with ThreadPoolExecutor(1) as pool:
            gone = pool.submit(_nothing_left, [one.pid for one in tree], server.profiles / name, time.monotonic())
            took.append(delete(server, name))
            nothing_left.append(gone.result())
        left += len(alive(tree)) + len(browsers_of(server.data_dir)) + (name in server.folders())
    needed = statistics.median(log_outs) + statistics.median(exits)
    return {
        "nothing_left_seconds": statistics.median(nothing_left),
        "answer_seconds": statistics.median(took),
        "log_out_seconds": statistics.median(log_outs),
        "browser_exit_seconds": statistics.median(exits),
        "ratio": statistics.median(nothing_left) / needed,
        "answer_ratio": statistics.median(took) / needed,
        "processes_and_folders_left": left,
    }


def _nothing_left(pids: list[int], profile: Path, begun: float) -> float:
    """Return how long after ``begun`` none of the processes and no folder is left, as seen from outside."""
    while profile.exists() or any(_runs(pid) for pid in pids):
        time.sleep(0.001)
    return time.monotonic() - begun


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False


async def _log_out_and_exit(sandbox: Sandbox, number: str) -> tuple[float, float]:
    """Pair a page of the same browser with the same sandbox, and time its log-out and its browser's exit."""
    seen: asyncio.Queue[Observation] = asyncio.Queue()
    engine = ChromiumEngine(choose(), f"{sandbox.url}/", EngineLimits(30, 30, PageLimits(30, 10, 10), StopLimits()))
    with tempfile.TemporaryDirectory() as scratch:
        page = await engine.open(Path(scratch) / "profile", seen.put_nowait)
        try:
            sandbox.phone(number)
            async with asyncio.timeout(30):
                while not isinstance(first := await seen.get(), QrShown):
                    pass
                sandbox.scan(number, first.value)
                while type(await seen.get()).__name__ != "Connected":
                    pass
            begun = time.monotonic()
            await page.log_out()
            logged_out = time.monotonic()
        finally:
            await page.end()
        return logged_out - begun, time.monotonic() - logged_out


def held(folder: Path, sandbox: Sandbox) -> dict[str, float]:
    """(d) A foreign process has a file open on a disk where that is EBUSY: for two seconds, and for ever."""
    with mounted(folder / "disk", folder / "held" / "profiles", Rule.FOLDERS):
        server = Server(folder / "held", sandbox.url)
        with running(server):
            return _held_for_two_seconds(server) | _held_for_ever(server)


def _held_for_two_seconds(server: Server) -> dict[str, float]:
    stopped_sessions(server, ["briefly"], Profile(10, 0.1))
    holder = _hold(server.profiles / "briefly", HOLD_SECONDS)
    try:
        begun = time.monotonic()
        delete(server, "briefly")
        purged = wait_purged(server)
        wait_for(lambda: server.http.get("/api/removals").json() == [], what="the record is closed")
        assert holder.stdout is not None
        released = float(holder.stdout.readline())
    finally:
        _end(holder)
    return {"held_seconds": released - begun, "release_to_purged_seconds": purged - released}


def _held_for_ever(server: Server) -> dict[str, float]:
    stopped_sessions(server, ["for-ever"], Profile(10, 0.1))
    holder = _hold(server.profiles / "for-ever", 600.0)
    try:
        answer = server.http.delete("/api/sessions/for-ever")
        listed = server.http.get("/api/removals").json()
        is_listed = answer.status_code == 202 and [
            (one["state"], [held["pid"] for held in one["holders"]]) for one in listed
        ] == [("stuck", [holder.pid])]
    finally:
        _end(holder)
    wait_purged(server)
    return {"held_for_ever_is_listed": float(is_listed)}


def _hold(profile: Path, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLDER, str(profile / "Default" / "Filling" / "0" / "0"), str(seconds)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    if holder.stdout.readline() != "ready\n":
        raise RuntimeError("the holder could not open its file")
    return holder


def _end(holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.communicate()


def _p99(ordered: list[float]) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
