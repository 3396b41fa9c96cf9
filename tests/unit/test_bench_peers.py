"""The small parts of ``bench.peers`` say what they should: statistics, table, JSON. Nothing is measured here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bench.peers.__main__ import LATEST, PAGE, full, quick
from bench.peers.figures import SEED, TUNTAS, WEB_JS, WEB_JS_SHELL, Figures
from bench.peers.report import document, markdown, put_between
from bench.peers.rows import GROUPS
from bench.peers.samples import Sample, percentile, ratio, slope
from bench.peers.world import CannotRun, browsers

from tuntas.browser import BrowserKind, Candidate

ABOUT: dict[str, Any] = {
    "machine": {"processor": "a processor, 2 cores", "load at the start": "0.1"},
    "versions": {"tuntas": "1"},
    "run": {"command": "make bench", "date": "2026-01-01", "minutes": 3.0, "notes": ["a note"]},
}


def figures() -> Figures:
    """Two rounds; in the second one the machine was half as fast."""
    made = Figures()
    for slowness in (1.0, 2.0):
        made.add("start_to_qr_seconds", TUNTAS, 0.5 * slowness)
        made.add("start_to_qr_seconds", WEB_JS, 1.0 * slowness)
    for who, megabytes in ((TUNTAS, 80.0), (WEB_JS, 200.0), (WEB_JS_SHELL, 100.0)):
        made.add("session_megabytes_20", who, megabytes)
    made.add("delete_seconds", TUNTAS, 0.1)
    made.add("delete_seconds", SEED, 1.2)
    for who, left in ((TUNTAS, 0.0), (WEB_JS, 33.0)):
        made.add("left_files", who, 0.0)
        made.add("survivors_60_seconds", who, left)
    made.add("works_again_seconds", TUNTAS, 3.0)
    made.add("works_again_seconds", WEB_JS, None)
    return made


def test_a_ratio_is_that_of_the_rounds_so_that_a_slow_round_counts_for_both() -> None:
    assert ratio(Sample((1.0, 10.0, 3.0)), Sample((2.0, 20.0, 4.0))) == 0.5
    assert ratio(Sample((1.0, 2.0)), Sample((2.0,))) == 0.5
    assert ratio(Sample((1.0,)), Sample((0.0,))) is None
    assert ratio(Sample((1.0,)), Sample((None,))) is None


def test_what_never_came_is_behind_all_that_came() -> None:
    mostly = Sample((3.0, None, 1.0))
    assert (mostly.median, mostly.least, mostly.most) == (3.0, 1.0, None)
    assert Sample((None, None, 1.0)).median is None
    with pytest.raises(ValueError, match="without a value"):
        Sample(())


def test_a_percentile_is_a_value_that_was_measured_and_a_slope_is_growth_for_each() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [percentile(values, share) for share in (0.5, 0.95, 0.99)] == [50.0, 95.0, 99.0]
    assert percentile([7.0], 0.99) == 7.0
    assert slope([(0, 80.0), (1, 82.0), (5, 90.0)]) == pytest.approx(2.0)


def test_the_document_has_what_others_read_and_null_for_what_was_not_measured() -> None:
    made = json.loads(json.dumps(document(figures(), ABOUT), allow_nan=False))
    assert made["ratios"] == {
        "memory_vs_whatsapp_web_js": 0.4,
        "memory_vs_shell_mode": 0.8,
        "start_to_qr": 0.5,
        "restart_to_ready": None,
        "delete_vs_whatsapp_web_js": None,
        "delete_vs_seed_recipe": 0.083,
    }
    assert made["leftovers"] == {"tuntas": 0, "whatsapp_web_js": 33}
    assert made["megabytes_per_session"] == 80.0
    assert made["server_megabytes"] is made["idle_cpu_percent_per_session"] is None
    assert Figures.of(made["figures"]).document() == made["figures"]


def test_the_table_has_each_figure_with_its_spread_its_ratio_and_its_command() -> None:
    table = markdown(document(figures(), ABOUT))
    assert "| start → QR, s | 0.75 (0.50–1.00) | 1.50 (1.00–2.00) | – | 0.50 |  |" in table
    assert "| server started again → all sessions ready, s | 3.00 | never, while watched |" in table
    assert "`python -m bench.peers --only life`" in table
    assert "Memory" in table
    assert "WA-JS waits" not in table, "what was not measured has no line"
    assert "- a note" in table
    assert "| memory of a session, of 20, ÷ whatsapp-web.js | 0.5 | 0.4 | met |" in table
    assert "| left over by Tuntas | 0 | 0 | met |" in table
    assert "| the server alone, MB | 120 | – |  |" in table


def test_a_table_replaces_the_figures_of_a_page_and_nothing_else() -> None:
    page = "words\n<!-- figures: begin -->\nold\n<!-- figures: end -->\nmore\n"
    assert put_between(page, "new\n") == page.replace("old", "new")
    with pytest.raises(ValueError, match="has no"):
        put_between("words", "new")


def test_both_plans_measure_the_same_and_each_group_of_the_table_has_its_measurement() -> None:
    names = [one.name for one in full().sections]
    assert names == [one.name for one in quick().sections]
    assert {group.name for group in GROUPS} == {*names, "recovery"}


def test_a_missing_browser_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = Candidate(Path("/opt/shell"), BrowserKind.HEADLESS_SHELL, "here")
    monkeypatch.setattr("bench.peers.world.installed_browsers", lambda: [shell])
    with pytest.raises(CannotRun, match=r"no full Chromium, which whatsapp-web.js launches.*apt-get install chromium"):
        browsers()


def test_the_figures_of_the_documents_are_those_of_the_results() -> None:
    result = json.loads(LATEST.read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    if result["run"]["command"] == "make bench":
        assert put_between(page, markdown(result)) == page, "run `make bench`, or put the two together again"
    assert not [place for place in ("/tmp/", "/home/", "/root") if place in f"{result}{page}"]
