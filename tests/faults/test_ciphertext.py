"""A short run of ``bench.ciphertext``: what comes encrypted first is told exactly once, though the server dies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_texts_that_come_encrypted_are_told_once_though_the_server_is_killed_in_between(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.ciphertext", "--rounds", "4", "--sessions", "2", "--seed", "3"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "violations                     0" in done.stdout
    assert list(tmp_path.iterdir()) == []
