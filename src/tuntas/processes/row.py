"""One line of the machine's process table, the same on every system."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One process. ``ended``: nothing of it runs or holds a file; it only waits for somebody to ask after it."""

    pid: int
    parent: int
    group: int
    session: int
    create_time: float
    name: str
    ended: bool
