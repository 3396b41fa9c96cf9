"""Numbers that are written in more ways than one, and by which of them WhatsApp knows a phone. Pure.

Brazil put a ninth digit before its mobile numbers, Mexico and Argentina a digit after the country's code; WhatsApp
knows some phones without it. Whoever asks for one form is answered with the other.
"""

from __future__ import annotations

import re

# Each the long form; without the named group it is the short one, which is told by the number of digits.
_LONG = (
    re.compile(r"(?P<before>55[1-9][0-9])(?P<extra>9)(?P<after>[0-9]{8})"),  # Brazil, its ninth digit
    re.compile(r"(?P<before>52)(?P<extra>1)(?P<after>[0-9]{10})"),  # Mexico
    re.compile(r"(?P<before>54)(?P<extra>9)(?P<after>[0-9]{10})"),  # Argentina
)
_SHORT = (
    (re.compile(r"(55[1-9][0-9])([0-9]{8})"), "9"),
    (re.compile(r"(52)([0-9]{10})"), "1"),
    (re.compile(r"(54)([0-9]{10})"), "9"),
)


def other_form(number: str) -> str | None:
    """Return the other way in which a number is written, None if there is none."""
    for long in _LONG:
        if match := long.fullmatch(number):
            return match["before"] + match["after"]
    for short, extra in _SHORT:
        if match := short.fullmatch(number):
            return match[1] + extra + match[2]
    return None
