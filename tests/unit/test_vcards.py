"""Contact cards that are made from words."""

from __future__ import annotations

from tuntas.api.vcards import vcard


def test_a_card_names_the_account_that_can_be_written_to() -> None:
    card = vcard("Budi", "+62 811-1000", organization=None, whatsapp_number=None)
    assert card.splitlines() == [
        "BEGIN:VCARD",
        "VERSION:3.0",
        "N:;Budi;;;",
        "FN:Budi",
        "TEL;type=CELL;waid=628111000:+62 811-1000",
        "END:VCARD",
    ]


def test_no_word_can_add_a_line_to_a_card() -> None:
    card = vcard("A\nTEL:666", "1\r\nNOTE:x", organization="x;y,z\\", whatsapp_number="62811")
    assert card.count("\n") == 6
    assert "FN:A\\nTEL:666" in card
    assert "ORG:x\\;y\\,z\\\\" in card


def test_no_carriage_return_is_left_in_a_card() -> None:
    assert "\r" not in vcard("A\rTEL:666", "1", organization=None, whatsapp_number=None)
