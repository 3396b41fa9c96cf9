"""What somebody types to find sessions and chats, and the session that an address names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tuntas.sessions.model import SESSION_NAME_PATTERN

LEAST_DIGITS = 3


def is_meant(search: str, texts: Iterable[str], number: str) -> bool:
    """Say whether ``search`` is in one of ``texts``, whatever its case, or has digits of ``number``."""
    wanted = search.casefold()
    # A local number begins with zeros that the whole one does not have.
    digits = "".join(filter(str.isdecimal, search)).lstrip("0")
    return any(wanted in text.casefold() for text in texts) or (len(digits) >= LEAST_DIGITS and digits in number)


def session_of(query: Mapping[str, str]) -> str:
    """Return the session that an address asks for; empty where it names none that there could be."""
    session = query.get("session", "").strip()
    return session if re.fullmatch(SESSION_NAME_PATTERN, session) else ""
