"""Alerts begin once and end once, and what flaps is no news."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tuntas.alerts.book import Alert, AlertBook
from tuntas.troubles import Trouble, TroubleKind

START = datetime(2026, 11, 26, tzinfo=UTC)
AFTER = timedelta(seconds=60)


def trouble(session: str = "shop", *, at: float = 0.0) -> Trouble:
    return Trouble(TroubleKind.SESSION_FAILED, session, START + timedelta(seconds=at), "update_required")


class Kept:
    """A book, and the alerts as a store would keep them."""

    def __init__(self) -> None:
        self.book = AlertBook(AFTER)
        self.alerts: dict[str, Alert] = {}

    def look(self, troubles: list[Trouble], at: float) -> list[Alert]:
        is_open = [one for one in self.alerts.values() if one.resolved_at is None]
        changes = self.book.changes(troubles, is_open, START + timedelta(seconds=at))
        self.alerts.update({one.id: one for one in changes})
        return changes


def is_waiting(kept: Kept) -> bool:
    return kept.book.is_waiting


def test_what_lasts_is_told_once_and_its_end_once() -> None:
    kept = Kept()
    assert kept.look([trouble()], 0) == []
    assert is_waiting(kept)
    assert kept.look([trouble(at=30)], 59) == []
    (begun,) = kept.look([trouble(at=59)], 60)
    assert (begun.kind, begun.session, begun.resolved_at) == (TroubleKind.SESSION_FAILED, "shop", None)
    assert kept.look([trouble()], 300) == []
    assert not is_waiting(kept)
    assert kept.look([], 301) == []
    assert is_waiting(kept)
    (ended,) = kept.look([], 361)
    assert ended.id == begun.id
    assert ended.resolved_at == START + timedelta(seconds=361)
    assert kept.look([], 500) == []


def test_what_flaps_is_no_news() -> None:
    kept = Kept()
    for at in range(0, 600, 30):
        assert kept.look([trouble()] if at % 60 else [], at) == []
    kept.look([trouble()], 600)
    (begun,) = kept.look([trouble()], 660)
    for at in range(690, 1200, 30):
        assert kept.look([trouble()] if at % 60 else [], at) == []
    assert kept.alerts == {begun.id: begun}


def test_a_server_that_starts_again_goes_on_with_the_alerts_that_are_kept() -> None:
    kept = Kept()
    kept.look([trouble()], 0)
    kept.look([trouble()], 60)
    kept.book = AlertBook(AFTER)
    assert kept.look([trouble()], 100) == []
    assert kept.look([trouble()], 200) == []
    kept.look([], 300)
    assert len(kept.look([], 360)) == 1


def test_nobody_is_told_of_an_end_whose_begin_it_was_not_told() -> None:
    alert = Alert("1", TroubleKind.SESSION_FAILED, "shop", START, "")
    assert alert.due_at("email")
    over = replace(alert.told_to("email"), resolved_at=START)
    assert over.due_at("email")
    assert not over.due_at("webhook")
    assert not over.told_to("email").due_at("email")


@given(st.lists(st.sets(st.sampled_from(["a", "b", "c"])), max_size=60), st.integers(min_value=1, max_value=90))
def test_of_one_trouble_there_is_never_more_than_one_open_alert(seen: list[set[str]], step: int) -> None:
    kept = Kept()
    for number, sessions in enumerate(seen):
        kept.look([trouble(one) for one in sorted(sessions)], number * step)
        still = [one.session for one in kept.alerts.values() if one.resolved_at is None]
        assert len(still) == len(set(still))
