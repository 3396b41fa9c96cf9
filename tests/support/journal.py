"""A removal journal in one file, a line a put, on disk when ``put`` returns: the real promise without a database."""

from __future__ import annotations

import dataclasses
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from tuntas.processes.holder import Holder
from tuntas.profiles.model import Reason, Removal, RemovalState


class FileJournal:
    """Keeps removals in ``file``. A torn last line (a death in the middle of a write) is as if never written."""

    def __init__(self, file: Path) -> None:
        self.file = file

    async def put(self, removal: Removal) -> None:
        line = json.dumps(dataclasses.asdict(removal), default=str) + "\n"
        descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    async def unfinished(self) -> list[Removal]:
        return [removal for removal in self.all() if removal.state is not RemovalState.PURGED]

    def all(self) -> list[Removal]:
        """Every removal as last put, oldest first."""
        latest: dict[str, Removal] = {}
        if self.file.exists():
            for line in self.file.read_text().splitlines(keepends=True):
                if line.endswith("\n"):
                    removal = _removal(json.loads(line))
                    latest[removal.id] = removal
        return sorted(latest.values(), key=lambda removal: (removal.created_at, removal.id))


def _removal(said: dict[str, Any]) -> Removal:
    moments = {name: said[name] and datetime.fromisoformat(said[name]) for name in ("created_at", "updated_at")}
    return Removal(
        **{
            **said,
            **moments,
            "next_attempt_at": said["next_attempt_at"] and datetime.fromisoformat(said["next_attempt_at"]),
            "path": Path(said["path"]),
            "trash_path": said["trash_path"] and Path(said["trash_path"]),
            "state": RemovalState(said["state"]),
            "reason": said["reason"] and Reason(said["reason"]),
            "holders": tuple(Holder(**holder) for holder in said["holders"]),
        }
    )
