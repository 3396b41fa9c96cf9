"""What people show of themselves, whom they block, and what they call others.

Pure; every change says which devices have something new.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from tuntas.sandbox.directory import Directory

DEFAULT_ABOUT = "Hey there! I am using WhatsApp."


class People:
    """The abouts, pictures, block lists and address books of all phones."""

    def __init__(self, phones: Directory) -> None:
        self._phones = phones
        self._abouts: dict[str, str] = {}
        self._pictures: dict[str, str] = {}
        self._blocked: dict[str, list[str]] = {}
        self._books: dict[str, dict[str, list[str]]] = {}

    def about(self, number: str) -> str:
        """Return what the owner of the phone says about themselves."""
        self._phones.phone(number)
        return self._abouts.get(number, DEFAULT_ABOUT)

    def set_about(self, number: str, text: str) -> None:
        """Let the owner of the phone say this."""
        self._phones.phone(number)
        self._abouts[number] = text

    def picture_path(self, address: str) -> str | None:
        """Return the path of somebody's or a group's picture on this server; another picture has another path."""
        self._must_be_there(address)
        picture = self._pictures.get(address)
        if picture is None:
            return None
        return f"/_sandbox/pictures/{address}-{hashlib.sha256(picture.encode()).hexdigest()[:16]}.jpg"

    def set_picture(self, address: str, picture: str | None) -> None:
        """Give a phone, group or channel a picture (a JPEG as base64), or none."""
        self._must_be_there(address)
        if picture is None:
            self._pictures.pop(address, None)
        else:
            self._pictures[address] = picture

    def picture_at(self, path: str) -> bytes | None:
        """Return the picture that lies at a path, if there is one still."""
        address = path.rpartition("/")[2].partition("-")[0]
        if address not in self._pictures or self.picture_path(address) != path:
            return None
        return base64.b64decode(self._pictures[address])

    def _must_be_there(self, address: str) -> None:
        if "@" not in address:  # a group's or a channel's has a server behind it
            self._phones.phone(address)

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

    def saved_by(self, number: str) -> list[dict[str, Any]]:
        """Return whom the phone has in its address book, each with the names that stand there."""
        book = self._books.get(self._phones.phone(number).number, {})
        return [self._entry(other, *names) for other, names in book.items()]

    def save(self, number: str, other: str, first_name: str, last_name: str, *, origin: str) -> set[str]:
        """Write somebody into the phone's address book; its other devices are told."""
        other = self._phones.resolve(other).number
        self._books.setdefault(self._phones.phone(number).number, {})[other] = [first_name, last_name]
        told = [device for device in self._phones.devices_of(number) if device.keys.device != origin]
        for device in told:
            device.put({"kind": "contact"} | self._entry(other, first_name, last_name))
        return {device.keys.device for device in told}

    def _entry(self, other: str, first_name: str, last_name: str) -> dict[str, Any]:
        phone = self._phones.phone(other).describe()
        return {"phone": phone, "first_name": first_name, "last_name": last_name}

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values, for ``load``."""
        return {"abouts": self._abouts, "pictures": self._pictures, "blocked": self._blocked, "books": self._books}

    def load(self, values: dict[str, Any]) -> None:
        """Take over what ``to_json`` described."""
        self._abouts = dict(values["abouts"])
        self._pictures = dict(values["pictures"])
        self._blocked = {number: list(others) for number, others in values["blocked"].items()}
        self._books = values.get("books", {})
