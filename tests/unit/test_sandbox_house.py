"""The sandbox's files know each other one way only, and share no class name with the rest of the program."""

from __future__ import annotations

import ast
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import tuntas

SOURCE = Path(tuntas.__file__).parent
SANDBOX = SOURCE / "sandbox"


def imported(path: Path) -> set[str]:
    """Return the sandbox modules that a file imports, at its top or for its types only."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.startswith("tuntas.sandbox"):
            module = node.module.removeprefix("tuntas.sandbox").removeprefix(".")
            found |= {module} if module else {alias.name for alias in node.names}
    return found


def test_no_two_files_of_the_sandbox_import_each_other() -> None:
    TopologicalSorter({path.stem: imported(path) for path in SANDBOX.glob("*.py")}).prepare()


def test_no_class_of_the_sandbox_has_a_twin_elsewhere() -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for path in SOURCE.rglob("*.py"):
        if path.is_relative_to(SOURCE / "client"):
            continue  # for programs that know nothing else of ours
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path.relative_to(SOURCE).as_posix())
    twins = {name: found for name, found in places.items() if len(found) > 1}
    assert {name: found for name, found in twins.items() if any(each.startswith("sandbox/") for each in found)} == {}
