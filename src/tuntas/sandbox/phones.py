"""Phones, their linked devices and their messages: what happens when somebody writes, reads, links or unlinks.

Pure: no I/O, no clock, no tasks. Every change returns the ids of the devices that have something new in their inbox,
and whoever holds the connections wakes those. A phone is always online: it confirms delivery at once.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from typing import Any

from tuntas.sandbox.acts import Act, StarAct, apply
from tuntas.sandbox.channels import Channels
from tuntas.sandbox.directory import Directory
from tuntas.sandbox.errors import UnknownMessageError
from tuntas.sandbox.groups import Groups, is_group
from tuntas.sandbox.labels import Labels
from tuntas.sandbox.model import DELIVERED, READ, SENT, STATUS, Device, DeviceKeys, Event, Phone, PhoneMessage, Quote
from tuntas.sandbox.people import People

MESSAGES_KEPT = 10_000
"""Beyond this many the oldest fall out, so that a sandbox that runs for months stays small."""


class Phones(Directory):
    """All phones of one sandbox, and what they write to each other."""

    def __init__(self) -> None:
        super().__init__()
        self.people = People(self)
        self.groups = Groups(self)
        self.labels = Labels(self)
        self.channels = Channels(self)
        self._messages: dict[tuple[str, str], PhoneMessage] = {}
        # (reader, sender) -> what the reader has not read; a message leaves it when its ack reaches 3.
        self._unread: defaultdict[tuple[str, str], list[PhoneMessage]] = defaultdict(list)
        self._typing: dict[tuple[str, str], str] = {}

    # messages

    def send(self, message: PhoneMessage, *, origin: str | None = None) -> set[str]:
        """Deliver a message; ``origin`` is the device that sent it, ``None`` where it was the phone itself.

        A message whose sender and id are known already changes nothing, so that a send may safely be repeated.
        Raises ``UnknownPhoneError`` where either side is not a phone of ours.
        """
        if _is_to_many(message.recipient):
            return self._send_to_many(message, origin)
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

    def _send_to_many(self, message: PhoneMessage, origin: str | None) -> set[str]:
        sender = self.phone(message.sender)
        if is_group(message.recipient):
            self.groups.may_write(sender.number, message.recipient)
        if (message.sender, message.id) in self._messages:
            return set()
        if message.recipient == STATUS:
            message.audience = self._known_to(sender.number)
        others = [number for number in self._recipients(message) if number != sender.number]
        message.ack = DELIVERED if others else SENT
        self._keep(message)
        woken = set()
        for device in [each for number in (sender.number, *others) for each in self.devices_of(number)]:
            if device.keys.device != origin:
                device.put(_message_event(message, sender, sender))
            elif others:
                device.put(_ack_event(message, message.ack, others[0]))
            woken.add(device.keys.device)
        return woken

    def _known_to(self, number: str) -> list[str]:
        """Return who is in the phone's address book or has a chat with it, without those who blocked it."""
        known = dict.fromkeys(entry["phone"]["number"] for entry in self.people.saved_by(number))
        for each in self._messages.values():
            if number in (each.sender, each.recipient) and not _is_to_many(each.recipient):
                known |= dict.fromkeys((each.sender, each.recipient))
        known.pop(number, None)
        return [other for other in known if number not in self.people.blocked_by(other)]

    def _read_many(self, reader: str, chat: str, origin: str | None) -> tuple[int, set[str]]:
        messages = self._unread.pop((reader, chat), [])
        woken = set()
        for message in messages:
            if not any(message in self._unread.get(key, []) for key in self._readers(message)):
                message.ack = READ  # nobody is left who has not read it
            for device in self.devices_of(message.sender):
                device.put(_ack_event(message, READ, reader))
                woken.add(device.keys.device)
        for device in self.devices_of(reader):
            if messages and device.keys.device != origin:
                device.put({"kind": "seen", "chat": chat})
                woken.add(device.keys.device)
        return len(messages), woken

    def _readers(self, message: PhoneMessage) -> list[tuple[str, str]]:
        """Return under whom and in which chat a message waits to be read."""
        if not _is_to_many(message.recipient):
            return [(message.recipient, message.sender)]
        others = [number for number in self._recipients(message) if number != message.sender]
        return [(number, message.recipient) for number in others]

    def read(self, reader: str, chat: str, *, origin: str | None = None) -> tuple[int, set[str]]:
        """Mark what ``chat`` wrote to ``reader`` as read; return how many messages that were, and the woken devices."""
        if _is_to_many(chat):
            return self._read_many(self.phone(reader).number, chat, origin)
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

    def messages_of(self, number: str) -> list[PhoneMessage]:
        """Return what the phone has sent and received, oldest first."""
        self.phone(number)
        return [
            each
            for each in self._messages.values()
            if number in (each.sender, each.recipient, *each.audience) or self.groups.has(each.recipient, number)
        ]

    def act(
        self, number: str, message_id: str, act: Act, at: int, *, origin: str | None = None
    ) -> tuple[PhoneMessage, set[str]]:
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
        audience = {number} if isinstance(act, StarAct) else {message.sender, *self._recipients(message)}
        woken = set()
        for device in self._devices.values():
            if device.number in audience and device.keys.device != origin:
                device.put(event)
                woken.add(device.keys.device)
        return message, woken

    def _recipients(self, message: PhoneMessage) -> list[str]:
        if message.recipient == STATUS:
            return message.audience
        return self.groups.members(message.recipient) if is_group(message.recipient) else [message.recipient]

    def types(self, number: str, chat: str, state: str) -> None:
        """Note what the owner of ``number`` is doing in the chat with ``chat``."""
        self._typing[number, self.phone(chat).number] = state

    def typing_to(self, number: str) -> dict[str, str]:
        """Return what others are doing in their chats with ``number``, by their numbers."""
        return {writer: state for (writer, chat), state in self._typing.items() if chat == self.phone(number).number}

    def notice(self, number: str, chat: str, name: str, text: str, notice: dict[str, str | None], at: int) -> set[str]:
        """Tell all devices of a phone of a notice in one of its chats; nothing of it is kept here."""
        sender = number
        if is_group(chat):
            others = [each for each in self.groups.joined(number, chat).roles if each != number]
            sender = others[0] if others else number
        else:
            sender = self.phone(chat).number
        message = PhoneMessage(name, sender, chat if is_group(chat) else number, text, at, SENT)
        event = _message_event(message, self.phone(sender), self.phone(sender))
        event["message"]["notice"] = notice
        woken = set()
        for device in self.devices_of(self.phone(number).number):
            device.put(event)
            woken.add(device.keys.device)
        return woken

    def has_sent(self, number: str, message_id: str) -> bool:
        """Say whether a message of a phone has arrived: a page that does not know sends it again."""
        return (number, message_id) in self._messages

    def writers_between(self, number: str, other: str) -> set[str]:
        """Return which of two phones have written to the other."""
        pair = {number, other}
        return {each.sender for each in self._messages.values() if {each.sender, each.recipient} == pair}

    def quote(self, number: str, other: str, message_id: str) -> Quote:
        """Return a quote of a message between two phones; raise ``UnknownMessageError`` if there is none."""
        senders = self.groups.members(other) if is_group(other) else [number, other]
        for sender in senders:
            message = self._messages.get((sender, message_id))
            if message is not None and {message.sender, message.recipient} in ({number, other}, {sender, other}):
                return Quote(message.id, message.sender, message.text or message.content.title, message.content.type)
        text = f"{number} and {other} have no message {message_id} between them"
        raise UnknownMessageError(text)

    def _keep(self, message: PhoneMessage) -> None:
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
            "labels": self.labels.to_json(),
            "channels": self.channels.to_json(),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Phones:
        """Return what ``to_json`` described; raise ``KeyError``, ``TypeError`` or ``ValueError`` for anything else."""
        phones = cls()
        for each in values["phones"]:
            phones._phones[each["number"]] = Phone(**each)
        for each in values["devices"]:
            keys = DeviceKeys(each["device"], each["noise_key"], each["identity_key"])
            inbox = {int(sequence): event for sequence, event in each["inbox"]}
            phones._devices[keys.device] = Device(keys, each["number"], each["next_sequence"], inbox)
        phones.groups.load(values.get("groups", []))
        phones.labels.load(values.get("labels", {}))
        phones.channels.load(values.get("channels", []))
        for each in values["messages"]:
            phones._keep(PhoneMessage.from_description(each))
        if "people" in values:
            phones.people.load(values["people"])
        return phones


def _is_to_many(address: str) -> bool:
    """Say whether more than one phone gets what is written to this address."""
    return is_group(address) or address == STATUS


def _ack_event(message: PhoneMessage, ack: int, by: str) -> Event:
    """Describe the receipt of one of many; ``reached``: how far the message has come with all of them."""
    reached = {"ack": ack, "by": by, "reached": message.ack}
    return {"kind": "ack", "chat": message.recipient, "ids": [message.id]} | reached


def _message_event(message: PhoneMessage, sender: Phone, other: Phone) -> Event:
    """Describe a message to a device: ``phone`` is who is on the other side of the chat, as seen from the device."""
    content = message.content.model_dump(exclude_defaults=True)
    described = message.describe() | {"name": sender.name, "content": content}
    described.pop("audience", None)  # only its sender knows
    return {"kind": "message", "message": described, "phone": other.describe()}
