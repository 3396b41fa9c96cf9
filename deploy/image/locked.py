"""Prints that part of a lock file of pip's that some packages need, hashes included.

The lock has all that a developer needs too. Its comments say what each package is there for (``# via``), which is
enough to leave out the rest without asking an index again.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_OURS = "tuntas (pyproject.toml)"


def blocks_of(lock: str) -> dict[str, str]:
    """Return each package's lines by its name."""
    found = [block for block in re.split(r"\n(?=[A-Za-z0-9])", lock.strip()) if not block.startswith("#")]
    return {match.group().lower(): f"{block}\n" for block in found if (match := _NAME.match(block))}


def wanted_by(block: str) -> set[str]:
    """Return who needs a package, by its comment; ``tuntas`` for the product itself."""
    lines = [line.strip().lstrip("# ") for line in block.splitlines() if line.strip().startswith("#")]
    names = {line.removeprefix("via").strip() for line in lines} - {""}
    return {"tuntas" if name == _OURS else name for name in names}


def part_of(lock: str, roots: set[str]) -> str:
    """Return the lines of ``roots`` and of all that they need. Raises KeyError for a root that is not there."""
    blocks = blocks_of(lock)
    needed = set(roots)
    for root in roots - {"tuntas"}:
        blocks[root]  # a KeyError is better than an image that lacks it
    while more := {name for name, block in blocks.items() if name not in needed and wanted_by(block) & needed}:
        needed |= more
    return "".join(blocks[name] for name in sorted(needed & blocks.keys()))


if __name__ == "__main__":
    sys.stdout.write(part_of(Path(sys.argv[1]).read_text(encoding="utf-8"), set(sys.argv[2:])))
