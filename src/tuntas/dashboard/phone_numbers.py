"""Phone numbers as people write them. Here and not the API's reading of chat ids: people forget the country code."""

from __future__ import annotations

import re

FEWEST_DIGITS, MOST_DIGITS = 7, 15


def digits_of(text: str) -> str | None:
    """Return the digits of a number with its country code; None if it cannot be one.

    A number that begins with 0 is a local one (0812… in Indonesia): whose country it means cannot be known.
    """
    stripped = text.strip()
    if not re.fullmatch(r"[+(0-9][0-9\s().-]*", stripped):
        return None
    digits = re.sub(r"[^0-9]", "", stripped).removeprefix("00")
    if digits.startswith("0") or not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
        return None
    return digits


def shown(account: str) -> str:
    """Return a chat's id as people know it: a person's number with +, anything else as it is."""
    user, _, server = account.partition("@")
    return f"+{user}" if server == "c.us" and user.isdecimal() else account
