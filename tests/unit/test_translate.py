"""Reports of the page become observations, or an error with a name that tells nothing secret."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuntas.events import AckLevel, Me
from tuntas.sessions.model import AckSeen, Connected, MessageSeen, PageLost, QrShown, Unlinked
from tuntas.whatsapp.translate import UnknownReport, observation_of


def report(**fields: object) -> str:
    return json.dumps(fields)


def test_a_qr() -> None:
    assert observation_of(report(kind="qr", code="2@a,b,c,d")) == QrShown("2@a,b,c,d")


def test_a_connection_tells_whose_account_it_is() -> None:
    seen = observation_of(report(kind="connected", id="628111000111@c.us", pushName="Toko"))
    assert seen == Connected(Me("628111000111@c.us", "Toko"))


def test_missing_functions_are_a_permanent_fault_that_names_them() -> None:
    seen = observation_of(report(kind="changed", names=["chat.sendTextMessage", "whatsapp.MsgStore"]))
    assert isinstance(seen, PageLost)
    assert seen.reason == "whatsapp_web_changed"
    assert seen.permanent
    assert "chat.sendTextMessage, whatsapp.MsgStore" in seen.detail


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
