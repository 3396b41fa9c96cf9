"""What a person is shown of a message that waits: all of it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from tuntas.dashboard.approvals import KINDS, OUTCOMES
from tuntas.sessions.approvals import Approval, ApprovalStatus, Asked, Asker, all_words_of
from tuntas.sessions.outgoing import FileSource, MessageKind, OutgoingMessage

CHAT = "628111000222@c.us"


@pytest.mark.parametrize(
    ("kind", "content", "shown"),
    [
        (MessageKind.TEXT, {"body": "Hello\nthere", "replyTo": None, "linkPreview": True}, "Hello\nthere"),
        (MessageKind.TEXT, {"body": "Hi", "mentions": [CHAT]}, f'Hi\nmentions: ["{CHAT}"]'),
        (MessageKind.POLL, {"name": "When?", "choices": ["Mon", "Tue"]}, 'When?\nchoices: ["Mon", "Tue"]'),
        (MessageKind.LOCATION, {"latitude": -6.1, "longitude": 0, "title": ""}, "latitude: -6.1\nlongitude: 0"),
        (MessageKind.CONTACTS, {"cards": [{"name": "B", "vcard": "T"}]}, 'cards: [{"name": "B", "vcard": "T"}]'),
        (MessageKind.FORWARD, {"messageId": "true_1"}, "messageId: true_1"),
    ],
)  # fmt: skip
def test_nothing_that_goes_out_is_hidden(kind: MessageKind, content: dict[str, Any], shown: str) -> None:
    assert all_words_of(OutgoingMessage(kind, {"chatId": CHAT, **content})) == shown


def test_of_a_file_its_name_type_size_and_address_are_shown() -> None:
    data = base64.b64encode(b"four").decode()
    here = OutgoingMessage(MessageKind.DOCUMENT, {"chatId": CHAT, "caption": "look"}, FileSource("a/b", "a.b", data))
    assert all_words_of(here).startswith("look\nfile: a.b, a/b, ")
    there = OutgoingMessage(MessageKind.IMAGE, {"chatId": CHAT}, FileSource(url="https://example.com/a.png"))
    assert all_words_of(there) == "file: https://example.com/a.png"


def test_its_words_are_in_no_repr_and_so_in_no_log() -> None:
    message = OutgoingMessage(MessageKind.TEXT, {"chatId": CHAT, "body": "secret"})
    now = datetime.now(UTC)
    approval = Approval(
        "1", "2", "shop", Asker("m", "bot"), Asked(message, "f"), CHAT, message.kind, "secret", now, now
    )
    assert "secret" not in repr(approval)


def test_the_dashboard_has_words_for_all_kinds_and_outcomes() -> None:
    assert set(KINDS) == set(MessageKind)
    assert set(OUTCOMES) == set(ApprovalStatus)
