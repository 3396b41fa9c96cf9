"""The codes that pages show for linking without a QR: eight letters that the owner of a phone types in.

Pure; time is an argument (seconds on a clock that never goes back). A page has one code at a time, for one number.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from tuntas.sandbox.errors import ExpiredRefError, UnknownRefError
from tuntas.sandbox.model import DeviceKeys

LETTERS = "123456789ABCDEFGHJKLMNPQRSTVWXYZ"
CODE_LENGTH = 8
LIFETIME_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class LinkCode:
    """A code in the hands of a page."""

    text: str
    keys: DeviceKeys
    number: str
    expires: float


class LinkCodes:
    """All codes that pages show at the moment."""

    def __init__(self) -> None:
        self._by_device: dict[str, LinkCode] = {}

    def issue(self, keys: DeviceKeys, number: str, now: float) -> str:
        """Give the page a new code for this number, in place of the one it had."""
        text = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
        self._by_device[keys.device] = LinkCode(text, keys, number, now + LIFETIME_SECONDS)
        return text

    def redeem(self, number: str, typed: str, now: float) -> DeviceKeys:
        """Take a code that was typed into a phone, with or without its hyphen, and return the keys of its page.

        Raises ``UnknownRefError`` (409) or ``ExpiredRefError`` (410).
        """
        text = typed.replace("-", "").strip().upper()
        for code in self._by_device.values():
            if (code.text, code.number) == (text, number):
                del self._by_device[code.keys.device]
                if code.expires <= now:
                    message = "this code has expired: ask the page for another"
                    raise ExpiredRefError(message)
                return code.keys
        message = f"no page shows this code for {number}"
        raise UnknownRefError(message)
