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
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from tuntas.foundation.plain_values import readable

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


class Words(TypeDecorator[str]):
    """A text that people read: what a database cannot keep of it is replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Make a text storable."""
        return None if value is None else readable(value)


sessions = Table(
    "sessions",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    # The name without regard to case; of sessions that clashed when this came, all but one have their very name here.
    Column("folded_name", String(64), nullable=False, unique=True),
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
    Column("again_in_seconds", Float),
    Column("unlinked_me", JSON),
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
    Column("detail", Words),
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
    # The message that it is about; see tuntas.events.about.
    Column("message_token", String(128)),
    UniqueConstraint("session_id", "event", "subject"),
    Index("ix_events_session_sequence", "session", "sequence"),
    Index("ix_events_session_id_message_token", "session_id", "message_token"),
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
    Column("error", Words),
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
    Column("obstacle_path", Words),
    Column("message", Words),
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
    Column("token", String(64), nullable=False),
    Column("answer", JSON(none_as_null=True)),
    Column("created_at", Moment, nullable=False, index=True),
    # When its turn came, and when the page said that it is sent.
    Column("begun_at", Moment),
    Column("sent_at", Moment),
    Index("ix_sends_session_id_token", "session_id", "token"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("session_id", String(26), nullable=False, index=True),
    Column("session", String(64), nullable=False),
    # The key that asked, by its fingerprint, and its name for people.
    Column("asker", String(64), nullable=False),
    Column("asked_by", String(64), nullable=False),
    Column("key", String(255)),
    Column("fingerprint", String(64), nullable=False),
    Column("token", String(128)),
    # What is sent; null as soon as it never will be again.
    Column("message", JSON(none_as_null=True)),
    Column("size_bytes", BigInteger, nullable=False),
    Column("chat_id", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("text", Words, nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("decided_by", String(64)),
    Column("message_id", String(255)),
    Column("error", Words),
    Column("created_at", Moment, nullable=False, index=True),
    Column("expires_at", Moment, nullable=False),
    UniqueConstraint("session_id", "asker", "key"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("session", String(64)),
    Column("since", Moment, nullable=False),
    Column("detail", Words, nullable=False),
    Column("resolved_at", Moment, index=True),
    # Who was told of it, and of its end: names of targets.
    Column("told", JSON, nullable=False),
    Column("told_end", JSON, nullable=False),
)

measurements = Table(
    "measurements",
    metadata,
    Column("series", String(32), primary_key=True),
    # Empty where it is the server's; else a session's name.
    Column("session", String(64), primary_key=True),
    Column("step_seconds", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, primary_key=True),
    Column("total", Float, nullable=False),
    Column("samples", BigInteger, nullable=False),
)
