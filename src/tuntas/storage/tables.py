"""The tables. A migration must follow every change here; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only where the key's type is INTEGER.
Sequence = BigInteger().with_variant(Integer, "sqlite")


class Moment(TypeDecorator[datetime]):
    """An aware UTC time, kept as microseconds since 1970: equal, sortable and exact on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Turn a time into a number."""
        if value is None:
            return None
        since = value - datetime(1970, 1, 1, tzinfo=UTC)
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn a number into a time."""
        if value is None:
            return None
        seconds, microseconds = divmod(int(value), 1_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)


sessions = Table(
    "sessions",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("desired", String(16), nullable=False),
    Column("state", String(32), nullable=False),
    Column("status", String(32), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("discard_profile", Boolean, nullable=False),
    Column("profile_folder", String(128), nullable=False),
    Column("config", JSON, nullable=False),
    Column("me", JSON),
    Column("browser", JSON),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("seen_until", BigInteger),
)

history = Table(
    "history",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("session_id", String(26), nullable=False, index=True),
    Column("at", Moment, nullable=False, index=True),
    Column("before", String(32), nullable=False),
    Column("after", String(32), nullable=False),
    Column("status", String(32), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("detail", Text),
    Column("asked_by", String(64), nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("event_id", String(40), nullable=False, unique=True),
    Column("session_id", String(26), nullable=False),
    Column("session", String(64), nullable=False),
    Column("event", String(40), nullable=False),
    Column("subject", String(128)),
    Column("body", Text, nullable=False),
    Column("created_at", Moment, nullable=False, index=True),
    UniqueConstraint("session_id", "event", "subject"),
    Index("ix_events_session_sequence", "session", "sequence"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("lane", String(96), nullable=False),
    Column("event_id", String(40), nullable=False, index=True),
    Column("subscription", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
    Column("next_attempt_at", Moment, nullable=False),
    Column("finished_at", Moment, index=True),
    Index("ix_deliveries_state_lane_sequence", "state", "lane", "sequence"),
)

removals = Table(
    "removals",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("session", String(64), nullable=False),
    Column("path", Text, nullable=False),
    Column("trash_path", Text),
    Column("state", String(16), nullable=False, index=True),
    Column("reason", String(64)),
    Column("message", Text),
    Column("holders", JSON, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Moment),
    Column("size_bytes", BigInteger),
    Column("audience", JSON),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("sessions", JSON),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
)

sends = Table(
    "sends",
    metadata,
    Column("session_id", String(26), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("token", String(32), nullable=False),
    Column("answer", JSON(none_as_null=True)),
    Column("created_at", Moment, nullable=False, index=True),
)
