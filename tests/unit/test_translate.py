"""Reports of the page become observations, or an error with a name that tells nothing secret."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuntas.events import AckLevel, Me
from tuntas.sessions.model import AckSeen, Connected, Lacking, MessageSeen, PageLost, QrShown, Unlinked
from tuntas.whatsapp.translate import UnknownReport, observation_of


def report(**fields: object) -> str:
    return json.dumps(fields)


def test_a_qr() -> None:
    assert observation_of(report(kind="qr", code="2@a,b,c,d")) == QrShown("2@a,b,c,d")


def test_a_connection_tells_whose_account_it_is() -> None:
    seen = observation_of(report(kind="connected", id="628111000111@c.us", pushName="Toko"))
    assert seen == Connected(Me("628111000111@c.us", "Toko"))


def test_missing_functions_are_named() -> None:
    seen = observation_of(report(kind="changed", names=["chat.sendTextMessage", "whatsapp.MsgStore"]))
    assert seen == Lacking("chat.sendTextMessage, whatsapp.MsgStore")


def test_a_trouble_of_the_account_is_a_fault_with_its_time() -> None:
    seen = observation_of(report(kind="trouble", reason="temporary_ban", detail="too many", seconds=600))
    assert seen == PageLost("temporary_ban", "too many", again_in_seconds=600)
    with pytest.raises(UnknownReport):
        observation_of(report(kind="trouble", reason="anything", detail=""))
    with pytest.raises(UnknownReport):
        observation_of(report(kind="trouble", reason="temporary_ban", detail="", seconds=10**12))


def test_an_unlinked_device() -> None:
    assert observation_of(report(kind="unlinked", reason="unknown_companion")) == Unlinked("unknown_companion")


def test_a_message_keeps_everything_but_shows_no_body_in_its_repr() -> None:
    plain = {
        "id": "false_628111000222@c.us_3EB0",
        "t": 1764000000,
        "from": "628111000222@c.us",
        "to": "628111000111@c.us",
        "fromMe": False,
        "body": "secret words",
        "ack": 1,
        "type": "chat",
        "hasMedia": False,
        "replyTo": None,
        "source": "app",
    }
    seen = observation_of(report(kind="message", message=plain))
    assert isinstance(seen, MessageSeen)
    assert seen.message.body == "secret words"
    assert seen.message.ack is AckLevel.SERVER
    assert "secret words" not in repr(seen)


def test_what_a_message_answers_is_told_whole_and_bounded() -> None:
    quote = {
        "id": "3EB0",
        "participant": "1@lid",
        "participantPn": "1@c.us",
        "body": "open?",
        "_data": {"type": "chat"},
    }
    plain = {"id": "false_1@lid_4", "t": 1, "from": "1@lid", "to": "2@c.us", "fromMe": False, "body": "yes", "ack": 1}

    seen = observation_of(report(kind="message", message=plain | {"replyTo": quote}))
    assert isinstance(seen, MessageSeen)
    assert seen.message.payload()["replyTo"] == quote | {"hasMedia": False, "media": None}
    assert "open?" not in repr(seen)
    for wrong in ("3EB0", {"id": ""}, quote | {"body": "x" * 200_000}, quote | {"participant": "a b"}):
        with pytest.raises(UnknownReport):
            observation_of(report(kind="message", message=plain | {"replyTo": wrong}))


def test_an_ack_below_whatsapps_error_level_is_an_error() -> None:
    seen = observation_of(report(kind="ack", id="true_x", chat="c", me="m", ack=-7))
    assert isinstance(seen, AckSeen)
    assert seen.acknowledgement.ack is AckLevel.ERROR


@given(st.text())
def test_anything_that_is_no_report_is_an_unknown_report(text: str) -> None:
    with pytest.raises(UnknownReport):
        observation_of(text)


def test_an_unknown_report_says_its_kind_and_not_its_content() -> None:
    with pytest.raises(UnknownReport) as caught:
        observation_of(report(kind="news", body="secret words"))
    assert "'news'" in str(caught.value)
    assert "secret words" not in str(caught.value)


@pytest.mark.parametrize("kind", ["qr", "connected", "message", "ack", "unlinked", "changed", "disconnected"])
def test_a_report_with_a_missing_field_names_its_kind(kind: str) -> None:
    with pytest.raises(UnknownReport, match=kind):
        observation_of(report(kind=kind))
