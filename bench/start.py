"""How long a user waits for the command line and for a server's first answer, beside what Python itself takes.

``python -m bench.start [--runs N] [--beside SRC] [--json]`` times, in turns and N times each: ``tuntas --help``; a
server from its process's start until it says that it lives (``/healthz``), and until it answers everything
(``/api/sessions``), on a data folder that has been used before; and beside them the floors: a bare
``python -c pass``, and the smallest FastAPI application under uvicorn until it answers. Printed are medians with the
least and the most: the wall's clock, and the processor time (user and system) of the process until then, which other
work on the machine disturbs less; and the middle of the rounds' own ratios to that smallest application. ``--beside``
times another version too, by the folder of its sources.
"""

from __future__ import annotations

import argparse
import contextlib
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
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import psutil

POLL_SECONDS = 0.005
PATIENCE_SECONDS = 60.0
KEY = secrets.token_urlsafe(32)
BARE = "bare FastAPI, answers"
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


def until_it_answers(arguments: list[str], port: int, path: str) -> Took:
    """Start a server, wait until it answers ``path``, and end it."""
    begun = time.perf_counter()
    server = subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"TUNTAS_API_KEY": KEY}
    )
    try:
        while True:
            try:
                with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)) as connection:
                    connection.request("GET", path, headers={"X-Api-Key": KEY})
                    answer = connection.getresponse()
                assert answer.status == 200, answer.status
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


def contestants(folder: Path, beside: Path | None) -> dict[str, Callable[[], Took]]:
    """Return what is timed, by the name that the table gives it."""
    bare = folder / "bare.py"
    bare.write_text(BARE_APPLICATION)

    def tuntas(of: Path | None, *arguments: str) -> list[str]:
        """Return a command line: -c and not -m, for which Python would look into the current folder first."""
        first = f"import sys; sys.path.insert(0, {str(of)!r}); " if of is not None else ""
        return [sys.executable, "-c", f"{first}from tuntas.cli import main; main()", *arguments]

    def serve(of: Path | None, path: str) -> Took:
        port, data = free_port(), folder / f"data{'' if of is None else '-beside'}"
        return until_it_answers(tuntas(of, "serve", "--port", str(port), "--data-dir", str(data)), port, path)

    def bare_application() -> Took:
        port = free_port()
        return until_it_answers([sys.executable, str(bare), str(port)], port, "/healthz")

    timed = {"python -c pass": lambda: command([sys.executable, "-c", "pass"]), BARE: bare_application}
    versions: dict[str, Path | None] = {"tuntas": None}
    if beside is not None:
        versions["the other tuntas"] = beside
    for name, of in versions.items():
        timed |= {
            f"{name} --help": partial(command, tuntas(of, "--help")),
            f"{name} serve, lives": partial(serve, of, "/healthz"),
            f"{name} serve, answers all": partial(serve, of, "/api/sessions"),
        }
    return timed


def measure(runs: int, beside: Path | None) -> dict[str, list[Took]]:
    """Time everything in turns, after one turn that only fills caches and makes the data folder."""
    with tempfile.TemporaryDirectory(prefix="tuntas-start-") as scratch:
        timed = contestants(Path(scratch), beside)
        took: dict[str, list[Took]] = {name: [] for name in timed}
        for turn in range(runs + 1):
            for name, once in timed.items():
                one = once()
                if turn:
                    took[name].append(one)
    return took


def row(name: str, took: list[Took], bare: list[Took]) -> str:
    """Return a line of the table."""
    cells = [spread([one.wall for one in took]), spread([one.processor for one in took])]
    ratios = [
        f"{statistics.median(ours / theirs for ours, theirs in zip(*both, strict=True)):.2f}"
        for both in (
            ([one.wall for one in took], [one.wall for one in bare]),
            ([one.processor for one in took], [one.processor for one in bare]),
        )
    ]
    return f"| {name} | {cells[0]} | {cells[1]} | {ratios[0]} | {ratios[1]} |"


def spread(values: list[float]) -> str:
    """Return the middle of some values, with the least and the most."""
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--beside", type=Path, metavar="SRC", help="the folder of another version's sources")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    took = measure(options.runs, options.beside)
    if options.json:
        print(json.dumps({name: [[one.wall, one.processor] for one in each] for name, each in took.items()}))
        return
    heading = f"{options.runs} rounds, load {os.getloadavg()[0]:.1f}"
    print(f"| {heading} | wall, s | processor, s | wall ÷ bare | processor ÷ bare |")
    print("| --- | --- | --- | --- | --- |")
    for name, each in took.items():
        print(row(name, each, took[BARE]))


if __name__ == "__main__":
    main()
