"""The documents become a site without a broken link, and its pages ask no other host for anything."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOADED = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=\"(https?:)?//", re.IGNORECASE)


def test_the_site_is_built_without_a_warning_and_asks_nobody(tmp_path: Path) -> None:
    built = tmp_path / "site"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", "docs", ".", str(built)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    pages = sorted(built.rglob("*.html"))
    assert len(pages) > 30
    assert [page.name for page in pages if LOADED.search(page.read_text(encoding="utf-8"))] == []
    start = (built / "docs" / "index.html").read_text(encoding="utf-8")
    for chapter in ("start", "symptoms", "security", "windows", "from-waha", "critiques"):
        assert f'href="{chapter}.html"' in start, chapter
