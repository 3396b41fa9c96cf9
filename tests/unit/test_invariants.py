"""The page of invariants names tests that exist, all seventeen invariants, and a test for each fault."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "lifecycle.md").read_text(encoding="utf-8")


def test_every_invariant_names_at_least_one_test() -> None:
    *sections, faults = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    assert [section.split(".")[0] for section in sections] == [str(number) for number in range(1, 18)]
    assert [section.splitlines()[0] for section in sections if "`tests/" not in section] == []
    assert faults.startswith("Honest faults\n")


def test_every_fault_says_how_it_is_made_and_names_a_test() -> None:
    page = PAGE.partition("## Honest faults\n")[2]
    rows = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 12
    assert [row[0] for row in rows if len(row) != 3 or not row[1].strip() or "`tests/" not in row[2]] == []


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`(tests/\S+?\.py)::(\w+)`", PAGE)
    assert len(named) > 32
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
    ]
    assert missing == []
