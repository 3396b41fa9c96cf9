"""The many ways in which people write a chat's id, brought to the one that WhatsApp Web uses."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"^[+(]?\d[\d\s().-]{3,24}$")
_WITH_SERVER = re.compile(r"^(?P<user>[\d-]{4,40})@(?P<server>c\.us|s\.whatsapp\.net|g\.us|lid|newsletter)$")


def normal_chat_id(text: str) -> str:
    """Return the id in WhatsApp Web's form.

    Accepts ``628…@c.us``, ``628…@s.whatsapp.net``, ``…@g.us``, ``…@lid``, ``…@newsletter``, ``status@broadcast`` and
    bare numbers with the usual punctuation.

    Raises:
        ValueError: it is none of these.
    """
    stripped = text.strip()
    if stripped == "status@broadcast":
        return stripped
    if match := _WITH_SERVER.match(stripped):
        server = "c.us" if match["server"] == "s.whatsapp.net" else match["server"]
        return f"{match['user']}@{server}"
    if _NUMBER.match(stripped):
        digits = re.sub(r"\D", "", stripped)
        if 5 <= len(digits) <= 20:
            return f"{digits}@c.us"
    message = "is no chat id; write 628111000222@c.us, a group's …@g.us, or a number with its country code"
    raise ValueError(message)
