"""Receivers of webhooks in processes of their own, for benchmarks: what they have seen and when."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]


@contextmanager
def receiver(share: float, seed: int) -> Iterator[str]:
    """Run a receiver and give its address."""
    command = [sys.executable, str(ROOT / "bench" / "outbox_receiver.py"), str(share), str(seed)]
    with child(command) as port:
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def child(command: list[str]) -> Iterator[str]:
    """Run a program that prints a line and ends with its input; give the line."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(10)


def seen(url: str) -> list[tuple[str, str, str, float]]:
    return [tuple(one) for one in httpx.get(url, trust_env=False, timeout=60).json()]
