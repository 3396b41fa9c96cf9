"""Sessions and their stories in the database."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Row, Text, cast, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from tuntas.events import Audience, Event, EventName, Me
from tuntas.foundation.proxy import Proxy
from tuntas.profiles.guards import folded
from tuntas.sessions.errors import NameTaken, QuotaReached
from tuntas.sessions.machine import Desired, State, Status
from tuntas.sessions.model import BrowserRecord, SessionConfig, SessionRecord, StateChange
from tuntas.sessions.pacing import Pace
from tuntas.storage.database import Database
from tuntas.storage.publisher import Publisher
from tuntas.storage.receivers import begin_anew, end_failing
from tuntas.storage.subscriptions import subscription_from_json, subscription_to_json
from tuntas.storage.tables import events as event_log
from tuntas.storage.tables import history, sessions

Value = TypeVar("Value")

# The reason of a session whose state could not be read.
DAMAGED = "damaged"

_JSON = ("config", "me", "unlinked_me", "browser")
# JSON as text: a row that cannot be read must be ours to judge.
readable = select(
    *(column for column in sessions.c if column.name not in _JSON),
    *(cast(sessions.c[name], Text).label(name) for name in _JSON),
)

log = structlog.get_logger(__name__)


class SqlSessionStore:
    """Implements ``tuntas.sessions.ports.SessionStore``."""

    def __init__(self, database: Database, publisher: Publisher | None = None, *, most: int | None = None) -> None:
        """Store in ``database``, ``most`` sessions; events go out through ``publisher``."""
        self._most = most
        self._database = database
        self._publisher = publisher or Publisher()

    async def load(self) -> list[SessionRecord]:
        """Return all sessions, oldest first."""
        query = readable.order_by(sessions.c.created_at)
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return [session_of(row) for row in rows]

    async def insert(self, record: SessionRecord) -> None:
        """Add a session.

        Raises:
            NameTaken: a session of this name exists, the same but for letters' cases too.
            QuotaReached: there are as many sessions as there may be.
        """

        def work(connection: Connection) -> None:
            if self._most is not None and (count := _count(connection)) >= self._most:
                what = "sessions"
                raise QuotaReached(what, count, self._most, "TUNTAS_MAX_SESSIONS")
            if (other := _namesake(connection, record.name)) is not None:
                raise NameTaken(record.name, other)
            connection.execute(insert(sessions).values(**_to_row(record), folded_name=folded(record.name)))

        try:
            await self._database.run(work)
        except IntegrityError as error:
            raise NameTaken(record.name) from error

    async def save(self, record: SessionRecord, change: StateChange | None, events: Sequence[Event]) -> None:
        """Write the session, a line of its story and the events that go out, together."""

        def work(connection: Connection) -> tuple[set[str], bool]:
            row = _to_row(record)
            has_others = _has_other_receivers(connection, record.id, row.get("config"))
            connection.execute(update(sessions).where(sessions.c.id == record.id).values(**row))
            if has_others:
                begin_anew(connection, record.id, datetime.now(UTC))
            if change is not None:
                _tell(connection, record, change)
            return self._publisher.write(connection, audience_of(record), events), has_others

        lanes, has_others = await self._database.run(work)
        if has_others:
            self._publisher.on_receivers(record.id)
        if events:
            self._publisher.announce(lanes)

    async def publish(self, record: SessionRecord, events: Sequence[Event]) -> None:
        """Write events that go out to the session's subscriptions, and how far the session has seen, together."""

        def work(connection: Connection) -> set[str]:
            seen = update(sessions).where(sessions.c.id == record.id).values(seen_until=record.seen_until)
            connection.execute(seen)
            return self._publisher.write(connection, audience_of(record), events)

        self._publisher.announce(await self._database.run(work))

    async def unreadable(self, record: SessionRecord) -> list[str]:
        """Return the ids of messages that were told as waiting, and not as messages since; oldest first."""
        told = event_log.alias()
        is_told = exists().where(
            told.c.session_id == record.id,
            told.c.event == EventName.MESSAGE_ANY.value,
            told.c.subject == event_log.c.subject,
        )
        query = (
            select(event_log.c.subject)
            .where(
                event_log.c.session_id == record.id,
                event_log.c.event == EventName.MESSAGE_WAITING.value,
                ~is_told,
            )
            .order_by(event_log.c.sequence)
        )
        found = await self._database.run(lambda connection: connection.execute(query).scalars().all())
        return [str(one) for one in found]

    async def delete(self, record: SessionRecord, change: StateChange, events: Sequence[Event]) -> None:
        """Remove the session's row, with the last line of its story and its last event.

        What waits for receivers that fail ends with it; the others get what there is, once.
        """

        def work(connection: Connection) -> set[str]:
            connection.execute(delete(sessions).where(sessions.c.id == record.id))
            end_failing(connection, record.id, datetime.now(UTC))
            _tell(connection, record, change)
            return self._publisher.write(connection, audience_of(record), events)

        lanes = await self._database.run(work)
        self._publisher.on_receivers(record.id)
        self._publisher.announce(lanes)

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


