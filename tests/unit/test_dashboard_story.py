"""A story on a page: what was tried again and again is told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tuntas.dashboard.story import grouped
from tuntas.sessions.machine import State, Status
from tuntas.sessions.model import StateChange

NOW = datetime(2026, 11, 27, tzinfo=UTC)
TRY = [(State.WAITING, "page_unreachable"), (State.RECOVERING, "page_unreachable"), (State.STARTING, "retry")]


def story(*lines: tuple[State, str]) -> list[StateChange]:
    return [
        StateChange(NOW - timedelta(minutes=place), State.STOPPED, after, Status.STARTING, reason, None, "system")
        for place, (after, reason) in enumerate(lines)
    ]


def shown(*lines: tuple[State, str]) -> list[tuple[list[str], int]]:
    return [([one.after.value for one in part.changes], part.repeats) for part in grouped(story(*lines))]


def test_tries_that_fail_the_same_way_are_told_once_with_how_often_and_since_when() -> None:
    lines = [(State.STARTING, "retry"), *TRY * 4, (State.STARTING, "start_requested")]
    assert shown(*lines) == [
        (["starting", "waiting", "recovering"], 3),
        (["starting"], 0),
        (["starting"], 0),
    ]
    (first, *_) = grouped(story(*lines))
    assert first.since == NOW - timedelta(minutes=11)
    assert first.changes[0].at == NOW


def test_what_happened_once_is_told_as_it_was_and_nothing_is_lost() -> None:
    lines = [(State.WORKING, "connected"), (State.PAIRING, "scanned"), (State.SCAN_QR_CODE, "qr_shown")]
    assert shown(*lines) == [(["working"], 0), (["pairing"], 0), (["scan_qr_code"], 0)]
    assert grouped([]) == []
    other = [*TRY, (State.WAITING, "page_crashed"), *TRY[1:]]
    assert sum(len(part.changes) * (part.repeats + 1) for part in grouped(story(*other))) == len(other)
    assert len(grouped(story(*other))) == len(other)
