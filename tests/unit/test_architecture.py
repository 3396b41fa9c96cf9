"""The page that draws the house names files that are there, and each walk through it names a file once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
WALKS = PAGE.partition("## Three walks")[2].partition("\n## ")[0]


def test_every_file_that_the_page_names_is_there() -> None:
    named = re.findall(r"`((?:\w+/)+\w+\.(?:py|js)|(?:\w+/)+)`", PAGE)
    assert len(named) > 40
    places = (ROOT / "src" / "tuntas", ROOT)
    assert [one for one in named if not any((place / one).exists() for place in places)] == []


@pytest.mark.parametrize("walk", ["A DELETE", "A sendText", "A page event"])
def test_a_walk_names_each_file_once(walk: str) -> None:
    text = WALKS.partition(f"**{walk}.**")[2].partition("\n\n")[0]
    named = re.findall(r"`(\w+/\w[\w/]*\.\w+)`", text)
    assert len(named) > 4
    assert sorted(named) == sorted(set(named))


def test_every_room_is_in_the_picture() -> None:
    picture = PAGE.partition("```\n")[2].partition("```")[0]
    rooms = [path.name for path in (ROOT / "src" / "tuntas").iterdir() if (path / "__init__.py").exists()]
    assert [room for room in rooms if f"{room}/" not in picture] == []
