"""The only room that speaks SQL: sessions, their stories, the outbox, removals and keys."""

from tuntas.storage.database import Database, DatabaseUnusable
from tuntas.storage.keys import KeyStore
from tuntas.storage.outbox import SqlOutbox
from tuntas.storage.removals import SqlRemovalJournal
from tuntas.storage.sessions import SqlSessionStore

__all__ = ["Database", "DatabaseUnusable", "KeyStore", "SqlOutbox", "SqlRemovalJournal", "SqlSessionStore"]
