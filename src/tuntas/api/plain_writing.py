"""Ids and numbers as people paste them, brought to plain characters; never for what people say. Pure.

What is pasted from a chat, a web page or a document brings marks that nobody sees, dashes of every kind and the digits
of its own script.
"""

from __future__ import annotations

import unicodedata

_FULL_WIDTH = range(0xFF01, 0xFF5F)
_FULL_WIDTH_OFFSET = 0xFEE0
_MINUS_SIGNS = "\u2212\u207b\ufe63"


def plainly(text: str) -> str:
    """Return ``text`` with ASCII digits, dashes, spaces and signs, without invisible characters, trimmed."""
    return "".join(map(_plain, text)).strip()


def is_blank(text: str) -> bool:
    """Say whether nobody would see anything of ``text``."""
    return all(character.isspace() or unicodedata.category(character) in ("Cf", "Cc") for character in text)


def not_blank(text: str) -> str:
    """Return ``text``. Raises ValueError where nobody would see anything of it."""
    if is_blank(text):
        message = "is blank: give something that can be seen"
        raise ValueError(message)
    return text


def _plain(character: str) -> str:
    if character.isascii():
        return character
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Cf":
        return ""
    if category == "Pd" or character in _MINUS_SIGNS:
        return "-"
    if category == "Zs":
        return " "
    if ord(character) in _FULL_WIDTH:
        return chr(ord(character) - _FULL_WIDTH_OFFSET)
    return character
