"""A report of the self-test says nothing of whose machine it is from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuntas.cli.selftest_report import CheckOutcome, Scrubber, document, text


@pytest.fixture
def scrubber(monkeypatch: pytest.MonkeyPatch) -> Scrubber:
    monkeypatch.setattr("tuntas.cli.selftest_report.getuser", lambda: "budi")
    monkeypatch.setattr("platform.node", lambda: "TOKO-PC")
    monkeypatch.setattr(Path, "home", lambda: Path("/rumah/budi santoso"))
    made = Scrubber()
    made.hide(Path("/rumah/budi santoso/tmp/tuntas-selftest-x"))
    return made


@pytest.mark.parametrize(
    ("told", "sent"),
    [
        ("/rumah/budi santoso/tmp/tuntas-selftest-x/life is held", "<folder>/life is held"),
        ("'/RUMAH/Budi Santoso/chrome' ended", "'~/chrome' ended"),
        (r"C:\Users\Siti Aminah\AppData\x.db", r"C:\Users\<name>\AppData\x.db"),
        (r"'c:\\users\\siti\\x.db'", r"'c:\\users\\<name>\\x.db'"),
        ("/Users/siti/Library: no", "/Users/<name>/Library: no"),
        ("/home/siti: no", "/home/<name>: no"),
        ("held by Budi on toko-pc", "held by <name> on <name>"),
        ("a budiman stays", "a budiman stays"),
        ("628111000111@c.us, pid 1234567", "…@c.us, pid …"),
        ("chrome 156.0.8078.108, error 32", "chrome 156.0.8078.108, error 32"),
        ("one\n  line", "one line"),
    ],
)
def test_names_numbers_and_paths_are_taken_out(scrubber: Scrubber, told: str, sent: str) -> None:
    assert scrubber.scrub(told) == sent


def test_a_report_of_a_failure_asks_to_be_sent(scrubber: Scrubber) -> None:
    report = document([CheckOutcome("a", "passed", 0.1, "x"), CheckOutcome("b", "failed", 2.0, "y")], scrubber)
    assert report["ok"] is False
    said = text(report)
    assert "failed     2.0 s  b: y" in said
    assert "1 passed, 1 failed. Please send this report" in said
    assert document([CheckOutcome("a", "skipped", 0.1, "x")], scrubber)["ok"] is True
