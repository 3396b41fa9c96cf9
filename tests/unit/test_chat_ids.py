"""Chat ids in the forms that people send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuntas.api.chat_ids import normal_chat_id


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("628111000222@c.us", "628111000222@c.us"),
        ("628111000222@s.whatsapp.net", "628111000222@c.us"),
        ("628111000222", "628111000222@c.us"),
        ("+62 811-1000-222", "628111000222@c.us"),
        ("(62) 811.1000.222", "628111000222@c.us"),
        ("120363041234567890@g.us", "120363041234567890@g.us"),
        ("628111000222-1600000000@g.us", "628111000222-1600000000@g.us"),
        ("98765432100@lid", "98765432100@lid"),
        ("status@broadcast", "status@broadcast"),
    ],
)
def test_known_forms(written: str, normal: str) -> None:
    assert normal_chat_id(written) == normal


@pytest.mark.parametrize(
    "written", ["", "hello", "628111000222@example.com", "@c.us", "12", "../etc@c.us", "1;drop@c.us"]
)
def test_anything_else_is_refused_with_advice(written: str) -> None:
    with pytest.raises(ValueError, match="country code"):
        normal_chat_id(written)


@given(st.text())
def test_the_result_is_always_stable(written: str) -> None:
    try:
        once = normal_chat_id(written)
    except ValueError:
        return
    assert normal_chat_id(once) == once


@pytest.mark.parametrize("text", ["0811 1000 222", "+0811-1000-222", "08111000222@c.us", "https://wa.me/08111000222"])
def test_a_local_number_is_refused_with_what_to_write_instead(text: str) -> None:
    with pytest.raises(ValueError, match=r"local number; write its country code in place of the first 0"):
        normal_chat_id(text)
