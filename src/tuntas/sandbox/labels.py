"""Labels that business accounts put on their chats. Pure; every change says which devices have something new."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from tuntas.sandbox.directory import Directory
from tuntas.sandbox.errors import NotBusinessError, UnknownLabelError

COLORS = 20


@dataclass(slots=True)
class PhoneLabel:
    """A label of one account; ``color`` is a place in the page's palette, ``chats`` are numbers and groups' ids."""

    id: str
    name: str
    color: int
    chats: list[str] = field(default_factory=list)


class Labels:
    """The labels of all phones."""

    def __init__(self, phones: Directory) -> None:
        self._phones = phones
        self._labels: dict[str, dict[str, PhoneLabel]] = {}

    def of(self, number: str) -> list[dict[str, Any]]:
        """Return an account's labels, as pages see them."""
        return [asdict(label) for label in self._labels.get(number, {}).values()]

    def put(
        self, number: str, label_id: str | None, name: str, color: int, *, origin: str
    ) -> tuple[PhoneLabel, set[str]]:
        """Make a label, or change the one with this id."""
        labels = self._of_business(number)
        if label_id is None:
            label_id = str(max(map(int, labels), default=0) + 1)
            labels[label_id] = PhoneLabel(label_id, name, color)
        label = self._known(number, label_id)
        label.name, label.color = name, color
        return label, self._tell(number, {"action": "upsert", "label": asdict(label)}, origin)

    def delete(self, number: str, label_id: str, *, origin: str) -> set[str]:
        """Take a label away, from all chats too."""
        label = self._known(number, label_id)
        del self._labels[number][label_id]
        return self._tell(number, {"action": "delete", "label": asdict(label)}, origin)

    def mark(self, number: str, label_id: str, chat: str, *, on: bool, origin: str) -> set[str]:
        """Put a label on a chat, or take it off."""
        label = self._known(number, label_id)
        if (chat in label.chats) is on:
            return set()
        label.chats = [each for each in label.chats if each != chat] + [chat] * on
        action = "add" if on else "remove"
        return self._tell(number, {"action": action, "label": asdict(label), "chat": chat}, origin)

    def _of_business(self, number: str) -> dict[str, PhoneLabel]:
        if not self._phones.phone(number).business:
            message = f"{number} is no business account"
            raise NotBusinessError(message)
        return self._labels.setdefault(number, {})

    def _known(self, number: str, label_id: str) -> PhoneLabel:
        try:
            return self._of_business(number)[label_id]
        except KeyError:
            message = f"{number} has no label {label_id}"
            raise UnknownLabelError(message) from None

    def _tell(self, number: str, event: dict[str, Any], origin: str) -> set[str]:
        told = [device for device in self._phones.devices_of(number) if device.keys.device != origin]
        for device in told:
            device.put({"kind": "label"} | event)
        return {device.keys.device for device in told}

    # persistence

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values, for ``load``."""
        return {number: self.of(number) for number in self._labels}

    def load(self, values: dict[str, Any]) -> None:
        """Take over what ``to_json`` described."""
        self._labels = {number: {one["id"]: PhoneLabel(**one) for one in labels} for number, labels in values.items()}
