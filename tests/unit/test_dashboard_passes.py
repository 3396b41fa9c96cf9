"""The cookie: good for one key, for a while, and for nobody who made it up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tuntas.dashboard.passes import Passes

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
PASSES = Passes("a secret", timedelta(days=14))


def test_a_pass_is_good_for_its_own_key_until_it_expires() -> None:
    value = PASSES.issue("mark-2", NOW)
    marks = ["mark-1", "mark-2", "mark-3"]
    assert PASSES.mark_of(value, marks, NOW) == "mark-2"
    assert PASSES.mark_of(value, marks, NOW + timedelta(days=13)) == "mark-2"
    assert PASSES.mark_of(value, marks, NOW + timedelta(days=14)) is None


def test_a_revoked_key_s_pass_is_worthless_at_once() -> None:
    assert PASSES.mark_of(PASSES.issue("mark-2", NOW), ["mark-1"], NOW) is None


def test_a_pass_holds_neither_the_key_nor_its_mark() -> None:
    assert "mark-2" not in PASSES.issue("mark-2", NOW)


def test_another_server_s_pass_is_worthless_and_has_another_name() -> None:
    other = Passes("another secret", timedelta(days=14))
    assert PASSES.mark_of(other.issue("mark", NOW), ["mark"], NOW) is None
    assert other.cookie != PASSES.cookie


@pytest.mark.parametrize(
    "value", ["", ".", "..", "x.y.z", "99999999999.x.", "-1.x.y", "²³.x.y", "99999999999", "9" * 5000 + ".x.y"]
)
def test_a_made_up_pass_is_worthless(value: str) -> None:
    assert PASSES.mark_of(value, ["mark"], NOW) is None


def test_a_later_expiry_that_was_written_in_by_hand_is_seen() -> None:
    expiry, _, rest = PASSES.issue("mark", NOW).partition(".")
    assert PASSES.mark_of(f"{int(expiry) + 1}.{rest}", ["mark"], NOW) is None


def test_two_passes_of_one_key_have_different_form_tokens() -> None:
    first, second = PASSES.issue("mark", NOW), PASSES.issue("mark", NOW)
    assert first != second
    assert PASSES.form_token(first) != PASSES.form_token(second)
    assert PASSES.form_token(first) == PASSES.form_token(first)
