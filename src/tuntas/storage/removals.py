"""The journal of removals in the database."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from tuntas.profiles import Holder, Reason, Removal, RemovalState
from tuntas.storage.database import Database
from tuntas.storage.tables import removals


class SqlRemovalJournal:
    """Implements ``tuntas.profiles.RemovalJournal``."""

    def __init__(self, database: Database) -> None:
        """Keep removals in ``database``."""
        self._database = database

    async def put(self, removal: Removal) -> None:
        """Insert or update by ``removal.id``; durable when it returns."""
        row = _to_row(removal)

        def work(connection: Connection) -> None:
            changed = connection.execute(update(removals).where(removals.c.id == removal.id).values(**row))
            if changed.rowcount == 0:
                connection.execute(insert(removals).values(**row))

        await self._database.run(work)

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


def _to_row(removal: Removal) -> dict[str, Any]:
    return {
        "id": removal.id,
        "session": removal.session,
        "path": str(removal.path),
        "trash_path": None if removal.trash_path is None else str(removal.trash_path),
        "state": removal.state.value,
        "reason": None if removal.reason is None else removal.reason.value,
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
        message=row.message,
        holders=tuple(Holder(**holder) for holder in row.holders),
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        size_bytes=row.size_bytes,
    )
