"""Sessions and their stories in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tuntas.events import Audience, Event, Me
from tuntas.sessions.errors import NameTaken
from tuntas.sessions.machine import State, Status
from tuntas.sessions.model import BrowserRecord, SessionConfig, SessionRecord, StateChange
from tuntas.sessions.pacing import Pace
from tuntas.sessions.reconcile import Desired
from tuntas.storage.database import Database
from tuntas.storage.publisher import Publisher
from tuntas.storage.subscriptions import subscription_from_json, subscription_to_json
from tuntas.storage.tables import history, sessions


class SqlSessionStore:
    """Implements ``tuntas.sessions.ports.SessionStore``."""

    def __init__(self, database: Database, publisher: Publisher | None = None) -> None:
        """Store in ``database``; events go out through ``publisher``."""
        self._database = database
        self._publisher = publisher or Publisher()

    async def load(self) -> list[SessionRecord]:
        """Return all sessions, oldest first."""
        rows = await self._database.run(lambda c: c.execute(select(sessions).order_by(sessions.c.created_at)).all())
        return [session_of(row) for row in rows]

    async def insert(self, record: SessionRecord) -> None:
        """Add a session.

        Raises:
            NameTaken: a session of this name exists.
        """
        try:
            await self._database.run(lambda c: c.execute(insert(sessions).values(**_to_row(record))))
        except IntegrityError as error:
            raise NameTaken(record.name) from error

    async def save(self, record: SessionRecord, change: StateChange | None, events: Sequence[Event]) -> None:
        """Write the session, a line of its story and the events that go out, together."""

        def work(connection: Connection) -> set[str]:
            row = _to_row(record)
            connection.execute(update(sessions).where(sessions.c.id == record.id).values(**row))
            if change is not None:
                _tell(connection, record, change)
            return self._publisher.write(connection, audience_of(record), events)

        lanes = await self._database.run(work)
        if events:
            self._publisher.announce(lanes)

    async def publish(self, record: SessionRecord, events: Sequence[Event]) -> None:
        """Write events that go out to the session's subscriptions, and how far the session has seen, together."""

        def work(connection: Connection) -> set[str]:
            seen = update(sessions).where(sessions.c.id == record.id).values(seen_until=record.seen_until)
            connection.execute(seen)
            return self._publisher.write(connection, audience_of(record), events)

        self._publisher.announce(await self._database.run(work))

    async def delete(self, record: SessionRecord, change: StateChange, events: Sequence[Event]) -> None:
        """Remove the session's row, with the last line of its story and its last event."""

        def work(connection: Connection) -> set[str]:
            connection.execute(delete(sessions).where(sessions.c.id == record.id))
            _tell(connection, record, change)
            return self._publisher.write(connection, audience_of(record), events)

        self._publisher.announce(await self._database.run(work))

    async def history(self, record: SessionRecord, *, limit: int) -> list[StateChange]:
        """Return the newest lines of the session's story, oldest first."""
        query = (
            select(history).where(history.c.session_id == record.id).order_by(history.c.sequence.desc()).limit(limit)
        )
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return [
            StateChange(
                row.at, State(row.before), State(row.after), Status(row.status), row.reason, row.detail, row.asked_by
            )
            for row in reversed(rows)
        ]

    async def prune(self, before: datetime) -> None:
        """Forget lines of stories that are older than ``before``."""
        await self._database.run(lambda connection: connection.execute(delete(history).where(history.c.at < before)))


def audience_of(record: SessionRecord) -> Audience:
    """Return whom a session's events go to."""
    return Audience(record.id, record.name, record.config.subscriptions, record.config.metadata, record.me)


def session_of(row: Row[Any]) -> SessionRecord:
    """Read a row of the table."""
    browser = None
    if row.browser is not None:
        browser = BrowserRecord(**row.browser | {"started_at": datetime.fromisoformat(row.browser["started_at"])})
    return SessionRecord(
        id=row.id,
        name=row.name,
        config=SessionConfig(
            document=row.config["document"],
            subscriptions=tuple(subscription_from_json(one) for one in row.config["subscriptions"]),
            metadata=row.config["metadata"],
            pace=Pace(**pace) if (pace := row.config.get("pace")) else None,
        ),
        desired=Desired(row.desired),
        state=State(row.state),
        status=Status(row.status),
        profile_folder=row.profile_folder,
        created_at=row.created_at,
        changed_at=row.changed_at,
        seen_until=row.seen_until,
        reason=row.reason,
        discard_profile=row.discard_profile,
        me=None if row.me is None else Me(**row.me),
        browser=browser,
    )


def _tell(connection: Connection, record: SessionRecord, change: StateChange) -> None:
    connection.execute(
        insert(history).values(
            session_id=record.id,
            at=change.at,
            before=change.before.value,
            after=change.after.value,
            status=change.status.value,
            reason=change.reason,
            detail=change.detail,
            asked_by=change.asked_by,
        )
    )


def _to_row(record: SessionRecord) -> dict[str, Any]:
    browser = None
    if record.browser is not None:
        browser = asdict(record.browser) | {"started_at": record.browser.started_at.isoformat()}
    return {
        "id": record.id,
        "name": record.name,
        "desired": record.desired.value,
        "state": record.state.value,
        "status": record.status.value,
        "reason": record.reason,
        "discard_profile": record.discard_profile,
        "profile_folder": record.profile_folder,
        "config": {
            "document": dict(record.config.document),
            "subscriptions": [subscription_to_json(one) for one in record.config.subscriptions],
            "metadata": dict(record.config.metadata),
            "pace": None if record.config.pace is None else asdict(record.config.pace),
        },
        "me": None if record.me is None else asdict(record.me),
        "browser": browser,
        "created_at": record.created_at,
        "changed_at": record.changed_at,
        "seen_until": record.seen_until,
    }
