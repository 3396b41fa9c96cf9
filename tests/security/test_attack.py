"""A short run of ``bench.attack``: nothing that is tried at the doors hurts the server, or one session by another's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from bench.attack.doors import DOORS
from bench.attack.run import strikes

ROOT = Path(__file__).parents[2]


def attacked(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench.attack", *arguments],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


@pytest.mark.timeout(180)
def test_twenty_seconds_of_attack_hurt_nobody(tmp_path: Path) -> None:
    done = attacked(tmp_path, "--seconds", "20", "--seed", "1")
    summary = json.loads(done.stdout.splitlines()[-1])
    # How quick the answers are is the bench's to judge, on a machine that has nothing else to do.
    hurt = [one for one in summary["violations"] if not (one["kind"] == "ping" and one["detail"].startswith("p99"))]
    assert hurt == [], f"{done.stdout}\n{done.stderr}"
    assert done.returncode == (0 if summary["ok"] else 1)
    assert summary["strikes"].keys() == set(DOORS)
    assert summary["messages"] == {"sent": 400, "delivered": 400, "in_order": True}
    assert list(tmp_path.iterdir()) == []


def test_a_seed_says_what_is_struck_and_how() -> None:
    doors = tuple(DOORS)
    for worker in range(3):
        first, again = (list(islice(strikes(7, worker, doors), 200)) for _ in range(2))
        assert first == again
        assert first != list(islice(strikes(8, worker, doors), 200))


def test_a_door_that_there_is_not_is_wrong_usage(tmp_path: Path) -> None:
    done = attacked(tmp_path, "--doors", "window")
    assert done.returncode == 2
    assert "no such door: window" in done.stderr
