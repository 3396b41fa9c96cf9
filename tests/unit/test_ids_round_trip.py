"""Every id that is ever answered is good input, and stays what it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tuntas.api.chat_ids import normal_chat_id
from tuntas.api.schemas import MessageId
from tuntas.events.about import token_of

PEOPLE = st.one_of(
    st.from_regex(r"[1-9][0-9]{6,14}@c\.us", fullmatch=True),
    st.from_regex(r"[1-9][0-9]{9,14}@lid", fullmatch=True),
)
GROUPS = st.one_of(
    st.from_regex(r"1203[0-9]{14}@g\.us", fullmatch=True),
    st.from_regex(r"[1-9][0-9]{8,14}-1[0-9]{9}@g\.us", fullmatch=True),
)
CHATS = st.one_of(
    PEOPLE, GROUPS, st.just("status@broadcast"), st.from_regex(r"1203[0-9]{14}@newsletter", fullmatch=True)
)
TOKENS = st.from_regex(r"[0-9A-F]{16,32}", fullmatch=True)
MESSAGE_ID: TypeAdapter[str] = TypeAdapter(MessageId)


@given(CHATS)
def test_a_chat_s_id_stays_what_it_is(chat: str) -> None:
    assert normal_chat_id(chat) == chat


@given(st.booleans(), CHATS, TOKENS, st.none() | PEOPLE)
def test_a_message_s_id_and_its_last_part_can_be_sent_back(
    from_me: bool, chat: str, token: str, sender: str | None
) -> None:
    whole = f"{str(from_me).lower()}_{chat}_{token}" + ("" if sender is None else f"_{sender}")
    assert MESSAGE_ID.validate_python(whole) == whole
    assert MESSAGE_ID.validate_python(token) == token
    assert token_of(whole) == token_of(token) == token
