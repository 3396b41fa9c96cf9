"""Phones, devices and messages, without any I/O."""

from __future__ import annotations

import json

import pytest

from tuntas.sandbox import phones as phones_module
from tuntas.sandbox.errors import (
    ExpiredRefError,
    MalformedQrError,
    UnknownDeviceError,
    UnknownPhoneError,
    UnknownRefError,
)
from tuntas.sandbox.model import DELIVERED, READ, SENT, DeviceKeys, PhoneMessage
from tuntas.sandbox.phones import Phones
from tuntas.sandbox.refs import Refs

ANI, BUDI = "628111000111", "628222000222"


def keys(name: str) -> DeviceKeys:
    return DeviceKeys(name, f"noise-{name}", f"identity-{name}")


def world(*links: tuple[str, str]) -> Phones:
    phones = Phones()
    phones.put(ANI, "Ani")
    phones.put(BUDI, "Budi")
    for device, number in links:
        phones.link(keys(device), number)
    return phones


def message(name: str, sender: str = ANI, recipient: str = BUDI, text: str = "halo") -> PhoneMessage:
    return PhoneMessage(name, sender, recipient, text, 1_700_000_000, SENT)


def inbox(phones: Phones, device: str) -> list[str]:
    found = phones.device(device)
    assert found is not None
    return [event["kind"] for event in found.inbox.values()]


def test_a_message_reaches_every_device_of_the_recipient_and_is_mirrored_to_the_senders_others() -> None:
    phones = world(("a1", ANI), ("a2", ANI), ("b1", BUDI), ("b2", BUDI))
    assert phones.send(message("M1"), origin="a1") == {"a1", "a2", "b1", "b2"}
    assert [inbox(phones, each) for each in ("a1", "a2", "b1", "b2")] == [
        ["ack"],
        ["message"],
        ["message"],
        ["message"],
    ]
    assert phones.messages_of(ANI) == phones.messages_of(BUDI)
    assert phones.messages_of(ANI)[0].ack == DELIVERED


def test_a_send_that_is_repeated_changes_nothing() -> None:
    phones = world(("a1", ANI), ("b1", BUDI))
    phones.send(message("M1"), origin="a1")
    assert phones.send(message("M1"), origin="a1") == set()
    assert inbox(phones, "b1") == ["message"]
    assert len(phones.messages_of(BUDI)) == 1


def test_reading_tells_the_senders_devices_and_the_readers_other_devices_once() -> None:
    phones = world(("a1", ANI), ("b1", BUDI), ("b2", BUDI))
    phones.send(message("M1"), origin="a1")
    phones.send(message("M2"), origin="a1")
    count, woken = phones.read(BUDI, ANI, origin="b1")
    assert (count, woken) == (2, {"a1", "b2"})
    assert [each.ack for each in phones.messages_of(BUDI)] == [READ, READ]
    device = phones.device("a1")
    assert device is not None
    assert list(device.inbox.values())[-1] == {"kind": "ack", "chat": BUDI, "ids": ["M1", "M2"], "ack": READ}
    assert phones.read(BUDI, ANI) == (0, set())


def test_what_a_device_has_stored_is_not_kept_for_it() -> None:
    phones = world(("b1", BUDI))
    phones.send(message("M1"))
    phones.send(message("M2"))
    phones.stored("b1", 1)
    device = phones.device("b1")
    assert device is not None
    assert [event["message"]["id"] for event in device.inbox.values()] == ["M2"]
    phones.send(message("M3"))
    assert list(device.inbox) == [2, 3]


def test_a_message_to_oneself_comes_once_to_the_other_devices() -> None:
    phones = world(("a1", ANI), ("a2", ANI))
    phones.send(message("M1", ANI, ANI), origin="a1")
    assert inbox(phones, "a2") == ["message"]
    assert len(phones.messages_of(ANI)) == 1


def test_nothing_is_sent_from_or_to_a_number_without_a_phone() -> None:
    phones = world(("a1", ANI))
    with pytest.raises(UnknownPhoneError):
        phones.send(message("M1", ANI, "628999000999"), origin="a1")
    assert phones.messages_of(ANI) == []
    assert inbox(phones, "a1") == []


def test_unlinking_takes_one_device_or_all_of_that_phone_only() -> None:
    phones = world(("a1", ANI), ("a2", ANI), ("b1", BUDI))
    with pytest.raises(UnknownDeviceError):
        phones.unlink(ANI, "b1")
    assert phones.unlink(ANI, "a1") == {"a1"}
    assert phones.unlink(ANI) == {"a2"}
    assert phones.linked(keys("b1")) is not None


def test_a_device_is_known_by_its_keys_not_by_its_id_alone() -> None:
    phones = world(("a1", ANI))
    assert phones.linked(DeviceKeys("a1", "noise-other", "identity-a1")) is None


def test_the_oldest_messages_fall_out_and_a_read_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phones_module, "MESSAGES_KEPT", 3)
    phones = world(("a1", ANI))
    for number in range(5):
        phones.send(message(f"M{number}"))
    assert [each.id for each in phones.messages_of(ANI)] == ["M2", "M3", "M4"]
    assert phones.read(BUDI, ANI)[0] == 3


def test_everything_survives_a_round_through_json() -> None:
    phones = world(("a1", ANI), ("b1", BUDI))
    phones.send(message("M1"), origin="a1")
    phones.read(BUDI, ANI)
    phones.send(message("M2"))
    again = Phones.from_json(json.loads(json.dumps(phones.to_json())))
    assert again.to_json() == phones.to_json()
    assert again.read(BUDI, ANI)[0] == 1
    assert again.linked(keys("a1")) is not None


def qr(ref: str, device: str) -> str:
    return f"{ref},noise-{device},identity-{device},secret"


def test_a_ref_counts_until_it_is_replaced_used_or_too_old() -> None:
    refs = Refs()
    first = refs.issue(keys("a1"), now=0.0, lifetime_seconds=60.0)
    second = refs.issue(keys("a1"), now=50.0, lifetime_seconds=20.0)
    with pytest.raises(ExpiredRefError):
        refs.redeem(qr(first.text, "a1"), now=51.0)
    assert refs.redeem(qr(second.text, "a1"), now=69.9) == keys("a1")
    with pytest.raises(ExpiredRefError):
        refs.redeem(qr(second.text, "a1"), now=69.95)
    third = refs.issue(keys("a1"), now=70.0, lifetime_seconds=20.0)
    with pytest.raises(ExpiredRefError):
        refs.redeem(qr(third.text, "a1"), now=90.0)


def test_a_ref_counts_only_with_the_keys_of_its_own_page() -> None:
    refs = Refs()
    ref = refs.issue(keys("a1"), now=0.0, lifetime_seconds=60.0)
    with pytest.raises(UnknownRefError):
        refs.redeem(qr(ref.text, "b1"), now=1.0)
    with pytest.raises(UnknownRefError):
        refs.redeem(qr("2@never-given", "a1"), now=1.0)
    assert refs.redeem(qr(ref.text, "a1") + ",1", now=1.0) == keys("a1")


@pytest.mark.parametrize("text", ["", "hello", "a,b,c", ",,,", "a,b,,d"])
def test_what_is_no_qr_is_refused_as_such(text: str) -> None:
    with pytest.raises(MalformedQrError):
        Refs().redeem(text, now=0.0)
