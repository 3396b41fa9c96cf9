"""The journal of removals in the database, and the events that its changes are worth, in one transaction.

Whom a removal is told to is kept with it: its session's row may be gone long before its last byte.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from tuntas.events import Audience
from tuntas.events.removals import removal_event
from tuntas.profiles import Holder, Reason, Removal, RemovalState
from tuntas.storage.database import Database
from tuntas.storage.publisher import Publisher
from tuntas.storage.sessions import audience_of, readable, session_of
from tuntas.storage.subscriptions import audience_from_json, audience_to_json
from tuntas.storage.tables import removals, sessions


class SqlRemovalJournal:
    """Implements ``tuntas.profiles.RemovalJournal``."""

    def __init__(self, database: Database, publisher: Publisher | None = None) -> None:
        """Keep removals in ``database``; events go out through ``publisher``."""
        self._database = database
        self._publisher = publisher or Publisher()

    async def put(self, removal: Removal) -> None:
        """Insert or update by ``removal.id``, with the event that the change is worth; durable when it returns."""

        def work(connection: Connection) -> set[str]:
            known = connection.execute(select(removals).where(removals.c.id == removal.id)).one_or_none()
            if known is None:
                audience = _audience_of(connection, removal)
                told = None if audience is None else audience_to_json(audience)
                connection.execute(insert(removals).values(**_to_row(removal), audience=told))
            else:
                audience = _audience_in(known.audience)
                connection.execute(update(removals).where(removals.c.id == removal.id).values(**_to_row(removal)))
            if audience is None:
                return set()
            event = removal_event(None if known is None else _from_row(known), removal, audience)
            return self._publisher.write(connection, audience, [event]) if event else set()

        self._publisher.announce(await self._database.run(work))

    async def unfinished(self) -> list[Removal]:
        """Return every removal that is not purged, oldest first."""
        query = select(removals).where(removals.c.state != RemovalState.PURGED.value).order_by(removals.c.created_at)
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return [_from_row(row) for row in rows]

    async def prune(self, before: datetime) -> None:
        """Forget purged removals that ended before that time."""
        statement = delete(removals).where(
            removals.c.state == RemovalState.PURGED.value, removals.c.updated_at < before
        )
        await self._database.run(lambda connection: connection.execute(statement))


def _audience_of(connection: Connection, removal: Removal) -> Audience | None:
    """Return the receivers of the session whose profile this is; None for a folder that no session has."""
    its_session = readable.where(sessions.c.name == removal.session, sessions.c.profile_folder == removal.path.name)
    row = connection.execute(its_session).one_or_none()
    return None if row is None else audience_of(session_of(row))


def _audience_in(document: dict[str, Any] | None) -> Audience | None:
    """Return whom a removal is told to; nobody, rather than no removal, where that cannot be read."""
    try:
        return None if document is None else audience_from_json(document)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _to_row(removal: Removal) -> dict[str, Any]:
    return {
        "id": removal.id,
        "session": removal.session,
        "path": str(removal.path),
        "trash_path": None if removal.trash_path is None else str(removal.trash_path),
        "state": removal.state.value,
        "reason": None if removal.reason is None else removal.reason.value,
        "obstacle_path": removal.obstacle_path,
        "message": removal.message,
        "holders": [asdict(holder) for holder in removal.holders],
        "attempts": removal.attempts,
        "next_attempt_at": removal.next_attempt_at,
        "size_bytes": removal.size_bytes,
        "created_at": removal.created_at,
        "updated_at": removal.updated_at,
    }


def _from_row(row: Row[Any]) -> Removal:
    return Removal(
        id=row.id,
        session=row.session,
        path=Path(row.path),
        state=RemovalState(row.state),
        created_at=row.created_at,
        updated_at=row.updated_at,
        trash_path=None if row.trash_path is None else Path(row.trash_path),
        reason=None if row.reason is None else Reason(row.reason),
        obstacle_path=row.obstacle_path,
        message=row.message,
        holders=tuple(Holder(**holder) for holder in row.holders),
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        size_bytes=row.size_bytes,
    )
