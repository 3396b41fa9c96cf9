"""No document has anybody install the name ``tuntas`` from an index: until it is ours there, it may be anyone's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Whatever people read, in the checkout or on a page of the server.
SUFFIXES = {".md", ".py", ".html", ".toml", ".yaml", ".yml", ".po", ".service"}
READ = [
    path
    for place in (*ROOT.glob("*.*"), *(ROOT / name for name in ("docs", "examples", "deploy", "src", ".github")))
    for path in ([place] if place.is_file() else place.rglob("*"))
    if path.suffix in SUFFIXES or path.name in {"Dockerfile", "Makefile"}
]
# `uvx --from PATH tuntas` names where it comes from; `-e .`, a wheel and an address do as well.
BARE = re.compile(
    r"(?:\b(?:uvx|uv tool run|uv tool install|uv add|uv pip install|pipx install|pip3? install)"
    r"(?: -[-\w]+)*|\bpipx run(?: --(?!spec)[-\w]+)*) [\'\"]?tuntas(?![-\w/*.])"
)


def test_no_document_installs_or_runs_it_by_its_bare_name() -> None:
    assert len(READ) > 300
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in READ
        for match in BARE.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("shown", "is_bare"),
    [
        ("uvx tuntas cleanup", True),
        ("pip install tuntas", True),
        ("pip install --upgrade 'tuntas[s3]'", True),
        ("pipx run tuntas", True),
        ("uv tool install tuntas", True),
        ("uvx --from PATH_OR_URL tuntas cleanup", False),
        ("pipx run --spec PATH_OR_URL tuntas", False),
        ("pip install --no-deps dist/tuntas-*.whl", False),
        ("pip install tuntas-0.2.0-py3-none-any.whl", False),
        ("pip install -e '.[postgresql]'", False),
    ],
)
def test_what_a_bare_name_is(shown: str, is_bare: bool) -> None:
    assert bool(BARE.search(shown)) is is_bare
