"""A short run of ``bench.faults``: random wishes under random faults, and nothing is stuck, lost or left over."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench.faults_model import RUNNING, STOPPED, Expected

ROOT = Path(__file__).parents[2]


def test_five_rounds_of_faults_leave_nothing_and_lose_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.faults", "--rounds", "5", "--seed", "7", "--sessions", "2"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "violations                                         0" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wishes", "wanted", "status", "kind"),
    [
        (["create"], None, None, "lost"),
        (["create", "delete"], RUNNING, "SCAN_QR_CODE", "resurrected"),
        (["create", "stop"], RUNNING, "SCAN_QR_CODE", "wrong wish"),
        (["create", "pair"], RUNNING, "SCAN_QR_CODE", "needs a person"),
        (["create", "pair", "logout"], RUNNING, "WORKING", "keys survived"),
    ],
)
def test_the_model_of_the_fault_run_sees_each_kind_of_violation(
    wishes: list[str], wanted: str | None, status: str | None, kind: str
) -> None:
    session = Expected("f0", "628991000000")
    for wish in wishes:
        session.answered(wish)
    assert [one for one, _ in session.broken_by(wanted, status)] == [kind]


def test_the_model_of_the_fault_run_allows_both_ends_of_a_wish_that_was_cut_off() -> None:
    session = Expected("f0", "628991000000")
    session.answered("create")
    session.cut_off("delete")
    assert session.broken_by(None, None) == []
    assert session.broken_by(RUNNING, "SCAN_QR_CODE") == []
    session.cut_off("stop")
    assert session.broken_by(STOPPED, "STOPPED") == []
    session.take_over(RUNNING, "SCAN_QR_CODE")
    assert session.broken_by(None, None) != []
