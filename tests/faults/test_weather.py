"""Short runs of ``bench.weather``: an outage, and half a minute of all kinds of trouble; and how it judges."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from bench import weather_judge as judge
from bench.weather_plan import OF_ALL, OF_ONE, Trouble, weather

from tuntas.sandbox.fault_kinds import KINDS

ROOT = Path(__file__).parents[2]


def run(tmp_path: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bench.weather", *arguments],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert list(tmp_path.iterdir()) == []
    return done.stdout


def test_a_network_that_comes_back_finds_all_sessions_working_soon_and_cost_little_meanwhile(tmp_path: Path) -> None:
    # The pages are in the middle of a wait of some twelve seconds then.
    said = run(tmp_path, "--sessions", "3", "--outage", "20", "--pause", "2.5")
    assert "violations: 0" in said
    assert "started anew: 0" in said


def test_half_a_minute_of_all_kinds_of_trouble(tmp_path: Path) -> None:
    said = run(tmp_path, "--sessions", "2", "--minutes", "0.5", "--seed", "1")
    assert "violations: 0" in said


def test_the_weather_follows_from_its_seed_and_has_all_kinds_at_their_rates() -> None:
    assert weather(1, 20, 600) == weather(1, 20, 600) != weather(2, 20, 600)
    found = weather(1, 20, 3600)
    assert {one.kind for one in found if one.session is not None} == set(OF_ONE)
    assert {one.kind for one in found if one.session is None} == set(OF_ALL)
    each = Counter(one.session for one in found)
    assert all(50 < each[session] < 115 for session in range(20)), "one in 45 seconds on the average"


def test_the_weather_has_each_fault_of_the_sandbox() -> None:
    # By another name: what is missing for everybody, a disk that fails in two ways, and what is no fault.
    others = {"remove_module": "needed_module_missing", "storage_failure": "disk_takes_nothing"}
    assert {others.get(kind, kind) for kind in KINDS} - {"clear"} <= {*OF_ONE, *OF_ALL}


def watched(*lines: judge.Line, looks: list[tuple[float, str]] | None = None) -> judge.Watched:
    return judge.Watched("w00", looks or [], list(lines))


def test_what_is_a_false_alarm_and_what_is_not() -> None:
    left = judge.Line(100.0, "working", "recovering", "page_hung")
    assert judge.false_alarms(watched(left), []) == [left]
    assert judge.false_alarms(watched(left), [Trouble(101.0, "hang_page", 0, 0.0)]) == [left]
    assert judge.false_alarms(watched(left), [Trouble(95.0, "hang_page", 0, 0.0)]) == []


def test_a_session_may_rest_while_the_weather_is_bad_and_for_a_minute_after_it() -> None:
    looks = [(float(second), "FAILED") for second in range(0, 200, 10)]
    met = [Trouble(5.0, "temp_ban", 0, 20.0)]
    assert judge.rests(watched(looks=looks), met) == [float(second) for second in range(90, 200, 10)]
    assert judge.rests(watched(looks=[(100.0, "WORKING")]), []) == []


def test_a_start_before_a_known_ban_is_over_is_one_into_it() -> None:
    ban = [Trouble(10.0, "temp_ban", 0, 20.0)]
    told = judge.Line(12.0, "working", "recovering", "temporary_ban")
    early, late = (judge.Line(at, "failed", "starting", "restart_after_fault") for at in (20.0, 31.0))
    assert judge.starts_into_bans(watched(told, early, late), ban) == [early]
    assert judge.starts_into_bans(watched(early), ban) == [], "it did not know yet"


def test_lost_and_doubled_are_told_apart() -> None:
    assert judge.lost_and_doubled(["a", "b", "c"], ["a", "c", "c", "other"]) == (["b"], ["c"])
