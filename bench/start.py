"""How long a user waits for the command line and for a server's first answer, beside what Python itself takes.

``python -m bench.start [--runs N] [--json]`` times, in turns and N times each: ``tuntas --help``; a server from its
process's start until ``/healthz`` answers, on a data folder that has been used before; and beside them the floors: a
bare ``python -c pass``, and the smallest FastAPI application under uvicorn until it answers. Printed are medians with
the least and the most: the wall's clock, and the processor time (user and system) of the process until then, which
other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

POLL_SECONDS = 0.005
PATIENCE_SECONDS = 60.0
BARE_APPLICATION = """
import sys
import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/healthz")
def healthz() -> dict[str, bool]:
    return {"ok": True}


uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
"""


@dataclass(frozen=True, slots=True)
class Took:
    """What one start took, in seconds."""

    wall: float
    processor: float


def command(arguments: list[str]) -> Took:
    """Run a command until it ends."""
    before, begun = os.times(), time.perf_counter()
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - begun, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Took(wall, used)


def until_it_answers(arguments: list[str], port: int, environment: dict[str, str]) -> Took:
    """Start a server, wait for its first answer, and end it."""
    begun = time.perf_counter()
    server = subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | environment
    )
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE_SECONDS).raise_for_status()
                break
            except OSError:
                if server.poll() is not None or time.perf_counter() - begun > PATIENCE_SECONDS:
                    raise
                time.sleep(POLL_SECONDS)
        wall = time.perf_counter() - begun
        times = psutil.Process(server.pid).cpu_times()
        return Took(wall, times.user + times.system + times.children_user + times.children_system)
    finally:
        server.terminate()
        server.wait(PATIENCE_SECONDS)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def contestants(folder: Path) -> dict[str, Callable[[], Took]]:
    """Return what is timed, by the name that the table gives it."""
    tuntas = str(Path(sys.executable).with_name("tuntas"))
    bare = folder / "bare.py"
    bare.write_text(BARE_APPLICATION)

    def serve() -> Took:
        port = free_port()
        arguments = [tuntas, "serve", "--port", str(port), "--data-dir", str(folder / "data")]
        return until_it_answers(arguments, port, {"TUNTAS_API_KEY": secrets.token_urlsafe(32)})

    def bare_application() -> Took:
        port = free_port()
        return until_it_answers([sys.executable, str(bare), str(port)], port, {})

    return {
        "python -c pass": lambda: command([sys.executable, "-c", "pass"]),
        "tuntas --help": lambda: command([tuntas, "--help"]),
        "bare FastAPI, answering": bare_application,
        "tuntas serve, answering": serve,
    }


def measure(runs: int) -> dict[str, list[Took]]:
    """Time everything in turns, after one turn that only fills caches and makes the data folder."""
    with tempfile.TemporaryDirectory(prefix="tuntas-start-") as scratch:
        timed = contestants(Path(scratch))
        took: dict[str, list[Took]] = {name: [] for name in timed}
        for turn in range(runs + 1):
            for name, once in timed.items():
                one = once()
                if turn:
                    took[name].append(one)
    return took


def row(name: str, took: list[Took]) -> str:
    """Return a line of the table."""
    cells = [
        f"{statistics.median(values):6.2f} ({min(values):.2f}–{max(values):.2f})"
        for values in ([one.wall for one in took], [one.processor for one in took])
    ]
    return f"{name:<26}{cells[0]:>22}{cells[1]:>22}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    took = measure(options.runs)
    if options.json:
        print(json.dumps({name: [[one.wall, one.processor] for one in each] for name, each in took.items()}))
        return
    print(f"{'median of ' + str(options.runs) + ' (least–most), s':<26}{'wall':>22}{'processor':>22}")
    for name, each in took.items():
        print(row(name, each))


if __name__ == "__main__":
    main()
