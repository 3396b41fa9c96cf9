"""What people and tools write, in all its forms, means what they meant, or is refused in words."""

from __future__ import annotations

import base64
import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuntas.api.chat_ids import normal_chat_id
from tuntas.api.file_data import normal_data, normal_mimetype
from tuntas.api.invitations import invite_code
from tuntas.api.message_kinds import PollInput
from tuntas.api.message_operations import ReactionInput
from tuntas.api.plain_writing import is_blank
from tuntas.api.vcards import card_read

# The zeros of scripts: Arabic, Persian, Devanagari, Bengali, Thai, Javanese, full width.
ZEROS = [0x30, 0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xA9D0, 0xFF10]
MARKS = ["\u200e", "\u200f", "\u202a", "\u202c", "\u2066", "\u2069", "\ufeff", "\u200b", "\u00ad"]
BETWEEN = ["", " ", "\u00a0", "\u202f", "-", "\u2010", "\u2011", "\u2013", "\u2014", "\u2212", "."]

numbers = st.from_regex(r"[1-9][0-9]{5,14}", fullmatch=True)


@st.composite
def pasted(draw: st.DrawFn) -> tuple[str, str]:
    """Return a number's digits, and the number as somebody might paste it."""
    digits = draw(numbers)
    zero = draw(st.sampled_from(ZEROS))
    letters = [chr(zero + int(digit)) + draw(st.sampled_from(BETWEEN + MARKS)) for digit in digits]
    before = draw(st.sampled_from(["", "+", "\uff0b", "\u202a+", "00", "tel:", "https://wa.me/", "wa.me/+"]))
    after = draw(st.sampled_from(["", " ", "\u202c", "\u200f"]))
    return digits, before + "".join(letters) + after


@given(pasted())
def test_a_number_as_pasted_is_its_digits(case: tuple[str, str]) -> None:
    digits, written = case
    assert normal_chat_id(written) == f"{digits}@c.us"


@given(
    pasted(), st.sampled_from(["", ":12", ".0:3"]), st.sampled_from(["c.us", "s.whatsapp.net", "S.WhatsApp.net", "lid"])
)
def test_an_id_as_pasted_is_the_account_s(case: tuple[str, str], device: str, server: str) -> None:
    digits, written = case
    if "wa.me" in written or "tel:" in written or (device and "." in written):
        return  # a dot before a device's part may be an agent's
    wanted = "lid" if server == "lid" else "c.us"
    assert normal_chat_id(f"\u200e{written.strip()}{device}@{server} ") == f"{digits}@{wanted}"


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("+62 811-1000-222@c.us", "628111000222@c.us"),
        ("628111000222:17@s.whatsapp.net", "628111000222@c.us"),
        ("98765432100:3@lid", "98765432100@lid"),
        ("\u2066120363041234567890@g.us\u2069", "120363041234567890@g.us"),
        ("628111000222\u20131600000000@g.us", "628111000222-1600000000@g.us"),
        ("+49 (0) 170 1234567", "491701234567@c.us"),
        ("https://wa.me/628111000222?text=Hello%20there", "628111000222@c.us"),
        ("Status@Broadcast", "status@broadcast"),
    ],
)
def test_more_ways_to_write_an_id(written: str, normal: str) -> None:
    assert normal_chat_id(written) == normal


@pytest.mark.parametrize(
    "written", ["62811x000222", "+-()", "628111000222@", "a@g.us", "1@2@c.us", "12:34:56@c.us@c.us"]
)
def test_what_is_no_id_is_refused_in_words(written: str) -> None:
    with pytest.raises(ValueError, match="is no chat id; write"):
        normal_chat_id(written)


@given(
    st.from_regex(r"[A-Za-z0-9]{22}", fullmatch=True),
    st.sampled_from(
        [
            "{}",
            " {}\n",
            "https://chat.whatsapp.com/{}",
            "http://chat.whatsapp.com/invite/{}/",
            "chat.whatsapp.com/{}?mode=ac_t",
            "https://chat.whatsapp.com/{}?mode=wwt&x=1#top",
            "HTTPS://CHAT.WHATSAPP.COM/{} ",
            "Join us: https://chat.whatsapp.com/{} \U0001f389",
            "https://chat.whatsapp.com/{}.",
            "whatsapp://chat?code={}",
            "https://web.whatsapp.com/accept?code={}&x=y",
            "\u200ehttps://chat.whatsapp.com/{}\u200e",
        ]
    ),
)
def test_an_invitation_is_its_code_whatever_is_around_it(code: str, written: str) -> None:
    assert invite_code(written.format(code)) == code


@pytest.mark.parametrize("written", ["https://example.com/x", "a b", "https://chat.whatsapp.com/", "é", "   "])
def test_what_is_no_invitation_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is no invitation"):
        invite_code(written)


@given(st.binary(min_size=1, max_size=200), st.integers(1, 80), st.sampled_from(["\n", "\r\n", " ", ""]), st.booleans())
def test_base64_as_tools_write_it(data: bytes, width: int, line_end: str, url_safe: bool) -> None:
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    text = encode(data).decode()
    broken = line_end.join(text[at : at + width] for at in range(0, len(text), width)) + line_end
    for written in (broken, broken.rstrip("=\r\n "), f"data:;base64,{broken}"):
        assert base64.b64decode(normal_data(written)[0], validate=True) == data
    assert normal_data(f"DATA:Image/PNG;base64,{broken}") == (base64.b64encode(data).decode(), "image/png")


