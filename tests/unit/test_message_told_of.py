"""Which message an event tells of, whatever its payload looks like."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuntas.events.about import LONGEST_TOKEN, message_told_of, token_of

TOKEN = "3EB0A1B2C3D4E5F60718"
PERSON, GROUP = f"true_628111000222@c.us_{TOKEN}", f"false_120363000000000001@g.us_{TOKEN}_99@lid"


@pytest.mark.parametrize("written", [PERSON, GROUP, f"false_99@lid_{TOKEN}", TOKEN])
def test_a_message_has_one_token_however_its_id_is_written(written: str) -> None:
    assert token_of(written) == TOKEN


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("message", {"id": PERSON}),
        ("message.any", {"id": GROUP}),
        ("message.waiting", {"id": GROUP}),
        ("message.ack", {"id": PERSON, "ack": 2}),
        ("message.reaction", {"id": "true_1@c.us_OTHER", "reaction": {"text": "", "messageId": PERSON}}),
        ("message.edited", {"id": PERSON, "editedMessageId": PERSON}),
        ("message.revoked", {"revokedMessageId": PERSON, "after": {"id": "true_1@c.us_OTHER"}}),
        ("poll.vote", {"poll": {"id": PERSON}, "vote": {}}),
    ],
)
def test_each_event_about_a_message_names_it(event: str, payload: dict[str, Any]) -> None:
    assert message_told_of(event, payload) == TOKEN


def test_other_events_are_about_no_message() -> None:
    assert message_told_of("session.status", {"id": PERSON, "name": "shop"}) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
PAYLOADS = st.dictionaries(st.sampled_from(["id", "reaction", "poll", "editedMessageId", "revokedMessageId"]), ANYTHING)


@given(
    event=st.sampled_from(["message", "message.ack", "message.reaction", "message.edited", "poll.vote"]),
    payload=PAYLOADS,
)
def test_what_a_page_makes_up_harms_nobody(event: str, payload: dict[str, Any]) -> None:
    found = message_told_of(event, payload)
    assert found is None or 0 < len(found) <= LONGEST_TOKEN
