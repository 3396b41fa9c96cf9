"""What ``docs/symptoms.md`` says: of each fault of the sandbox what is told, and of which reasons it speaks at all."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "symptoms.md"
SECTION = "## Each kind of trouble, to be tried\n"


def told_by_fault() -> dict[str, list[str]]:
    """Return the codes that are told, by the kind of fault."""
    section = PAGE.read_text(encoding="utf-8").split(SECTION)[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \| [^|]* \|$", section, re.MULTILINE)
    return {kind: re.findall(r"`([a-z_]+)`", told) for kind, told in rows}


def codes() -> set[str]:
    """Return all that stands between backticks."""
    return set(re.findall(r"`(\w+)`", PAGE.read_text(encoding="utf-8")))
