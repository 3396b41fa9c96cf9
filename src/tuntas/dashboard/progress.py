"""How far a stop, a logout or a deletion has come, as steps. Pure: read from the state and the operation under way.

Nothing here is a guess from time: a step is done when the state says so, and the state changes only when it is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tuntas.dashboard.words import N_
from tuntas.sessions.effects import Operation
from tuntas.sessions.machine import WITH_BROWSER, Desired, State
from tuntas.sessions.model import SessionRecord, StateChange


class Progress(StrEnum):
    """Where a step is."""

    DONE = "done"
    NOW = "now"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class Step:
    """One step, in words of the catalogue."""

    words: str
    progress: Progress


_LOG_OUT = N_("Unlinking the device at WhatsApp")
_CLOSE = N_("Closing the browser and proving that none of its processes is left")
_REMOVE = N_("Removing its files")
_FORGET = N_("Forgetting the session")

_UNLINKING = frozenset({"logout_requested", "delete_requested"})
_LINKED = frozenset({State.PAIRING, State.WORKING, State.RECONNECTING})


def steps(record: SessionRecord, doing: Operation, story: Sequence[StateChange]) -> list[Step]:
    """Return the steps of the end that is under way; none if there is none."""
    is_removal = record.desired is Desired.REMOVED
    is_logout = record.discard_profile and not is_removal
    if record.state is not State.STOPPING and not is_removal and doing is not Operation.DISCARD_PROFILE:
        return []
    planned = [_CLOSE]
    if _was_linked(story):
        planned.insert(0, _LOG_OUT)
    if is_removal or is_logout:
        planned.append(_REMOVE)
    if is_removal:
        planned.append(_FORGET)
    current = planned.index(_now(record, doing, planned))
    marks = [Progress.DONE if at < current else Progress.NEXT for at in range(len(planned))]
    marks[current] = Progress.NOW
    return [Step(words, mark) for words, mark in zip(planned, marks, strict=True)]


def _was_linked(story: Sequence[StateChange]) -> bool:
    """Say whether the end that is under way found a linked page: only such a one is logged out at WhatsApp."""
    ends = [change for change in story if change.after is State.STOPPING]
    return bool(ends) and ends[-1].reason in _UNLINKING and ends[-1].before in _LINKED


def _now(record: SessionRecord, doing: Operation, planned: list[str]) -> str:
    if doing is Operation.LOG_OUT and _LOG_OUT in planned:
        return _LOG_OUT
    if record.state in WITH_BROWSER:
        # Before the first operation has begun, the first step is the one that is waited for.
        return _CLOSE if doing is Operation.END_BROWSER else planned[0]
    return _REMOVE if _REMOVE in planned else _CLOSE
