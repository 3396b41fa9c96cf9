"""Which phones there are, and which devices are linked to each. Pure; what they write is in ``phones.py``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from tuntas.sandbox.errors import UnknownDeviceError, UnknownPhoneError
from tuntas.sandbox.model import Device, DeviceKeys, Phone
from tuntas.sandbox.numbers import other_form


def lid_of(number: str) -> str:
    """Return the hidden id of a number: fifteen digits, always the same for the same number."""
    return str(10**14 + int.from_bytes(hashlib.sha256(number.encode()).digest()[:6], "big"))


class Directory:
    """All phones of one sandbox, and the devices linked to them."""

    def __init__(self) -> None:
        self._phones: dict[str, Phone] = {}
        self._devices: dict[str, Device] = {}

    # phones

    def put(self, number: str, name: str, options: Mapping[str, bool] | None = None) -> bool:
        """Add a phone or rename it, and set its ``options`` (see ``Phone``); return whether it is new."""
        is_new = number not in self._phones
        phone = self._phones.setdefault(number, Phone(number, name, lid_of(number)))
        phone.name = name
        for option, value in (options or {}).items():
            setattr(phone, option, value)
        return is_new

    def phone(self, number: str) -> Phone:
        """Return the phone with this number, or raise ``UnknownPhoneError``."""
        try:
            return self._phones[number]
        except KeyError:
            raise UnknownPhoneError(number) from None

    def find(self, number: str) -> Phone | None:
        """Return the phone with this number, if there is one."""
        return self._phones.get(number)

    def resolve(self, number: str) -> Phone:
        """Return the phone that WhatsApp means by a number, which it may know in another form, or by a hidden id."""
        if number.endswith("@lid"):
            lid = number.removesuffix("@lid")
            number = next((phone.number for phone in self._phones.values() if phone.lid == lid), number)
        other = other_form(number)
        if number not in self._phones and other in self._phones:
            return self._phones[other]
        return self.phone(number)

    def hidden_addresses(self, viewer: str | None) -> dict[str, str]:
        """Return the addresses, by their numbers, of those whom ``viewer`` does not know by number."""
        return {
            phone.number: f"{phone.lid}@lid"
            for phone in self._phones.values()
            if phone.number_hidden and phone.number != viewer
        }

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

    def all_devices(self) -> list[Device]:
        """Return all linked devices, in the order they were linked."""
        return list(self._devices.values())