def portable(record: SessionRecord) -> dict[str, Any]:
    """Return what of a session is the same on every server, as JSON: settings, account, what it has seen."""
    row = _to_row(record)
    return {name: row.get(name) for name in ("id", "name", "config", "me", "seen_until")}


def from_portable(found: Mapping[str, Any], profile_folder: str, now: datetime) -> SessionRecord:
    """Return the session that ``portable`` wrote, stopped. Raises ValueError where it cannot be read."""
    config = _config_of(json.dumps(found["config"]))
    me, seen_until = found["me"], found["seen_until"]
    if config.damage is not None or not (seen_until is None or type(seen_until) is int):
        message = "its session cannot be read"
        raise ValueError(message)
    return SessionRecord(
        id=str(found["id"])[:26],
        name=str(found["name"]),
        config=config,
        desired=Desired.STOPPED,
        state=State.STOPPED,
        status=Status.STOPPED,
        profile_folder=profile_folder,
        created_at=now,
        changed_at=now,
        me=None if me is None else Me.from_json(me),
        seen_until=seen_until,
    )


def audience_of(record: SessionRecord) -> Audience:
    """Return whom a session's events go to."""
    return Audience(record.id, record.name, record.config.subscriptions, record.config.metadata, record.me)


def session_of(row: Row[Any]) -> SessionRecord:
    """Read a row of ``readable``. What of it cannot be read is replaced and told: it must not hide other sessions."""
    config = _config_of(row.config)
    try:
        desired, state, status = Desired(row.desired), State(row.state), Status(row.status)
        reason = row.reason
    except ValueError:
        desired, state, status, reason = Desired.STOPPED, State.STOPPED, Status.STOPPED, DAMAGED
    return SessionRecord(
        id=row.id,
        name=row.name,
        config=config,
        desired=desired,
        state=state,
        status=status,
        profile_folder=row.profile_folder,
        created_at=row.created_at,
        changed_at=row.changed_at,
        seen_until=row.seen_until,
        again_in_seconds=row.again_in_seconds,
        reason=reason,
        discard_profile=row.discard_profile,
        me=_read(row.me, Me.from_json),
        browser=_read(row.browser, _browser_of),
        unlinked_me=_read(row.unlinked_me, Me.from_json),
    )


def _read(text: str | None, make: Callable[[Any], Value]) -> Value | None:
    """Return what a column of JSON holds, None if that is nothing or cannot be read."""
    try:
        found = None if text is None else json.loads(text)
        return None if found is None else make(found)
    except (ValueError, TypeError, KeyError) as error:
        log.warning("session_row_damaged", error=type(error).__name__)
        return None


def _browser_of(found: dict[str, Any]) -> BrowserRecord:
    return BrowserRecord(**found | {"started_at": datetime.fromisoformat(found["started_at"])})


def _config_of(text: str) -> SessionConfig:
    try:
        found = json.loads(text)
        # What cannot be written again cannot be served either: half characters, NaN.
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
        return SessionConfig(
            document=dict(found["document"]),
            subscriptions=tuple(subscription_from_json(one) for one in found["subscriptions"]),
            metadata=dict(found["metadata"]),
            pace=Pace(**pace) if (pace := found.get("pace")) else None,
            proxy=Proxy(**proxy) if (proxy := found.get("proxy")) else None,
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        damage = f"Its configuration cannot be read ({type(error).__name__}): configure or delete it."
        return SessionConfig(damage=damage)


def _count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(sessions)).scalar_one()


def _namesake(connection: Connection, name: str) -> str | None:
    """Return the name of a session that differs from ``name`` only in case, or not at all."""
    query = select(sessions.c.name).where(func.lower(sessions.c.name) == folded(name)).limit(1)
    found: str | None = connection.execute(query).scalar()
    return found


def _has_other_receivers(connection: Connection, session_id: str, config: dict[str, Any] | None) -> bool:
    """Return whether a session that is saved with ``config`` is stored with other webhooks."""
    text = connection.execute(select(cast(sessions.c.config, Text)).where(sessions.c.id == session_id)).scalar()
    if text is None or config is None:
        return False
    try:
        return bool(json.loads(text)["subscriptions"] != config["subscriptions"])
    except (ValueError, TypeError, KeyError):
        return True


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
    row = {
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
            "proxy": None if record.config.proxy is None else asdict(record.config.proxy),
        },
        "me": None if record.me is None else asdict(record.me),
        "browser": browser,
        "created_at": record.created_at,
        "changed_at": record.changed_at,
        "seen_until": record.seen_until,
        "again_in_seconds": record.again_in_seconds,
        "unlinked_me": None if record.unlinked_me is None else asdict(record.unlinked_me),
    }
    if record.config.damage is not None:
        del row["config"]  # what could not be read is not lost as long as nothing takes its place
    return row
