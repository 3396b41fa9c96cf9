"""A session's story as a page tells it: what was tried again and again is told once, with how often. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tuntas.sessions.model import StateChange

# A try that fails is some lines: starting, the fault, the browser's end, the wait.
LONGEST_TRY_LINES = 6


@dataclass(frozen=True, slots=True)
class StoryPart:
    """Lines, newest first; the same happened ``repeats`` times before them, for the first time at ``since``."""

    changes: tuple[StateChange, ...]
    repeats: int
    since: datetime


def grouped(newest_first: Sequence[StateChange]) -> list[StoryPart]:
    """Return the lines in their order; of lines that follow each other again and again only the newest ones."""
    keys = [(one.after, one.reason, one.asked_by) for one in newest_first]
    parts, start = [], 0
    while start < len(keys):
        length, repeats = _longest_run(keys, start)
        end = start + length * (repeats + 1)
        parts.append(StoryPart(tuple(newest_first[start : start + length]), repeats, newest_first[end - 1].at))
        start = end
    return parts


def _longest_run(keys: Sequence[object], start: int) -> tuple[int, int]:
    """Return how many lines repeat themselves from ``start`` on, and how often; where none do, one and 0."""
    best = (1, 0)
    for length in range(1, LONGEST_TRY_LINES + 1):
        block, repeats = keys[start : start + length], 0
        while len(block) == length and keys[start + length * (repeats + 1) :][:length] == block:
            repeats += 1
        if length * repeats > max(1, best[0] * best[1]):
            best = (length, repeats)
    return best
