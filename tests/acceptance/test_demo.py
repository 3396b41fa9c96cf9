"""``tuntas demo`` does what it says, and an independent look agrees."""

from __future__ import annotations

import json
from pathlib import Path

from support.running import browsers_of, run


def test_demo_goes_through_a_whole_life_and_leaves_nothing(tmp_path: Path) -> None:
    done = run("demo", "--json", "--data-dir", str(tmp_path / "demo"))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.strip().splitlines()[-1])
    assert result["ok"] is True
    assert result["reached"] == "WORKING"
    assert result["messages_sent"] >= 1
    assert result["messages_received"] >= 1
    assert result["webhooks_delivered"] >= 4
    assert (result["processes_left"], result["folders_left"]) == (0, 0)
    assert set(result["seconds"]) == {"start_to_qr", "scan_to_working", "delete", "total"}
    assert browsers_of(tmp_path / "demo") == []
    profiles = tmp_path / "demo" / "profiles"
    assert [entry.name for entry in profiles.iterdir()] == [".trash"]
    assert list((profiles / ".trash").iterdir()) == []


def test_demo_tells_its_story_with_the_qr_in_a_screenful(tmp_path: Path) -> None:
    done = run("demo", TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stdout.splitlines() if " s  " in line]
    assert 8 <= len(told) <= 14
    assert "█" in done.stdout
    assert "0 processes and 0 folders left" in told[-1]
    assert list(tmp_path.iterdir()) == []
