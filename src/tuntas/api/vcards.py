"""A contact card in the vCard format, version 3.0 (RFC 2426), the way WhatsApp's own clients write it."""

from __future__ import annotations

import re


def vcard(full_name: str, phone_number: str, *, organization: str | None, whatsapp_number: str | None) -> str:
    """Return a card. ``whatsapp_number``: digits of the account that can be written to, the phone's own by default."""
    account = whatsapp_number or re.sub(r"\D", "", phone_number)
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"N:;{_escaped(full_name)};;;", f"FN:{_escaped(full_name)}"]
    if organization:
        lines.append(f"ORG:{_escaped(organization)}")
    lines.append(f"TEL;type=CELL;waid={account}:{_escaped(phone_number)}")
    lines.append("END:VCARD")
    return "\n".join(lines)


def _escaped(text: str) -> str:
    escaped = re.sub(r"([\\;,])", r"\\\1", text)
    return re.sub(r"\r\n?|\n", r"\\n", escaped)
