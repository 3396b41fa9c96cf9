"""A short run of ``bench.proxy``: where the proxy is the only way out, nothing ever tries another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.only_way import command_alone

ROOT = Path(__file__).parents[2]
_WIRE = ["ip", "link", "add", "way", "type", "veth"]


def _is_possible() -> bool:
    try:
        return subprocess.run(command_alone(_WIRE), capture_output=True, timeout=30, check=False).returncode == 0
    except OSError:
        return False


@pytest.mark.timeout(300)
def test_faults_of_a_proxy_make_nothing_go_past_it(tmp_path: Path) -> None:
    if not _is_possible():
        pytest.skip("needs Linux with network namespaces and virtual wires")
    done = subprocess.run(
        [sys.executable, "-m", "bench.proxy", "--rounds", "8", "--json"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    figures = json.loads(done.stdout)
    assert all(figures["trap"][one] for one in ("decoy", "IpOutNoRoutes", "Udp6OutDatagrams", "Ip6Packets"))
    assert not any(figures["astray"].values())
    assert len(figures["rounds"]) == 8
    assert figures["files"] == 6
    assert list(tmp_path.iterdir()) == []
