"""Phones, their linked devices and their messages: what happens when somebody writes, reads, links or unlinks.

Pure: no I/O, no clock, no tasks. Every change returns the ids of the devices that have something new in their inbox,
and whoever holds the connections wakes those. A phone is always online: it confirms delivery at once.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from typing import Any

from tuntas.sandbox.acts import Act, Star, apply
from tuntas.sandbox.errors import UnknownDeviceError, UnknownMessageError, UnknownPhoneError
from tuntas.sandbox.groups import Groups, is_group
from tuntas.sandbox.model import DELIVERED, READ, SENT, Device, DeviceKeys, Event, Message, Phone, Quote
from tuntas.sandbox.people import People

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
        self.people = People(self)
        self.groups = Groups(self)
        self._messages: dict[tuple[str, str], Message] = {}
        # (reader, sender) -> what the reader has not read; a message leaves it when its ack reaches 3.
        self._unread: defaultdict[tuple[str, str], list[Message]] = defaultdict(list)
        self._typing: dict[tuple[str, str], str] = {}

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
        if is_group(message.recipient):
            return self._send_to_group(message, origin)
        sender, recipient = self.phone(message.sender), self.phone(message.recipient)
        if (message.sender, message.id) in self._messages:
            return set()
        is_blocked = sender.number in self.people.blocked_by(recipient.number)
        message.ack = SENT if is_blocked else DELIVERED
        self._keep(message)
        woken = set()
        for device in self._devices.values():
            if device.keys.device == origin:
                device.put({"kind": "ack", "chat": recipient.number, "ids": [message.id], "ack": message.ack})
            elif device.number == recipient.number and not is_blocked:
                device.put(_message_event(message, sender, sender))
            elif device.number == sender.number:
                device.put(_message_event(message, sender, recipient))
            else:
                continue
            woken.add(device.keys.device)
        return woken

    def _send_to_group(self, message: Message, origin: str | None) -> set[str]:
        sender = self.phone(message.sender)
        self.groups.may_write(sender.number, message.recipient)
        if (message.sender, message.id) in self._messages:
            return set()
        others = [number for number in self.groups.members(message.recipient) if number != sender.number]
        message.ack = DELIVERED if others else SENT
        self._keep(message)
        woken = set()
        for device in [each for number in (sender.number, *others) for each in self.devices_of(number)]:
            if device.keys.device != origin:
                device.put(_message_event(message, sender, sender))
            elif others:
                device.put(_ack_event(message.recipient, [message.id], message.ack, others[0]))
            woken.add(device.keys.device)
        return woken

    def _read_group(self, reader: str, group_id: str, origin: str | None) -> tuple[int, set[str]]:
        messages = self._unread.pop((reader, group_id), [])
        woken = set()
        for message in messages:
            if any(message in self._unread.get(key, []) for key in self._readers(message)):
                continue  # somebody has not read it yet
            message.ack = READ
            for device in self.devices_of(message.sender):
                device.put(_ack_event(group_id, [message.id], READ, reader))
                woken.add(device.keys.device)
        for device in self.devices_of(reader):
            if messages and device.keys.device != origin:
                device.put({"kind": "seen", "chat": group_id})
                woken.add(device.keys.device)
        return len(messages), woken

    def _readers(self, message: Message) -> list[tuple[str, str]]:
        """Return under whom and in which chat a message waits to be read."""
        if not is_group(message.recipient):
            return [(message.recipient, message.sender)]
        others = [number for number in self.groups.members(message.recipient) if number != message.sender]
        return [(number, message.recipient) for number in others]

    def read(self, reader: str, chat: str, *, origin: str | None = None) -> tuple[int, set[str]]:
        """Mark what ``chat`` wrote to ``reader`` as read; return how many messages that were, and the woken devices."""
        if is_group(chat):
            return self._read_group(self.phone(reader).number, chat, origin)
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
        return [
            each
            for each in self._messages.values()
            if number in (each.sender, each.recipient) or self.groups.has(each.recipient, number)
        ]

    def act(
        self, number: str, message_id: str, act: Act, at: int, *, origin: str | None = None
    ) -> tuple[Message, set[str]]:
        """Do something to a message that ``number`` sent or received; ``at`` is Unix time in milliseconds.

        One that is done already changes nothing. Raises ``UnknownMessageError``, ``ActRefusedError``.
        """
        message = next((each for each in self.messages_of(number) if each.id == message_id), None)
        if message is None:
            text = f"{number} has no message {message_id}"
            raise UnknownMessageError(text)
        if not apply(message, number, act):
            return message, set()
        event = {
            "kind": "act",
            "id": secrets.token_hex(16).upper(),
            "message": {"id": message.id, "from": message.sender, "to": message.recipient},
            "by": number,
            "act": act.model_dump(),
            "timestamp": at,
        }
        audience = {number} if isinstance(act, Star) else {message.sender, *self._recipients(message)}
        woken = set()
        for device in self._devices.values():
            if device.number in audience and device.keys.device != origin:
                device.put(event)
                woken.add(device.keys.device)
        return message, woken

    def _recipients(self, message: Message) -> list[str]:
        return self.groups.members(message.recipient) if is_group(message.recipient) else [message.recipient]

    def types(self, number: str, chat: str, state: str) -> None:
        """Note what the owner of ``number`` is doing in the chat with ``chat``."""
        self._typing[number, self.phone(chat).number] = state

    def typing_to(self, number: str) -> dict[str, str]:
        """Return what others are doing in their chats with ``number``, by their numbers."""
        return {writer: state for (writer, chat), state in self._typing.items() if chat == self.phone(number).number}

    def quote(self, number: str, other: str, message_id: str) -> Quote:
        """Return a quote of a message between two phones; raise ``UnknownMessageError`` if there is none."""
        senders = self.groups.members(other) if is_group(other) else [number, other]
        for sender in senders:
            message = self._messages.get((sender, message_id))
            if message is not None and {message.sender, message.recipient} in ({number, other}, {sender, other}):
                return Quote(message.id, message.sender, message.text)
        text = f"{number} and {other} have no message {message_id} between them"
        raise UnknownMessageError(text)

    def _keep(self, message: Message) -> None:
        self._messages[message.sender, message.id] = message
        if message.ack == DELIVERED:
            for key in self._readers(message):
                self._unread[key].append(message)
        while len(self._messages) > MESSAGES_KEPT:
            oldest = self._messages.pop(next(iter(self._messages)))
            for key in self._readers(oldest):
                if oldest in (waiting := self._unread.get(key, [])):
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
            "people": self.people.to_json(),
            "groups": self.groups.to_json(),
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
        phones.groups.load(values.get("groups", []))
        for each in values["messages"]:
            phones._keep(Message.from_description(each))
        if "people" in values:
            phones.people.load(values["people"])
        return phones


def _ack_event(chat: str, ids: list[str], ack: int, by: str) -> Event:
    return {"kind": "ack", "chat": chat, "ids": ids, "ack": ack, "by": by}


def _message_event(message: Message, sender: Phone, other: Phone) -> Event:
    """Describe a message to a device: ``phone`` is who is on the other side of the chat, as seen from the device."""
    content = message.content.model_dump(exclude_defaults=True)
    described = message.describe() | {"name": sender.name, "content": content}
    return {"kind": "message", "message": described, "phone": other.describe()}
