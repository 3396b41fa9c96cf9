"""Alerts in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from tuntas.alerts.book import Alert
from tuntas.storage.database import Database
from tuntas.storage.tables import alerts
from tuntas.troubles import TroubleKind


class SqlAlertStore:
    """Implements ``tuntas.alerts.ports.AlertStore``."""

    def __init__(self, database: Database) -> None:
        """Keep alerts in ``database``."""
        self._database = database

    async def unfinished(self) -> list[Alert]:
        """Return the alerts that are open, and those whose end was not told to all yet; oldest first."""
        query = select(alerts).where(alerts.c.resolved_at.is_(None)).order_by(alerts.c.id)
        late = select(alerts).where(alerts.c.resolved_at.is_not(None)).order_by(alerts.c.id.desc()).limit(_LATE)
        found = await self._database.run(
            lambda connection: [*connection.execute(query).all(), *connection.execute(late).all()]
        )
        read = [_alert_of(one) for one in found]
        return sorted(
            (one for one in read if one.resolved_at is None or one.told != one.told_end), key=lambda one: one.id
        )

    async def recent(self, *, limit: int) -> list[Alert]:
        """Return the newest alerts, newest first."""
        query = select(alerts).order_by(alerts.c.id.desc()).limit(limit)
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return [_alert_of(one) for one in rows]

    async def save(self, changed: Sequence[Alert]) -> None:
        """Write them as they are now."""
        if not changed:
            return

        def work(connection: Connection) -> None:
            for one in changed:
                row = _row_of(one)
                if connection.execute(update(alerts).where(alerts.c.id == one.id).values(row)).rowcount == 0:
                    connection.execute(insert(alerts).values(row))

        await self._database.run(work)

    async def prune(self, before: datetime) -> None:
        """Forget what was over before that time."""
        statement = delete(alerts).where(alerts.c.resolved_at < before)
        await self._database.run(lambda connection: connection.execute(statement))


def _row_of(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "kind": alert.kind.value,
        "session": alert.session,
        "since": alert.since,
        "detail": alert.detail,
        "resolved_at": alert.resolved_at,
        "told": sorted(alert.told),
        "told_end": sorted(alert.told_end),
    }


def _alert_of(row: Row[Any]) -> Alert:
    return Alert(
        row.id,
        TroubleKind(row.kind),
        row.session,
        row.since,
        row.detail,
        row.resolved_at,
        frozenset(row.told),
        frozenset(row.told_end),
    )


# Ends that are told late: a target may have been away for long, and what is older than so many is no news.
_LATE = 200
