"""One word, one thing: what a class is called says which one it is, wherever it is read."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import tuntas

ROOM = Path(tuntas.__file__).parent

# Twins of two platforms, of which ``processes/system.py`` takes one: one thing, and so one word.
TWINS = {"ExitWatch": {"processes/ending.py", "processes/ending_windows.py"}}


# Other people's programs import them and nothing else of ours: there ``Message`` can only be the client's.
APART = (ROOM / "client", ROOM / "testing")


def test_no_two_classes_have_one_name() -> None:
    places = defaultdict(list)
    for path in sorted(ROOM.rglob("*.py")):
        if any(map(path.is_relative_to, APART)):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(path.relative_to(ROOM).as_posix())
    doubled = {name: set(found) for name, found in places.items() if len(found) > 1}
    assert doubled == TWINS
