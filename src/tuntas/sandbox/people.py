"""What people show of themselves, and whom they block. Pure; every change says which devices have something new."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuntas.sandbox.phones import Phones

DEFAULT_ABOUT = "Hey there! I am using WhatsApp."


class People:
    """The abouts, pictures and block lists of all phones."""

    def __init__(self, phones: Phones) -> None:
        self._phones = phones
        self._abouts: dict[str, str] = {}
        self._pictures: dict[str, str] = {}
        self._blocked: dict[str, list[str]] = {}

    def about(self, number: str) -> str:
        """Return what the owner of the phone says about themselves."""
        self._phones.phone(number)
        return self._abouts.get(number, DEFAULT_ABOUT)

    def set_about(self, number: str, text: str) -> None:
        """Let the owner of the phone say this."""
        self._phones.phone(number)
        self._abouts[number] = text

    def picture_path(self, number: str) -> str | None:
        """Return the path of the phone's picture on this server; another picture has another path."""
        self._phones.phone(number)
        picture = self._pictures.get(number)
        if picture is None:
            return None
        return f"/_sandbox/pictures/{number}-{hashlib.sha256(picture.encode()).hexdigest()[:16]}.jpg"

    def set_picture(self, number: str, picture: str | None) -> None:
        """Give the phone a picture (a JPEG as base64), or none."""
        self._phones.phone(number)
        if picture is None:
            self._pictures.pop(number, None)
        else:
            self._pictures[number] = picture

    def picture_at(self, path: str) -> bytes | None:
        """Return the picture that lies at a path, if there is one still."""
        number = path.rpartition("/")[2].partition("-")[0]
        if self._phones.find(number) is None or self.picture_path(number) != path:
            return None
        return base64.b64decode(self._pictures[number])

    def blocked_by(self, number: str) -> list[str]:
        """Return the numbers whose messages the phone does not take."""
        return list(self._blocked.get(number, []))

    def block(self, number: str, other: str, *, blocked: bool, origin: str) -> set[str]:
        """Let the phone block or unblock another; the phone's other devices are told."""
        self._phones.phone(other)
        numbers = [each for each in self.blocked_by(number) if each != other] + [other] * blocked
        self._blocked[number] = numbers
        told = [device for device in self._phones.devices_of(number) if device.keys.device != origin]
        for device in told:
            device.put({"kind": "blocklist", "numbers": numbers})
        return {device.keys.device for device in told}

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values, for ``load``."""
        return {"abouts": self._abouts, "pictures": self._pictures, "blocked": self._blocked}

    def load(self, values: dict[str, Any]) -> None:
        """Take over what ``to_json`` described."""
        self._abouts = dict(values["abouts"])
        self._pictures = dict(values["pictures"])
        self._blocked = {number: list(others) for number, others in values["blocked"].items()}
