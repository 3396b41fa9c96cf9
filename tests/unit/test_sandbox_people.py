"""How WhatsApp knows people: by another form of their number, by a hidden id only, and not in every group."""

from __future__ import annotations

import pytest

from tuntas.sandbox.disguise import reword
from tuntas.sandbox.errors import UnknownPhoneError
from tuntas.sandbox.numbers import other_form
from tuntas.sandbox.phones import Phones

ANI, BUDI, CITRA = "628111000111", "628222000222", "628333000333"


@pytest.mark.parametrize(
    ("long", "short"),
    [("5511987654321", "551187654321"), ("5215512345678", "525512345678"), ("5491123456789", "541123456789")],
)
def test_the_two_forms_of_a_number_lead_to_each_other(long: str, short: str) -> None:
    assert (other_form(long), other_form(short)) == (short, long)
    phones = Phones()
    phones.put(short, "Maria")
    assert phones.resolve(long).number == phones.resolve(short).number == short
    phones.put(long, "Joana")
    assert phones.resolve(long).name == "Joana"


@pytest.mark.parametrize("number", [ANI, "5511", "55119876543210", "5411234567890123", "491701234567"])
def test_other_numbers_have_one_form(number: str) -> None:
    assert other_form(number) is None
    with pytest.raises(UnknownPhoneError):
        Phones().resolve(number)


def test_a_hidden_number_is_an_address_to_others_and_never_touches_what_people_write() -> None:
    phones = Phones()
    phones.put(ANI, "Ani")
    phones.put(BUDI, "Budi", {"number_hidden": True})
    hidden = phones.hidden_addresses(ANI)
    assert hidden == {BUDI: f"{phones.phone(BUDI).lid}@lid"}
    assert phones.hidden_addresses(BUDI) == {}
    frame = {"from": BUDI, "text": BUDI, "group": {"members": [{"number": BUDI, "name": BUDI}]}, "at": 1}
    said = {"from": hidden[BUDI], "text": BUDI, "group": {"members": [{"number": hidden[BUDI], "name": BUDI}]}, "at": 1}
    assert reword(frame, hidden) == said
    assert reword(said, {address: number for number, address in hidden.items()}) == frame


def test_who_refuses_groups_joins_by_invitation_only() -> None:
    phones = Phones()
    for number in (ANI, BUDI):
        phones.put(number, number)
    phones.put(CITRA, "Citra", {"refuses_groups": True})
    group, _ = phones.groups.create(ANI, "Team", [BUDI, CITRA], 1)
    assert set(group.roles) == {ANI, BUDI}
    group, woken = phones.groups.change(ANI, group.id, "add", [CITRA], 2)
    assert (set(group.roles), woken) == ({ANI, BUDI}, set())
    group, _ = phones.groups.join(CITRA, group.invite, 3)
    assert CITRA in group.roles


def test_what_is_set_about_a_phone_outlives_a_restart() -> None:
    phones = Phones()
    phones.put(ANI, "Ani", {"lid_migrated": True, "refuses_groups": True})
    again = Phones.from_json(phones.to_json()).phone(ANI)
    assert (again.lid_migrated, again.number_hidden, again.refuses_groups) == (True, False, True)