def test_a_data_address_brings_its_type() -> None:
    assert normal_data("data:audio/ogg; codecs=opus;base64,T2dn") == ("T2dn", "audio/ogg; codecs=opus")
    assert normal_data("data:text/plain,hi%20you") == (base64.b64encode(b"hi you").decode(), "text/plain")
    assert normal_data("") == ("", None)  # a file may be empty
    for nothing in ("not base64!", "A", "data:image/png;base64,A"):
        with pytest.raises(ValueError, match="data is"):
            normal_data(nothing)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("IMAGE/PNG", "image/png"),
        ("Audio/OGG; Codecs=opus", "audio/ogg; codecs=opus"),
        (' text/plain;charset = "UTF-8" ; ', 'text/plain; charset="UTF-8"'),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",) * 2,
    ],
)
def test_a_type_in_any_case(written: str, normal: str) -> None:
    assert normal_mimetype(written) == normal


@pytest.mark.parametrize("written", ["image", "image/", "a/b\nX-Y: z", "a/b; c", "/png"])
def test_what_is_no_type_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is no MIME type"):
        normal_mimetype(written)


def card(*lines: str, end: str = "\n") -> str:
    return end.join(["BEGIN:VCARD", "VERSION:3.0", *lines, "END:VCARD"]) + end


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (card("FN:Budi", "TEL:+62 811"), "Budi"),
        (card("FN:Budi", "  Santoso", "TEL;TYPE=CELL;waid=62811:+62 811", end="\r\n"), "Budi Santoso"),
        (card("FN;CHARSET=UTF-8:Büdi", "TEL;type=CELL;type=pref:1234"), "Büdi"),
        (card("item1.FN:Budi", "item2.TEL:1234", "item2.X-ABLabel:Mobile"), "Budi"),
        (card("FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=42=C3=BCdi", "TEL;CELL:1234"), "Büdi"),
        (card("FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=42=C3=", "=BCdi", "TEL;CELL;PREF:1234"), "Büdi"),
        (card("N:Santoso;Budi;;Dr.;", "TEL:1234"), "Dr. Budi Santoso"),
        (card("FN: ", "N:Santoso;Budi;;;", "TEL:1234"), "Budi Santoso"),
        (card("ORG:Toko;Sinar", "N:;;;;", "TEL:1234"), "Toko Sinar"),
        (card("FN:Budi\\, Santoso", "TEL;VALUE=uri:tel:+1-555-555"), "Budi, Santoso"),
        (card("FN:Budi", "PHOTO;ENCODING=b:/9j/4*", "BDAY:nonsense", "TEL:٠١٢٣٤"), "Budi"),
        ("\ufeff" + card("fn:Budi", "tel:1234").lower().replace("budi", "Budi"), "Budi"),
    ],
)
def test_a_card_of_each_form_has_its_name(text: str, name: str) -> None:
    read = card_read(text)
    assert read.name == name
    # And once more, as it goes out: with the line that WhatsApp's clients read.
    assert card_read(read.text) == read


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (card("FN:", "TEL:1234"), "has no name"),
        (card("FN:\u200e", "N:;;;;", "TEL:1234"), "has no name"),
        (card("FN:Budi"), "has no phone number"),
        (card("FN:Budi", "TEL:none"), "has no phone number"),
        (card("FN:A", "TEL:1234") + card("FN:B", "TEL:1234"), "holds several"),
        ("hello", "holds no card"),
        ("BEGIN:VCARD\nFN:A\nTEL:123", "cannot|can be read"),
    ],
)
def test_a_card_that_nobody_could_use_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        card_read(text)


@pytest.mark.parametrize(
    "text",
    [
        card("A;" * 30_000),
        card("FN" + ';A="' * 60 + ":x", "TEL:1"),
        card("FN" + ';A="' * 15_000 + ":x"),
        card("FN;" + "a" * 190 + ":x", "TEL" + ";a=," * 45 + ":1"),
        card("FN:" + "\\" * 60_000, "N:" + ";" * 60_000),
        "BEGIN:VCARD\n" * 5000,
        card("FN;ENCODING=QUOTED-PRINTABLE:" + "=\n" * 20_000),
    ],
)
def test_no_card_takes_long(text: str) -> None:
    began = time.process_time()
    with contextlib.suppress(ValueError):
        card_read(text)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u00a0", "\u200b", "\u2060\ufeff", "\u200e \u200f"])
def test_what_nobody_sees_is_blank(blank: str) -> None:
    assert is_blank(blank)
    message_id = "false_628@c.us_3EB0A1B2C3D4"
    for wrong in ({"name": blank, "options": ["a", "b"]}, {"name": "a", "options": ["a", blank]}):
        with pytest.raises(ValueError, match=r"blank|at least 1"):
            PollInput.model_validate(wrong)
    if blank:
        with pytest.raises(ValueError, match="blank"):
            ReactionInput.model_validate({"messageId": message_id, "reaction": blank})
    assert ReactionInput.model_validate({"messageId": message_id, "reaction": ""}).reaction == ""
