"""Groups, codes and presences of the sandbox, without a page."""

from __future__ import annotations

import pytest

from tuntas.sandbox.errors import (
    ExpiredRefError,
    NotAllowedError,
    UnknownGroupError,
    UnknownPhoneError,
    UnknownRefError,
)
from tuntas.sandbox.groups import PhoneGroup
from tuntas.sandbox.link_codes import LIFETIME_SECONDS, LinkCodes
from tuntas.sandbox.model import DELIVERED, READ, SENT, DeviceKeys, PhoneMessage
from tuntas.sandbox.phones import Phones
from tuntas.sandbox.presence import Presences

ANI, BUDI, CICI = "628111000111", "628222000222", "628333000333"
PAGE = DeviceKeys("page", "noise", "identity")


@pytest.fixture
def phones() -> Phones:
    """Three phones; a page is linked to Ani's."""
    phones = Phones()
    for number in (ANI, BUDI, CICI):
        phones.put(number, number)
    phones.link(PAGE, ANI)
    return phones


@pytest.fixture
def group(phones: Phones) -> PhoneGroup:
    """A group of Ani, who made it, and Budi."""
    return phones.groups.create(ANI, "Street", [BUDI], 1)[0]


def text(group: PhoneGroup, sender: str) -> PhoneMessage:
    return PhoneMessage("A1", sender, group.id, "hello", 2, SENT)


def test_only_administrators_change_who_is_in_a_group(phones: Phones, group: PhoneGroup) -> None:
    for action in ("add", "remove", "promote", "demote"):
        with pytest.raises(NotAllowedError):
            phones.groups.change(BUDI, group.id, action, [CICI], 2)
    with pytest.raises(UnknownGroupError):
        phones.groups.change(CICI, group.id, "add", [CICI], 2)
    with pytest.raises(UnknownPhoneError):
        phones.groups.change(ANI, group.id, "add", ["628999999999"], 2)
    assert group.roles == {ANI: "superadmin", BUDI: "member"}


def test_what_changes_nothing_is_told_to_nobody(phones: Phones, group: PhoneGroup) -> None:
    assert phones.groups.change(ANI, group.id, "add", [BUDI], 2)[1] == set()
    assert phones.groups.change(ANI, group.id, "demote", [ANI, BUDI, CICI], 2)[1] == set()
    assert phones.groups.change(ANI, group.id, "promote", [BUDI], 2)[1] == {"page"}


def test_who_is_removed_learns_of_it_and_writes_no_more(phones: Phones, group: PhoneGroup) -> None:
    phones.groups.change(ANI, group.id, "promote", [BUDI], 2)
    group.roles[ANI] = "admin"
    assert phones.groups.change(BUDI, group.id, "remove", [ANI], 3)[1] == {"page"}
    with pytest.raises(UnknownGroupError):
        phones.send(text(group, ANI))


def test_a_group_is_never_left_without_an_administrator(phones: Phones, group: PhoneGroup) -> None:
    phones.groups.leave(ANI, group.id, 2)
    assert group.roles == {BUDI: "admin"}
    phones.groups.leave(BUDI, group.id, 3)
    assert group.roles == {}


def test_a_revoked_invitation_leads_nowhere(phones: Phones, group: PhoneGroup) -> None:
    old = phones.groups.invitation(ANI, group.id, new=False)
    new = phones.groups.invitation(ANI, group.id, new=True)
    with pytest.raises(UnknownGroupError):
        phones.groups.join(CICI, old, 2)
    phones.groups.join(CICI, new, 2)
    assert phones.groups.has(group.id, CICI)


def test_a_message_in_a_group_is_read_when_the_last_member_has_read_it(phones: Phones, group: PhoneGroup) -> None:
    phones.groups.change(ANI, group.id, "add", [CICI], 2)
    message = text(group, ANI)
    phones.send(message)
    phones.send(message)
    assert [len(phones.messages_of(number)) for number in (ANI, BUDI, CICI)] == [1, 1, 1]
    assert message.ack == DELIVERED
    assert phones.read(BUDI, group.id) == (1, {"page"}), "each reader's receipt is told"
    assert message.ack == DELIVERED
    assert phones.read(CICI, group.id) == (1, {"page"})
    assert message.ack == READ


def test_groups_people_and_what_is_unread_outlive_a_restart(phones: Phones, group: PhoneGroup) -> None:
    phones.people.set_about(BUDI, "At work")
    phones.people.block(ANI, CICI, blocked=True, origin="page")
    phones.send(text(group, BUDI))
    again = Phones.from_json(phones.to_json())
    assert again.groups.of(ANI) == phones.groups.of(ANI)
    assert again.people.about(BUDI) == "At work"
    assert again.people.blocked_by(ANI) == [CICI]
    assert again.read(ANI, group.id)[0] == 1


def test_a_message_of_somebody_blocked_is_taken_by_the_server_only(phones: Phones) -> None:
    phones.people.block(ANI, BUDI, blocked=True, origin="page")
    message = PhoneMessage("B1", BUDI, ANI, "hello?", 2, SENT)
    assert phones.send(message) == set()
    assert message.ack == SENT
    assert phones.read(ANI, BUDI) == (0, set())


def test_a_code_counts_once_for_its_number_and_for_a_while() -> None:
    codes = LinkCodes()
    old = codes.issue(PAGE, ANI, 0)
    code = codes.issue(PAGE, ANI, 0)
    for number, typed in ((ANI, old), (BUDI, code), (ANI, "00000000")):
        with pytest.raises(UnknownRefError):
            codes.redeem(number, typed, 1)
    assert codes.redeem(ANI, f"{code[:4].lower()}-{code[4:].lower()}", 1) == PAGE
    with pytest.raises(UnknownRefError):
        codes.redeem(ANI, code, 1)
    with pytest.raises(ExpiredRefError):
        codes.redeem(ANI, codes.issue(PAGE, ANI, 0), LIFETIME_SECONDS)


def test_who_goes_offline_was_last_seen_then() -> None:
    presences = Presences()
    assert presences.of(ANI).last_seen is None
    presences.show(ANI, "composing", 5)
    assert presences.of(ANI).state == "available"
    presences.show(ANI, "unavailable", 7)
    assert (presences.of(ANI).state, presences.of(ANI).last_seen) == ("unavailable", 7)
