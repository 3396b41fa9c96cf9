"""The profiles' folders: made, listed, and above all removed, so that nothing is ever stuck.

``safe_delete_directory`` is public: any script may import it, with no server running.
"""

from __future__ import annotations

from tuntas.profiles.caches import loaded_bytes, trim_caches
from tuntas.profiles.guards import RefusedPath
from tuntas.profiles.holders import HolderScanTimedOut, holders_of
from tuntas.profiles.model import Holder, Reason, Removal, RemovalState
from tuntas.profiles.ports import RemovalJournal
from tuntas.profiles.removal import Remover
from tuntas.profiles.safe_delete import DeletionResult, safe_delete_directory
from tuntas.profiles.sentences import SESSION_BUSY
from tuntas.profiles.settings import RemovalSettings
from tuntas.profiles.singleton import clear_stale_singleton
from tuntas.profiles.store import ProfileStore

__all__ = [
    "SESSION_BUSY",
    "DeletionResult",
    "Holder",
    "HolderScanTimedOut",
    "ProfileStore",
    "Reason",
    "RefusedPath",
    "Removal",
    "RemovalJournal",
    "RemovalSettings",
    "RemovalState",
    "Remover",
    "clear_stale_singleton",
    "holders_of",
    "loaded_bytes",
    "safe_delete_directory",
    "trim_caches",
]
