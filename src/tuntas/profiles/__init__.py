"""The profiles' folders: made, listed, and above all removed, so that nothing is ever stuck.

``safe_delete_directory`` is public: any script may import it, with no server running.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuntas.foundation.fronts import on_demand

if TYPE_CHECKING:
    from tuntas.processes.holder import Holder
    from tuntas.profiles.caches import loaded_bytes, trim_caches
    from tuntas.profiles.guards import RefusedPath
    from tuntas.profiles.model import Reason, Removal, RemovalState
    from tuntas.profiles.ownership import give_to
    from tuntas.profiles.ports import RemovalJournal
    from tuntas.profiles.removal import Remover
    from tuntas.profiles.safe_delete import DeletionResult, safe_delete_directory
    from tuntas.profiles.sentences import SESSION_BUSY
    from tuntas.profiles.settings import RemovalSettings
    from tuntas.profiles.store import ProfileStore
else:
    __getattr__ = on_demand(
        __name__,
        {
            "caches": "loaded_bytes trim_caches",
            "guards": "RefusedPath",
            "model": "Holder Reason Removal RemovalState",
            "ownership": "give_to",
            "ports": "RemovalJournal",
            "removal": "Remover",
            "safe_delete": "DeletionResult safe_delete_directory",
            "sentences": "SESSION_BUSY",
            "settings": "RemovalSettings",
            "store": "ProfileStore",
        },
    )

__all__ = [
    "SESSION_BUSY",
    "DeletionResult",
    "Holder",
    "ProfileStore",
    "Reason",
    "RefusedPath",
    "Removal",
    "RemovalJournal",
    "RemovalSettings",
    "RemovalState",
    "Remover",
    "give_to",
    "loaded_bytes",
    "safe_delete_directory",
    "trim_caches",
]
