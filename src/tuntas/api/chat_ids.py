"""The many ways in which people write a chat's id, brought to the one that WhatsApp Web uses. Pure."""

from __future__ import annotations

import re

from tuntas.api.plain_writing import plainly

_LEAST_DIGITS, _MOST_DIGITS = 5, 20
# As links and address books have a number.
_BEFORE = re.compile(r"(?:tel:|(?:https?://)?(?:www\.)?wa\.me/)", re.IGNORECASE)
_AFTER_LINK = re.compile(r"[/?#].*", re.DOTALL)
_WITH_SERVER = re.compile(r"(?P<user>[^@]+)@(?P<server>[A-Za-z.]+)")
# Which device of an account, behind a colon, and an agent before it: no part of whom one writes to.
_DEVICE = re.compile(r"(\.[0-9])?:[0-9]{1,5}")
_NUMBER = re.compile(r"\+?[0-9\s().\-/]{1,60}")
_TRUNK_ZERO = re.compile(r"(?<=\d)([\s.\-]*)\(0\)")
_PERSONS = {"c.us": "c.us", "s.whatsapp.net": "c.us", "lid": "lid"}
_GROUP = re.compile(r"[0-9]{4,20}(-[0-9]{4,20})?")
_CHANNEL = re.compile(r"[0-9]{4,40}")


def normal_chat_id(text: str) -> str:
    """Return the id in WhatsApp Web's form.

    Accepts ``628…@c.us``, ``628…@s.whatsapp.net``, ``…@g.us``, ``…@lid``, ``…@newsletter``, ``status@broadcast`` and
    bare numbers, with the usual punctuation, digits of any script, the marks that pasting brings, and a device's part.

    Raises:
        ValueError: it is none of these.
    """
    written = plainly(text)
    if written.lower() == "status@broadcast":
        return "status@broadcast"
    if match := _WITH_SERVER.fullmatch(written):
        user, server = match["user"].strip(), match["server"].lower()
        if server in _PERSONS and (digits := _digits(_DEVICE.sub("", user))):
            return f"{digits}@{_PERSONS[server]}"
        compact = re.sub(r"\s", "", user)
        if (server == "g.us" and _GROUP.fullmatch(compact)) or (server == "newsletter" and _CHANNEL.fullmatch(compact)):
            return f"{compact}@{server}"
    elif "@" not in written:
        link = _BEFORE.match(written)
        number = written if link is None else _AFTER_LINK.sub("", written[link.end() :])
        if digits := _digits(number):
            return f"{digits}@c.us"
    message = "is no chat id; write 628111000222@c.us, a group's …@g.us, or a number with its country code"
    raise ValueError(message)


def _digits(number: str) -> str | None:
    """Return the digits of a number that is written with the usual punctuation, None if it is none.

    Raises ValueError: it begins with 0, as no country code does.
    """
    written = number.strip()
    if not _NUMBER.fullmatch(written):
        return None
    if written.startswith(("+", "00")):
        # With a country code before it, the zero in brackets is not dialled.
        written = _TRUNK_ZERO.sub("", written)
    digits = re.sub(r"\D", "", written).removeprefix("00")
    if digits.startswith("0") and len(digits) >= _LEAST_DIGITS:
        message = "is a local number; write its country code in place of the first 0, as in 628111000222@c.us"
        raise ValueError(message)
    return digits if _LEAST_DIGITS <= len(digits) <= _MOST_DIGITS else None
