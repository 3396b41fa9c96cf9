"""Sessions and their stories in the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tuntas.events import Event, Me
from tuntas.sessions.errors import NameTaken
from tuntas.sessions.machine import State, Status
from tuntas.sessions.model import BrowserRecord, SessionConfig, SessionRecord, StateChange
from tuntas.sessions.reconcile import Desired
from tuntas.storage.database import Database
from tuntas.storage.outbox import enqueue
from tuntas.storage.subscriptions import subscription_from_json, subscription_to_json
from tuntas.storage.tables import history, sessions


class SqlSessionStore:
    """Implements ``tuntas.sessions.ports.SessionStore``."""

    def __init__(self, database: Database, on_enqueued: Callable[[str], None]) -> None:
        """Store in ``database``; call ``on_enqueued`` with each lane of the outbox that got something."""
        self._database = database
        self._on_enqueued = on_enqueued

    async def load(self) -> list[SessionRecord]:
        """Return all sessions, oldest first."""
        rows = await self._database.run(lambda c: c.execute(select(sessions).order_by(sessions.c.created_at)).all())
        return [_from_row(row) for row in rows]

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
            return enqueue(connection, record, events)

        self._announce(await self._database.run(work))

    async def publish(self, record: SessionRecord, events: Sequence[Event]) -> None:
        """Write events that go out to the session's subscriptions."""
        self._announce(await self._database.run(lambda connection: enqueue(connection, record, events)))

    async def delete(self, record: SessionRecord, change: StateChange, events: Sequence[Event]) -> None:
        """Remove the session's row, with the last line of its story and its last event."""

        def work(connection: Connection) -> set[str]:
            connection.execute(delete(sessions).where(sessions.c.id == record.id))
            _tell(connection, record, change)
            return enqueue(connection, record, events)

        self._announce(await self._database.run(work))

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

    def _announce(self, lanes: set[str]) -> None:
        for lane in lanes:
            self._on_enqueued(lane)


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
        },
        "me": None if record.me is None else asdict(record.me),
        "browser": browser,
        "created_at": record.created_at,
        "changed_at": record.changed_at,
    }


def _from_row(row: Row[Any]) -> SessionRecord:
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
        ),
        desired=Desired(row.desired),
        state=State(row.state),
        status=Status(row.status),
        profile_folder=row.profile_folder,
        created_at=row.created_at,
        changed_at=row.changed_at,
        reason=row.reason,
        discard_profile=row.discard_profile,
        me=None if row.me is None else Me(**row.me),
        browser=browser,
    )
