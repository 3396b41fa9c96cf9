"""The only room that speaks SQL: sessions, their stories, the outbox, removals and keys."""

from tuntas.storage.database import Database, DatabaseUnusable
from tuntas.storage.event_log import SqlEventLog
from tuntas.storage.keys import KeyStore
from tuntas.storage.outbox import SqlOutbox
from tuntas.storage.publisher import Publisher
from tuntas.storage.removals import SqlRemovalJournal
from tuntas.storage.sends import SqlSendJournal
from tuntas.storage.sessions import SqlSessionStore

__all__ = [
    "Database",
    "DatabaseUnusable",
    "KeyStore",
    "Publisher",
    "SqlEventLog",
    "SqlOutbox",
    "SqlRemovalJournal",
    "SqlSendJournal",
    "SqlSessionStore",
]
