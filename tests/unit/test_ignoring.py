"""What a session does not want to know of, by the kind of chat that it comes from."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from tuntas.events import AckLevel, Acknowledgement, EventName, Message
from tuntas.sessions.ignoring import is_ignored
from tuntas.sessions.model import AckSeen, MessageSeen, Observation, Scanned, SessionConfig, Told

CHATS = {
    "status": "status@broadcast",
    "groups": "120363000000000000@g.us",
    "channels": "120363000000000001@newsletter",
    "broadcast": "628111-1600000000@broadcast",
    None: "628111000222@c.us",
}


def all_of(chat: str) -> list[Observation]:
    """Return one of each that can be told of a chat."""
    message_id = f"false_{chat}_3EB0A1B2_628111000333@c.us"
    message = Message(message_id, 1, chat, "628111000111@c.us", from_me=False, body="x")
    payloads: list[tuple[EventName, dict[str, Any]]] = [
        (EventName.MESSAGE_REACTION, {"id": message_id}),
        (EventName.MESSAGE_REVOKED, {"revokedMessageId": message_id, "before": None}),
        (EventName.MESSAGE_EDITED, {"id": message_id}),
        (EventName.POLL_VOTE, {"poll": {"id": message_id}, "vote": {}}),
        (EventName.GROUP_UPDATE, {"group": {"id": chat}}),
        (EventName.PRESENCE_UPDATE, {"id": chat}),
        (EventName.CHAT_ARCHIVE, {"id": chat}),
    ]
    ack = Acknowledgement(f"true_{chat}_3EB0", "a@c.us", chat, from_me=True, ack=AckLevel.READ)
    return [MessageSeen(message), AckSeen(ack), *(Told(name, MappingProxyType(one)) for name, one in payloads)]


@pytest.mark.parametrize("kind", CHATS)
def test_only_what_comes_from_that_kind_is_ignored(kind: str | None) -> None:
    for other, chat in CHATS.items():
        wanted = kind is not None and kind == other
        ignored = frozenset() if kind is None else frozenset({kind})
        assert [is_ignored(one, ignored) for one in all_of(chat)] == [wanted] * 9, (kind, other)
    assert not is_ignored(Scanned(), CHATS.keys() - {None})  # type: ignore[arg-type]


def test_a_configuration_says_what_is_ignored_and_fetched() -> None:
    config = SessionConfig({"ignore": {"groups": True, "status": False}, "media": {"download": True}, "debug": True})
    assert (config.ignored(), config.downloads_media, config.is_debug) == (frozenset({"groups"}), True, True)
    nothing = SessionConfig({"ignore": None, "media": "x"})
    assert (nothing.ignored(), nothing.downloads_media, nothing.is_debug) == (frozenset(), None, False)


def test_what_the_server_ignores_counts_where_a_session_says_nothing_of_it() -> None:
    servers = frozenset({"groups", "status"})
    assert SessionConfig({}).ignored(servers) == servers
    assert SessionConfig({"ignore": {"groups": False, "channels": True}}).ignored(servers) == {"status", "channels"}
