"""What an inbox makes of a page's answers, and of a file that somebody attaches."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tuntas.dashboard.attachments import Attachment, Unsendable
from tuntas.dashboard.inbox_view import chat_of, cut, line_of
from tuntas.events import message_of
from tuntas.sessions.outgoing import MessageKind

PNG, JPEG, MP4 = b"\x89PNG\r\n\x1a\nrest", b"\xff\xd8\xff\xe0rest", b"\0\0\0\x18ftypmp42rest"


def plain(**more: Any) -> dict[str, Any]:
    given = {"id": "false_628111@c.us_3EB0AA", "t": 1764000000, "from": "628111@c.us", "to": "628999@c.us"}
    return given | {"fromMe": False, "body": "Halo", "ack": 1, "details": {"pushName": "Budi"}} | more


@pytest.mark.parametrize(
    ("name", "says", "data", "kind", "mimetype"),
    [
        ("a.png", "image/png", PNG, MessageKind.IMAGE, "image/png"),
        ("a.jpg", "image/jpeg", JPEG, MessageKind.IMAGE, "image/jpeg"),
        ("wrongly-named.png", "image/png", JPEG, MessageKind.IMAGE, "image/jpeg"),
        ("no-type", "", PNG, MessageKind.IMAGE, "image/png"),
        ("a.mp4", "video/mp4", MP4, MessageKind.VIDEO, "video/mp4"),
        ("phone.heic", "image/heic", MP4, MessageKind.DOCUMENT, "image/heic"),
        ("note.m4a", "audio/mp4", MP4, MessageKind.DOCUMENT, "audio/mp4"),
        ("price.pdf", "application/pdf", b"%PDF-1.7", MessageKind.DOCUMENT, "application/pdf"),
        ("what", "", b"?", MessageKind.DOCUMENT, "application/octet-stream"),
    ],
)
def test_a_file_goes_out_as_what_its_bytes_are(
    name: str, says: str, data: bytes, kind: MessageKind, mimetype: str
) -> None:
    found, file = Attachment(name, says, data).as_message()
    assert (found, file.mimetype, file.filename) == (kind, mimetype, name)
    assert base64.b64decode(file.data or "") == data


@pytest.mark.parametrize(
    ("says", "data", "told"),
    [
        ("image/png", b"", "empty"),
        ("image/png", b"<html>", "no picture"),
        ("image/jpeg", b"%PDF", "no picture"),
        ("video/mp4", b"x", "no video"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_told(says: str, data: bytes, told: str) -> None:
    with pytest.raises(Unsendable, match=told):
        Attachment("a", says, data).as_message()


def test_a_message_is_shown_as_what_it_is() -> None:
    text = line_of(message_of(plain()))
    assert (text.who, text.text, text.kind, text.file, text.ack) == ("Budi", "Halo", None, None, None)
    ours = line_of(message_of(plain(fromMe=True, ack=3)))
    assert ours.ack == "read"
    media = {"mimetype": "image/jpeg; codecs=x", "filename": None, "size": 2048}
    picture = line_of(message_of(plain(type="image", hasMedia=True, body="", details={"media": media})))
    assert picture.file is not None
    assert picture.file.is_picture
    assert picture.who == "+628111"
    drawing = {"mimetype": "image/svg+xml", "filename": "a.svg", "size": 1}
    line = line_of(message_of(plain(type="document", hasMedia=True, details={"media": drawing})))
    assert line.file is not None
    assert not line.file.is_picture, "an SVG is a program"
    poll = line_of(message_of(plain(type="poll_creation", details={"poll": {"options": ["ya", "tidak"]}})))
    assert (poll.kind, poll.extra) == ("Poll", ("ya", "tidak"))
    card = line_of(message_of(plain(type="vcard", body="", details={"vCards": ["BEGIN:VCARD\nFN:Siti\nEND:VCARD"]})))
    assert card.extra == ("Siti",)
    unknown = line_of(message_of(plain(type="something_new", body="")))
    assert unknown.kind == "Something that only the phone shows"


def test_a_chat_is_found_by_its_name_its_number_and_its_last_words() -> None:
    chat = chat_of({"id": "6281@lid", "pn": "628111222@c.us", "name": "Budi Santoso", "lastMessage": plain()})
    for search in ("budi", "SANTOSO", "+62 811-1222", "halo"):
        assert chat.fits(search), search
    for search in ("siti", "12", "628999"):
        assert not chat.fits(search), search
    assert chat_of({"id": "628111222@c.us", "name": None}).name == "+628111222"


def test_a_long_text_is_one_short_line() -> None:
    assert cut("a\nb  c") == "a b c"
    assert cut("x" * 200) == "x" * 90 + "…"
