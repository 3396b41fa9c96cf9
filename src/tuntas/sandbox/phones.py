"""Phones, their linked devices and their messages: what happens when somebody writes, reads, links or unlinks.

Pure: no I/O, no clock, no tasks. Every change returns the ids of the devices that have something new in their inbox,
and whoever holds the connections wakes those. A phone is always online: it confirms delivery at once.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Any

from tuntas.sandbox.errors import UnknownDeviceError, UnknownMessageError, UnknownPhoneError
from tuntas.sandbox.model import DELIVERED, READ, Device, DeviceKeys, Event, Message, Phone, Quote

MESSAGES_KEPT = 10_000
"""Beyond this many the oldest fall out, so that a sandbox that runs for months stays small."""


def lid_of(number: str) -> str:
    """Return the hidden id of a number: fifteen digits, always the same for the same number."""
    return str(10**14 + int.from_bytes(hashlib.sha256(number.encode()).digest()[:6], "big"))


class Phones:
    """All phones of one sandbox."""

    def __init__(self) -> None:
        self._phones: dict[str, Phone] = {}
        self._devices: dict[str, Device] = {}
        self._messages: dict[tuple[str, str], Message] = {}
        # (reader, sender) -> what the reader has not read; a message leaves it when its ack reaches 3.
        self._unread: defaultdict[tuple[str, str], list[Message]] = defaultdict(list)

    # phones

    def put(self, number: str, name: str) -> bool:
        """Add a phone or rename it; return whether it is new."""
        known = self._phones.get(number)
        if known is not None:
            known.name = name
            return False
        self._phones[number] = Phone(number, name, lid_of(number))
        return True

    def phone(self, number: str) -> Phone:
        """Return the phone with this number, or raise ``UnknownPhoneError``."""
        try:
            return self._phones[number]
        except KeyError:
            raise UnknownPhoneError(number) from None

    def find(self, number: str) -> Phone | None:
        """Return the phone with this number, if there is one."""
        return self._phones.get(number)

    def all_phones(self) -> list[Phone]:
        """Return all phones, oldest first."""
        return list(self._phones.values())

    # devices

    def link(self, keys: DeviceKeys, number: str) -> Device:
        """Link the page with these keys to the phone; a link it had before is replaced."""
        device = Device(keys, self.phone(number).number)
        self._devices[keys.device] = device
        return device

    def unlink(self, number: str, device_id: str | None = None) -> set[str]:
        """Unlink one device of the phone, or all of them; return their ids."""
        self.phone(number)
        linked = {device.keys.device for device in self.devices_of(number)}
        if device_id is not None:
            if device_id not in linked:
                message = f"{number} has no linked device {device_id}"
                raise UnknownDeviceError(message)
            linked = {device_id}
        for each in linked:
            del self._devices[each]
        return linked

    def linked(self, keys: DeviceKeys) -> Device | None:
        """Return the linked device that has exactly these keys, if there is one."""
        device = self._devices.get(keys.device)
        return device if device is not None and device.keys == keys else None

    def device(self, device_id: str) -> Device | None:
        """Return the linked device with this id, if there is one."""
        return self._devices.get(device_id)

    def devices_of(self, number: str) -> list[Device]:
        """Return the devices linked to the phone, in the order they were linked."""
        return [device for device in self._devices.values() if device.number == number]

    def stored(self, device_id: str, sequence: int) -> None:
        """Forget an event that the device has on its disk."""
        if (device := self._devices.get(device_id)) is not None:
            device.inbox.pop(sequence, None)

    # messages

    def send(self, message: Message, *, origin: str | None = None) -> set[str]:
        """Deliver a message; ``origin`` is the device that sent it, ``None`` where it was the phone itself.

        A message whose sender and id are known already changes nothing, so that a send may safely be repeated.
        Raises ``UnknownPhoneError`` where either side is not a phone of ours.
        """
        sender, recipient = self.phone(message.sender), self.phone(message.recipient)
        if (message.sender, message.id) in self._messages:
            return set()
        message.ack = DELIVERED
        self._keep(message)
        woken = set()
        for device in self._devices.values():
            if device.keys.device == origin:
                device.put({"kind": "ack", "chat": recipient.number, "ids": [message.id], "ack": DELIVERED})
            elif device.number == recipient.number:
                device.put(_message_event(message, sender, sender))
            elif device.number == sender.number:
                device.put(_message_event(message, sender, recipient))
            else:
                continue
            woken.add(device.keys.device)
        return woken

    def read(self, reader: str, chat: str, *, origin: str | None = None) -> tuple[int, set[str]]:
        """Mark what ``chat`` wrote to ``reader`` as read; return how many messages that were, and the woken devices."""
        self.phone(reader), self.phone(chat)
        messages = self._unread.pop((reader, chat), [])
        if not messages:
            return 0, set()
        for message in messages:
            message.ack = READ
        ids = [message.id for message in messages]
        woken = set()
        for device in self.devices_of(chat):
            device.put({"kind": "ack", "chat": reader, "ids": ids, "ack": READ})
            woken.add(device.keys.device)
        for device in self.devices_of(reader):
            if device.keys.device != origin:
                device.put({"kind": "seen", "chat": chat})
                woken.add(device.keys.device)
        return len(messages), woken

    def messages_of(self, number: str) -> list[Message]:
        """Return what the phone has sent and received, oldest first."""
        self.phone(number)
        return [each for each in self._messages.values() if number in (each.sender, each.recipient)]

    def quote(self, number: str, other: str, message_id: str) -> Quote:
        """Return a quote of a message between two phones; raise ``UnknownMessageError`` if there is none."""
        for sender in (number, other):
            message = self._messages.get((sender, message_id))
            if message is not None and {message.sender, message.recipient} == {number, other}:
                return Quote(message.id, message.sender, message.text)
        text = f"{number} and {other} have no message {message_id} between them"
        raise UnknownMessageError(text)

    def _keep(self, message: Message) -> None:
        self._messages[message.sender, message.id] = message
        if message.ack < READ:
            self._unread[message.recipient, message.sender].append(message)
        while len(self._messages) > MESSAGES_KEPT:
            oldest = self._messages.pop(next(iter(self._messages)))
            waiting = self._unread.get((oldest.recipient, oldest.sender), [])
            if oldest in waiting:
                waiting.remove(oldest)

    # persistence

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values, for ``from_json``."""
        return {
            "phones": [phone.describe() for phone in self._phones.values()],
            "devices": [
                {
                    "device": device.keys.device,
                    "noise_key": device.keys.noise_key,
                    "identity_key": device.keys.identity_key,
                    "number": device.number,
                    "next_sequence": device.next_sequence,
                    "inbox": [[sequence, event] for sequence, event in device.inbox.items()],
                }
                for device in self._devices.values()
            ],
            "messages": [message.describe() for message in self._messages.values()],
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Phones:
        """Return what ``to_json`` described; raise ``KeyError``, ``TypeError`` or ``ValueError`` for anything else."""
        phones = cls()
        for each in values["phones"]:
            phones._phones[each["number"]] = Phone(each["number"], each["name"], each["lid"])
        for each in values["devices"]:
            keys = DeviceKeys(each["device"], each["noise_key"], each["identity_key"])
            inbox = {int(sequence): event for sequence, event in each["inbox"]}
            phones._devices[keys.device] = Device(keys, each["number"], each["next_sequence"], inbox)
        for each in values["messages"]:
            phones._keep(Message.from_description(each))
        return phones


def _message_event(message: Message, sender: Phone, other: Phone) -> Event:
    """Describe a message to a device: ``phone`` is who is on the other side of the chat, as seen from the device."""
    return {"kind": "message", "message": message.describe() | {"name": sender.name}, "phone": other.describe()}
