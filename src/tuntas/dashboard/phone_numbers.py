"""Phone numbers as people write them. Here and not the API's reading of chat ids: people forget the country code."""

from __future__ import annotations

import re

FEWEST_DIGITS, MOST_DIGITS = 7, 15


def digits_of(text: str, account: str | None = None) -> str | None:
    """Return the digits of a number with its country code; None if it cannot be one.

    A number that begins with 0 is a local one (0812… in Indonesia), of the country of ``account`` (``628…@c.us``) whom
    it is written for; without an account whose country it means cannot be known.
    """
    stripped = text.strip()
    if not re.fullmatch(r"[+(0-9][0-9\s().-]*", stripped):
        return None
    digits = re.sub(r"[^0-9]", "", stripped).removeprefix("00")
    if digits.startswith("0"):
        return None if account is None else _local_digits(digits, account)
    if not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
        return None
    return digits


def spaced(digits: str) -> str:
    """Return a number with its country code as its country writes it, such as +62 812-3456-7890."""
    import phonenumbers

    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return f"+{digits}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _local_digits(typed: str, account: str) -> str | None:
    import phonenumbers  # some 80 ms, for those who type such a number

    user, _, server = account.partition("@")
    if server != "c.us":
        return None
    try:
        own = phonenumbers.parse(f"+{user}")
        number = phonenumbers.parse(typed, phonenumbers.region_code_for_number(own))
    except phonenumbers.NumberParseException:
        return None
    # Nobody sees a wrong guess: what looks like no number of that country is asked for in full.
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")


def shown(account: str) -> str:
    """Return a chat's id as people know it: a person's number with +, anything else as it is."""
    user, _, server = account.partition("@")
    return f"+{user}" if server == "c.us" and user.isdecimal() else account
