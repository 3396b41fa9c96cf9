"""What people type and what addresses say."""

from __future__ import annotations

import pytest

from tuntas.dashboard.page_request import own_path, stream_event
from tuntas.dashboard.phone_numbers import digits_of, shown


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("+62 812-3456-7890", "6281234567890"),
        ("(62) 812 3456 7890", "6281234567890"),
        ("00 62 812 3456 7890", "6281234567890"),
        ("6281234567890", "6281234567890"),
        ("0812 3456 7890", None),
        ("+0812 3456 7890", None),
        ("12345", None),
        ("+6281234567890123456", None),
        ("62812x34567", None),
        ("٦٢٨١٢٣٤٥٦", None),
        ("", None),
    ],
)
def test_a_number_needs_its_country_code(typed: str, digits: str | None) -> None:
    assert digits_of(typed) == digits


def test_an_account_is_shown_as_people_know_it() -> None:
    assert shown("628111000111@c.us") == "+628111000111"
    assert shown("1203630@g.us") == "1203630@g.us"


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/dashboard/keys", "/dashboard/keys"),
        ("/", "/"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\\b", "/"),
        ("https://evil.example", "/"),
        ("/a\nSet-Cookie: x", "/"),
    ],
)
def test_a_form_leads_back_to_this_server_only(asked: str, path: str) -> None:
    assert own_path(asked) == path


def test_lines_stay_lines_in_an_event() -> None:
    assert stream_event("fragments", "<p>\n</p>") == "event: fragments\ndata: <p>\ndata: </p>\n\n"
