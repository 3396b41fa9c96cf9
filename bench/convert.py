"""What converting a file takes, and whether anybody else waits for it.

``python -m bench.convert [--seconds S] [--json]`` starts a server and has recordings of S seconds of each usual kind
converted, one after the other, while somebody else asks ``/ping`` without pause. For each kind: how long it took, as a
share of the recording's own length, and the most memory that its process had. For the server: the times of ``/ping``
meanwhile, beside those of the same server when nothing is converted, in the same run. Exits 1 if anything was refused.
"""

from __future__ import annotations

import argparse
import base64
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.recordings import KINDS, recording  # noqa: E402
from support.running import Server, running  # noqa: E402

SIZE = (1280, 720)
WORKER = "tuntas.conversion.worker"


@dataclass(frozen=True)
class Converted:
    """One conversion."""

    kind: str
    into: str
    seconds: float
    share_of_length: float
    peak_megabytes: float


@dataclass(frozen=True)
class Pings:
    """How long the server took to answer somebody else, in milliseconds."""

    count: int
    median: float
    p99: float
    longest: float


def peak_of_worker(server: int, over: threading.Event) -> float:
    """Return the most memory (RSS, MB) that a conversion's process had until ``over``."""
    most = 0
    process = psutil.Process(server)
    while not over.wait(0.02):
        for child in process.children():
            try:
                if WORKER in child.cmdline():
                    most = max(most, child.memory_info().rss)
            except psutil.Error:
                continue
    return most / 1024**2


def pings_during(url: str, work: Callable[[], None]) -> Pings:
    """Ask ``/ping`` on a connection of its own while ``work`` is done."""
    over, taken = threading.Event(), list[float]()

    def ask() -> None:
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            while not over.is_set():
                begun = time.perf_counter()
                client.get("/ping").raise_for_status()
                taken.append((time.perf_counter() - begun) * 1000)
                time.sleep(0.005)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        work()
    finally:
        over.set()
        asking.join()
    taken.sort()
    return Pings(len(taken), statistics.median(taken), taken[int(len(taken) * 0.99)], taken[-1])


def convert(server: Server, kind: str, into: str, seconds: float) -> Converted:
    """Have one recording converted."""
    data = base64.b64encode(recording(kind, seconds=seconds, size=SIZE)).decode()
    over, peak = threading.Event(), list[float]()
    pid = server.process.pid
    watching = threading.Thread(target=lambda: peak.append(peak_of_worker(pid, over)))
    watching.start()
    begun = time.perf_counter()
    try:
        answer = server.http.post(f"/api/resting/media/convert/{into}", json={"data": data}, timeout=300)
    finally:
        over.set()
        watching.join()
    if answer.status_code != 200:
        message = f"{kind} into {into}: {answer.status_code} {answer.text}"
        raise SystemExit(message)
    took = time.perf_counter() - begun
    return Converted(kind, into, took, took / seconds, peak[0])


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each recording (default 20)")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    kinds = [(kind, "voice") for kind in KINDS]
    kinds += [(kind, "video") for kind, made in KINDS.items() if made.pictures is not None]
    for kind, _ in kinds:
        recording(kind, seconds=asked.seconds, size=SIZE)  # made beforehand: it is not what is measured
    found: list[Converted] = []
    with tempfile.TemporaryDirectory() as scratch:
        server = Server(Path(scratch) / "data", "http://127.0.0.1:9")
        with running(server):
            server.create("resting", start=False)
            alone = pings_during(server.url, lambda: time.sleep(5))
            beside = pings_during(
                server.url, lambda: found.extend(convert(server, kind, into, asked.seconds) for kind, into in kinds)
            )
    if asked.json:
        print(
            json.dumps({"converted": [asdict(one) for one in found], "alone": asdict(alone), "beside": asdict(beside)})
        )
        return
    print(f"Recordings of {asked.seconds:g} s, pictures of {SIZE[0]} x {SIZE[1]}")
    for one in found:
        print(
            f"  {one.kind:>5} into {one.into}: {one.seconds:5.2f} s ({one.share_of_length:.0%} of its length), "
            f"{one.peak_megabytes:.0f} MB"
        )
    for name, pings in (("alone", alone), ("beside conversions", beside)):
        print(f"/ping {name}: median {pings.median:.1f} ms, p99 {pings.p99:.1f} ms, longest {pings.longest:.1f} ms")


if __name__ == "__main__":
    main()
