"""What people type and what addresses say."""

from __future__ import annotations

import pytest

from tuntas.dashboard.page_request import own_path, stream_event
from tuntas.dashboard.phone_numbers import digits_of, shown, spaced


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


@pytest.mark.parametrize(
    ("typed", "account", "digits"),
    [
        ("0812 3456 7890", "6281100000001@c.us", "6281234567890"),
        ("(021) 5555 1234", "6281100000001@c.us", "622155551234"),
        ("+62 812-3456-7890", "5511987654321@c.us", "6281234567890"),
        ("011 98765-4321", "5511987654321@c.us", "5511987654321"),
        ("0812 3456 7890", "919876543210@c.us", None),  # no number of India's
        ("0812 3", "6281100000001@c.us", None),
        ("0812 3456 7890", "123456789012345@lid", None),  # says nothing of a country
        ("0812 3456 7890", None, None),
    ],
)
def test_a_local_number_is_one_of_the_accounts_country(typed: str, account: str | None, digits: str | None) -> None:
    assert digits_of(typed, account) == digits


def test_a_number_is_shown_as_its_country_writes_it() -> None:
    assert spaced("6281234567890") == "+62 812-3456-7890"
    assert spaced("999") == "+999"


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
