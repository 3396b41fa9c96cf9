"""The only room that speaks SQL: sessions, their stories, the outbox, removals and keys."""

from tuntas.storage.alerts import SqlAlertStore
from tuntas.storage.approvals import SqlApprovalStore
from tuntas.storage.database import Database, DatabaseUnusable
from tuntas.storage.event_log import SqlEventLog
from tuntas.storage.keys import KeyStore
from tuntas.storage.measurements import SqlMeasurementStore
from tuntas.storage.outbox import SqlOutbox
from tuntas.storage.publisher import Publisher
from tuntas.storage.removals import SqlRemovalJournal
from tuntas.storage.sends import SqlSendJournal
from tuntas.storage.sessions import SqlSessionStore, from_portable, portable

__all__ = [
    "Database",
    "DatabaseUnusable",
    "KeyStore",
    "Publisher",
    "SqlAlertStore",
    "SqlApprovalStore",
    "SqlEventLog",
    "SqlMeasurementStore",
    "SqlOutbox",
    "SqlRemovalJournal",
    "SqlSendJournal",
    "SqlSessionStore",
    "from_portable",
    "portable",
]
