"""The small file that says: this folder is a profile of ours, and whose.

It is the first thing in a new profile and the last to go. A folder without it is not ours to delete unasked: it is
somebody's folder, or what a browser that we took for dead has made again at its old place.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

NAME = ".tuntas-profile.json"


@dataclass(frozen=True, slots=True)
class Marker:
    """What a marker says. Either is ``None`` when the file is there but can not be read as a marker."""

    session: str | None
    created_at: datetime | None


def write_marker(folder: Path, session: str, created_at: datetime) -> None:
    """Mark ``folder``. Durable and whole when it returns; raises OSError."""
    text = json.dumps({"session": session, "created_at": created_at.isoformat()}) + "\n"
    unfinished = folder / f"{NAME}.new"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(folder / NAME)


def read_marker(folder: Path) -> Marker | None:
    """Return what the folder's marker says, ``None`` if it has none. A torn marker is a marker that says nothing.

    Raises OSError when the folder cannot be read: then nobody may conclude that it is not ours.
    """
    try:
        facts = (folder / NAME).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        said = json.loads(facts)
        return Marker(str(said["session"]), datetime.fromisoformat(said["created_at"]))
    except (ValueError, KeyError, TypeError):
        return Marker(None, None)
