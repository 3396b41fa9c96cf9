"""Contact cards (vCard): written the way WhatsApp's own clients do (RFC 2426), and read as others write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import vobject

from tuntas.api.plain_writing import is_blank, plainly

_LONGEST_NAME = 200
_LONGEST_LINE = 1000
# A line's name, perhaps after that of its group, and its parameters, no more than anybody writes.
_HEAD = re.compile(r"(?:[\w-]{1,40}\.)?(?P<name>[A-Za-z]{1,20})(?P<parameters>[;=\w ,\"/+.-]{0,200}):")
_WANTED = frozenset({"BEGIN", "END", "VERSION", "FN", "N", "TEL", "ORG", "NICKNAME"})
_FEWEST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class CardRead:
    """What is shown of a card: whose it is. ``text`` is the card, with the name in the line that WhatsApp reads."""

    name: str
    text: str


def vcard(full_name: str, phone_number: str, *, organization: str | None, whatsapp_number: str | None) -> str:
    """Return a card. ``whatsapp_number``: digits of the account that can be written to, the phone's own by default."""
    account = whatsapp_number or re.sub(r"\D", "", plainly(phone_number))
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"N:;{_escaped(full_name)};;;", f"FN:{_escaped(full_name)}"]
    if organization:
        lines.append(f"ORG:{_escaped(organization)}")
    lines.append(f"TEL;type=CELL;waid={account}:{_escaped(phone_number)}")
    lines.append("END:VCARD")
    return "\n".join(lines)


def card_read(text: str) -> CardRead:
    """Return a card that somebody wrote: any version, folded lines, groups, parameters, quoted-printable.

    Raises:
        ValueError: it cannot be read, or has no name or no number that somebody could use.
    """
    whole = re.sub(r"\r\n?", "\n", text).strip().removeprefix("\ufeff").strip()
    try:
        found = list(vobject.readComponents(_needed(whole), ignoreUnreadable=True, allowQP=True))
    except Exception as error:
        message = f"is no vCard that can be read: {str(error)[:120]}"
        raise ValueError(message) from error
    cards = [one for one in found if one.name == "VCARD"]
    if len(cards) != 1:
        message = (
            "holds no card; write BEGIN:VCARD … END:VCARD" if not cards else "holds several cards; give each alone"
        )
        raise ValueError(message)
    card = cards[0]
    name = _name_of(card)
    if name is None:
        message = "has no name: give it a line FN with one"
        raise ValueError(message)
    if not any(len(re.sub(r"\D", "", plainly(str(one.value)))) >= _FEWEST_DIGITS for one in _all(card, "tel")):
        message = "has no phone number: give it a line TEL with one"
        raise ValueError(message)
    is_read = any(re.match(r"FN(;CHARSET=UTF-8)?:.*\S", line, re.IGNORECASE) for line in whole.split("\n"))
    if not is_read:  # WhatsApp's clients read the name from this line only, and as it stands there
        whole = re.sub(r"(?i)^(VERSION:[^\n]*)$", rf"\1\nFN:{_literal(name)}", whole, count=1, flags=re.MULTILINE)
    return CardRead(name, whole)


def _needed(text: str) -> str:
    """Return a card without what is not looked at: the library takes for ever over some lines that mean nothing."""
    kept: list[str] = []
    is_wanted = is_soft_broken = False
    for line in text.split("\n"):
        if not is_soft_broken and not line.startswith((" ", "\t")):
            head = _HEAD.match(line)
            is_wanted = head is not None and head["name"].upper() in _WANTED
        if is_wanted:
            kept.append(line[:_LONGEST_LINE])
        is_soft_broken = line.endswith("=") and (is_soft_broken or "QUOTED-PRINTABLE" in line.upper())
    return "\n".join(kept)


def _name_of(card: Any) -> str | None:
    for line in _all(card, "fn"):
        if (name := _shown(line.value)) is not None:
            return name
    for line in _all(card, "n"):
        value = line.value
        parts = (getattr(value, part, "") for part in ("prefix", "given", "additional", "family", "suffix"))
        flat = [one for part in parts for one in (part if isinstance(part, list) else [part])]
        if (name := _shown(" ".join(str(one) for one in flat if one))) is not None:
            return name
    for kind in ("org", "nickname"):
        for line in _all(card, kind):
            value = line.value
            if (name := _shown(" ".join(map(str, value)) if isinstance(value, list) else value)) is not None:
                return name
    return None


def _all(card: Any, name: str) -> list[Any]:
    return list(card.contents.get(name, []))


def _shown(value: object) -> str | None:
    name = " ".join(str(value).split())
    return None if is_blank(name) else name[:_LONGEST_NAME]


def _literal(name: str) -> str:
    """Return a name as it stands in a line, and in the replacement of a regular expression."""
    return _escaped(name).replace("\\", r"\\")


def _escaped(text: str) -> str:
    escaped = re.sub(r"([\\;,])", r"\\\1", text)
    return re.sub(r"\r\n?|\n", r"\\n", escaped)
