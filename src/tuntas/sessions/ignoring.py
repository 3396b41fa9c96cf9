"""Which of what a page observes a session does not want to know of, by the kind of its chat. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tuntas.sessions.model import AckSeen, MessageSeen, Observation, Told


def chat_kind(chat_id: str) -> str | None:
    """Return the configuration's word for this kind of chat, None for a person's."""
    if chat_id == "status@broadcast":
        return "status"
    return {"g.us": "groups", "newsletter": "channels", "broadcast": "broadcast"}.get(chat_id.rpartition("@")[2])


def chat_of(message_id: str) -> str:
    """Return the chat that a message's id names: ``true_<chat>_<id>``."""
    parts = message_id.split("_")
    return parts[1] if len(parts) > 2 else ""


def is_ignored(seen: Observation, ignored: Collection[str]) -> bool:
    """Say whether this comes from a chat of a kind that is to be ignored."""
    if not ignored:
        return False
    match seen:
        case MessageSeen(message):
            chat = chat_of(message.id)
        case AckSeen(acknowledgement):
            chat = chat_of(acknowledgement.message_id)
        case Told(_, payload):
            chat = _chat_in(payload)
        case _:
            return False
    return chat_kind(chat) in ignored


def _chat_in(payload: Mapping[str, object]) -> str:
    """Return the chat that a published fact is about: that of a group or a poll, or of the message or chat itself."""
    for part in ("group", "poll"):
        if isinstance(inner := payload.get(part), Mapping):
            payload = inner
    found = str(payload.get("revokedMessageId") or payload.get("id") or "")
    return chat_of(found) if found.startswith(("true_", "false_")) else found
