"""The table of libraries that run on the sandbox says which versions are tested, and by which tests."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def locked(folder: str, package: str) -> str:
    lock = json.loads((ROOT / "tests" / folder / "package-lock.json").read_text(encoding="utf-8"))
    return str(lock["packages"][f"node_modules/{package}"]["version"])


def versions() -> dict[str, str]:
    """Return the version of each library that there are tests with, by the name that the table gives it."""
    wa_js = json.loads((ROOT / "frontend" / "package.json").read_text(encoding="utf-8"))
    pinned = (ROOT / "tests" / "wpp_whatsapp" / "requirements.in").read_text(encoding="utf-8")
    return {
        "WA-JS": wa_js["dependencies"]["@wppconnect/wa-js"],
        "whatsapp-web.js": locked("whatsapp_web_js", "whatsapp-web.js"),
        "wppconnect": locked("wppconnect", "@wppconnect-team/wppconnect"),
        "WPP_Whatsapp": pinned.split("==")[1].strip(),
    }


def test_the_table_has_each_library_that_is_tested_in_the_version_that_is_tested() -> None:
    page = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    table = page.split("| library | version | how far | since |\n")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[1:]]
    assert {row[0].split(",")[0]: row[1].split(",")[0] for row in rows} == versions()
    for _, _, how_far, since in rows:
        tests = re.findall(r"`(tests/[^`]+)`", how_far)
        assert tests
        assert all(list(ROOT.glob(one)) for one in tests), how_far
        assert re.fullmatch(r"20\d\d-\d\d", since)
