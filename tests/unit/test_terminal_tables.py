"""Tables on a terminal of 80 by 24: a row is a line, nothing is left out without a word, and a pipe gets all of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console, RenderableType

from tuntas.cli import ps, tables, watch

NOW = datetime.now(UTC)
LONG = "cabang-jakarta-selatan-penjualan"


def session(number: int, status: str = "WORKING") -> dict[str, Any]:
    return {
        "name": f"{LONG}-{number:02}",
        "status": status,
        "reason": "whatsapp_web_changed" if status == "FAILED" else "connected",
        "changedAt": (NOW - timedelta(days=3, hours=2)).isoformat(),
        "me": {"id": f"62811000{number:04}@c.us", "pushName": f"Toko {number}"},
    }


def lines(shown: RenderableType, columns: int = 80) -> list[str]:
    written = StringIO()
    Console(file=written, width=columns, height=24, force_terminal=False).print(shown)
    return written.getvalue().splitlines()


def screen(sessions: list[dict[str, Any]]) -> list[str]:
    memory = {one["name"]: 123_000_000 for one in sessions}
    return lines(watch._screen(sessions, memory, 24))


def test_a_small_screen_shows_what_is_wrong_first_and_says_what_it_leaves_out() -> None:
    sessions = [session(number) for number in range(40)] + [session(90, "FAILED"), session(91, "PASSKEY_REQUIRED")]
    sessions += [session(number, "STOPPED") for number in range(50, 55)]
    shown = screen(sessions)
    assert len(shown) == 24
    assert max(map(len, shown)) <= 80
    assert "FAILED" in shown[1]
    assert "⚿ PASSKEY_REQUIRED" in shown[2]
    assert shown[21].startswith("… and 27 more: 22 WORKING, 5 STOPPED.")
    assert "47 sessions" in shown[23]
    assert all("123 MB" in line and "3 d" in line for line in shown[1:21])


def test_a_screen_that_holds_them_all_says_nothing_of_a_rest() -> None:
    shown = screen([session(number) for number in range(21)])
    assert len(shown) == 24
    assert not any("more" in line for line in shown)


def test_some_are_chosen_by_status_and_by_what_people_know_of_them() -> None:
    sessions = [session(1), session(2, "FAILED"), session(3, "STOPPED") | {"me": None}]
    assert [one["status"] for one in watch.chosen(sessions, ["failed", "STOPPED"], "")] == ["FAILED", "STOPPED"]
    for search in ("toko 2", "0811-000-0002", "penjualan-02"):
        assert watch.chosen(sessions, None, search) == [sessions[1]], search
    assert watch.chosen(sessions, None, "") == sessions


def test_browsers_are_a_line_each_and_a_pipe_gets_whole_paths(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    profiles = [tmp_path / "data" / "profiles" / f"{LONG}-{number}" for number in range(3)]
    rows = [
        {
            "session": path.name,
            "pid": 1_234_567,
            "processes": 7,
            "memory_bytes": 123_000_000,
            "started_at": (NOW - timedelta(hours=5)).isoformat(),
            "profile": str(path),
            "state": "RECONNECTING",
        }
        for path in profiles
    ]
    monkeypatch.setenv("COLUMNS", "80")
    ps._draw(rows)
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 4
    assert all("RECONNECTING" in line and "5 h" in line for line in shown[1:])
    monkeypatch.delenv("COLUMNS")
    ps._draw(rows)
    assert f"data/profiles/{LONG}-2" in capsys.readouterr().out
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    ps._draw(rows)
    assert str(profiles[2]) in capsys.readouterr().out
    assert tables.cut_to_fit("x").no_wrap
