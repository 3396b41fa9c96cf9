"""The small file that says: this folder is a profile of ours, and whose.

It is the first thing in a new profile and the last to go. A folder without it is not ours to delete unasked: it is
somebody's folder, or what a browser that we took for dead has made again at its old place.
"""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tuntas.foundation.plain_values import readable

NAME = ".tuntas-profile.json"
LONGEST_SESSION = 64
_MOST_BYTES = 64 * 1024


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
        facts = _read(folder / NAME)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        return Marker(None, None)
    try:
        said = json.loads(facts)
        session = str(said["session"])
        is_name = len(session) <= LONGEST_SESSION and readable(session) == session
        return Marker(session if is_name else None, datetime.fromisoformat(said["created_at"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return Marker(None, None)


def _read(path: Path) -> bytes:
    # A browser may work in this folder as somebody else: a pipe there would hold us for ever, a link lead elsewhere.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    # By an opener: a descriptor that is opened first stays open where it turns out to be a folder's.
    with open(path, "rb", opener=lambda name, _flags: os.open(name, flags)) as file:
        return file.read(_MOST_BYTES)
