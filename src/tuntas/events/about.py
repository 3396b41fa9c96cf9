"""Which message an event tells of. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LONGEST_TOKEN = 128

# Where each event has the id of the message that it is about.
_PLACES: Mapping[str, tuple[str, ...]] = {
    "message": ("id",),
    "message.any": ("id",),
    "message.waiting": ("id",),
    "message.ack": ("id",),
    "message.ack.group": ("id",),
    "message.reaction": ("reaction", "messageId"),
    "message.edited": ("editedMessageId",),
    "message.revoked": ("revokedMessageId",),
    "poll.vote": ("poll", "id"),
    "event.response": ("eventCreationKey", "id"),
}


def token_of(message_id: str) -> str:
    """Return what makes a message's id unique, whichever way its chat is written: the third of its parts.

    An id is ``true_<chat>_<token>``, in groups with ``_<sender>`` behind; the token alone is taken as it is.
    """
    parts = message_id.split("_")
    return parts[2] if len(parts) > 2 else message_id


def message_told_of(event: str, payload: Mapping[str, Any]) -> str | None:
    """Return the token of the message that an event of this name is about; None if it is about none."""
    if event not in _PLACES:
        return None
    found: Any = payload
    for name in _PLACES[event]:
        found = found.get(name) if isinstance(found, Mapping) else None
    return token_of(found)[:LONGEST_TOKEN] or None if isinstance(found, str) else None
