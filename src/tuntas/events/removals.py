"""What is published of a profile on its way out: quarantined, stuck, purged. In the shape of ``/api/removals``."""

from __future__ import annotations

from typing import Any

from tuntas.events.audience import Audience
from tuntas.events.model import Event, EventName
from tuntas.foundation.clock import milliseconds
from tuntas.profiles import Removal, RemovalState

_NAMES = {
    RemovalState.QUARANTINED: EventName.REMOVAL_QUARANTINED,
    RemovalState.STUCK: EventName.REMOVAL_STUCK,
    RemovalState.PURGED: EventName.REMOVAL_PURGED,
}


def removal_event(before: Removal | None, after: Removal, audience: Audience) -> Event | None:
    """Return the event that the change from ``before`` (None: it is new) to ``after`` is worth, if any.

    News is another state, and another reason for being stuck; one more attempt in vain is none.
    """
    name = _NAMES.get(after.state)
    if name is None or (before is not None and not _is_news(before, after)):
        return None
    at = milliseconds(after.updated_at)
    return Event(name, after.session, at, removal_payload(after), metadata=audience.metadata, me=audience.me)


def _is_news(before: Removal, after: Removal) -> bool:
    if before.state is not after.state:
        return True
    return after.state is RemovalState.STUCK and before.reason is not after.reason


def removal_payload(removal: Removal) -> dict[str, Any]:
    """Return a removal as a JSON document; times are ISO 8601 in UTC."""
    return {
        "id": removal.id,
        "session": removal.session,
        "state": removal.state.value,
        "path": str(removal.path),
        "trashPath": None if removal.trash_path is None else str(removal.trash_path),
        "reason": None if removal.reason is None else removal.reason.value,
        "obstaclePath": removal.obstacle_path,
        "message": removal.message,
        "holders": [{"pid": one.pid, "name": one.name, "how": one.how, "path": one.path} for one in removal.holders],
        "attempts": removal.attempts,
        "nextAttemptAt": None if removal.next_attempt_at is None else removal.next_attempt_at.isoformat(),
        "sizeBytes": removal.size_bytes,
        "createdAt": removal.created_at.isoformat(),
        "updatedAt": removal.updated_at.isoformat(),
    }
