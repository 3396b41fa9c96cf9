"""The cookie: good for one key, for a while, and for nobody who made it up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tuntas.dashboard.signed_cookie import SignedCookie

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
COOKIE = SignedCookie("a secret", timedelta(days=14))


def test_a_cookie_is_good_for_its_own_key_until_it_expires() -> None:
    value = COOKIE.issue("mark-2", NOW)
    marks = ["mark-1", "mark-2", "mark-3"]
    assert COOKIE.mark_of(value, marks, NOW) == "mark-2"
    assert COOKIE.mark_of(value, marks, NOW + timedelta(days=13)) == "mark-2"
    assert COOKIE.mark_of(value, marks, NOW + timedelta(days=14)) is None


def test_a_revoked_key_s_cookie_is_worthless_at_once() -> None:
    assert COOKIE.mark_of(COOKIE.issue("mark-2", NOW), ["mark-1"], NOW) is None


def test_a_cookie_holds_neither_the_key_nor_its_mark() -> None:
    assert "mark-2" not in COOKIE.issue("mark-2", NOW)


def test_another_server_s_cookie_is_worthless_and_has_another_name() -> None:
    other = SignedCookie("another secret", timedelta(days=14))
    assert COOKIE.mark_of(other.issue("mark", NOW), ["mark"], NOW) is None
    assert other.name != COOKIE.name


@pytest.mark.parametrize(
    "value", ["", ".", "..", "x.y.z", "99999999999.x.", "-1.x.y", "²³.x.y", "99999999999", "9" * 5000 + ".x.y"]
)
def test_a_made_up_cookie_is_worthless(value: str) -> None:
    assert COOKIE.mark_of(value, ["mark"], NOW) is None


def test_a_later_expiry_that_was_written_in_by_hand_is_seen() -> None:
    expiry, _, rest = COOKIE.issue("mark", NOW).partition(".")
    assert COOKIE.mark_of(f"{int(expiry) + 1}.{rest}", ["mark"], NOW) is None


def test_two_cookies_of_one_key_have_different_form_tokens() -> None:
    first, second = COOKIE.issue("mark", NOW), COOKIE.issue("mark", NOW)
    assert first != second
    assert COOKIE.form_token(first) != COOKIE.form_token(second)
    assert COOKIE.form_token(first) == COOKIE.form_token(first)


@pytest.mark.parametrize("signature", ["é", "\xff" * 64, "\udcff", ""])
def test_a_signature_of_any_letters_is_nobody_s(signature: str) -> None:
    stated = COOKIE.issue("mark-1", NOW).rpartition(".")[0]
    assert COOKIE.mark_of(f"{stated}.{signature}", ["mark-1"], NOW) is None
