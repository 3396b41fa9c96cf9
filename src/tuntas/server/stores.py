"""What a server keeps in its database, and the bells that ring when that has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tuntas.config import Settings
from tuntas.events import Bell
from tuntas.foundation.clock import Clock
from tuntas.storage import (
    Database,
    KeyStore,
    Publisher,
    SqlAlertStore,
    SqlApprovalStore,
    SqlEventLog,
    SqlMeasurementStore,
    SqlOutbox,
    SqlRemovalJournal,
    SqlSendJournal,
    SqlSessionStore,
)


class Prunable(Protocol):
    """Keeps things that get old."""

    async def prune(self, before: datetime) -> None:
        """Forget what ended earlier."""
        ...


class Bells:
    """``events`` is for those who follow the log of events; ``news``, for the dashboard, is that and all the rest."""

    def __init__(self) -> None:
        """Nobody listens yet."""
        self.events, self.news = Bell(), Bell()

    def silence_streams(self) -> None:
        """Ring for the last time for all who follow events."""
        self.events.silence()
        self.news.ring()

    def published(self) -> None:
        """Ring for events that are in the log now."""
        self.events.ring()
        self.news.ring()


@dataclass(frozen=True, slots=True)
class Stores:
    """What is kept in the database."""

    sessions: SqlSessionStore
    outbox: SqlOutbox
    event_log: SqlEventLog
    removals: SqlRemovalJournal
    sends: SqlSendJournal
    approvals: SqlApprovalStore
    keys: KeyStore
    alerts: SqlAlertStore
    measurements: SqlMeasurementStore

    @property
    def prunable(self) -> Sequence[Prunable]:
        """Those in which things get old."""
        return [
            self.sessions,
            self.outbox,
            self.event_log,
            self.removals,
            self.sends,
            self.approvals,
            self.alerts,
        ]


def stores_of(
    settings: Settings, database: Database, outbox: SqlOutbox, publisher: Publisher, clock: Clock, bells: Bells
) -> Stores:
    """Return the stores in ``database``; events go out through ``publisher``."""
    return Stores(
        sessions=SqlSessionStore(database, publisher, most=settings.max_sessions),
        outbox=outbox,
        event_log=SqlEventLog(database),
        removals=SqlRemovalJournal(database, publisher),
        sends=SqlSendJournal(database, clock),
        approvals=SqlApprovalStore(database),
        keys=KeyStore(database, clock, on_revoked=bells.news.ring, most=settings.max_keys),
        alerts=SqlAlertStore(database),
        measurements=SqlMeasurementStore(database),
    )
