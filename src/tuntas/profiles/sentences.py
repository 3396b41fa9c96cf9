"""What people are told about files that will not go, word for word, in one place.

Users know the first three sentences from older tools and search for them: never change a letter. Another language is
another file like this one; nothing else builds sentences for people from parts.
"""

from __future__ import annotations

from collections.abc import Sequence

from tuntas.processes.holder import Holder
from tuntas.profiles.model import Reason

SESSION_BUSY = "Session is busy. Files may still be in use. Please try again in a few moments."

_HOLDERS_NAMED = 5

_REASONS = {
    Reason.IN_USE: "The files are in use.",
    Reason.MOUNT_POINT: "A mount point stands in the way; unmount it.",
    Reason.CROSS_DEVICE: "The folder cannot be renamed away and is being emptied where it is.",
    Reason.READ_ONLY: "The disk is mounted read-only.",
    Reason.IMMUTABLE: "A file is marked immutable; see lsattr, and clear it with chattr -i or chattr -a.",
    Reason.NO_SPACE: "The disk is full or a quota is used up.",
    Reason.IO_ERROR: "The disk reports errors.",
    Reason.PERMISSION: "The system denies access to the files.",
    Reason.OUT_OF_FILES: "The system's limit of open files is reached.",
    Reason.NAME_TOO_LONG: "A path is too long for the system.",
    Reason.NOT_ANSWERING: "The file system does not answer.",
    Reason.REFUSED: "The folder is not one that may be removed.",
    Reason.OTHER: "The system gave an unexpected error.",
}


def files_may_remain(name: str) -> str:
    """Say that the attempts are used up and something of session ``name`` may be left."""
    return f"Session {name} files may not be fully deleted. Manual cleanup may be required."


def cleanup_attempt(number: int, total: int, name: str) -> str:
    """Say which attempt of how many this was for session ``name``."""
    return f"Cleanup attempt {number}/{total} for session {name}"


def why(reason: Reason) -> str:
    """Say in a sentence what a reason's code means."""
    return _REASONS[reason]


def held_by(holders: Sequence[Holder]) -> str:
    """Name the processes that hold files, at most five of them; empty when there is none."""
    if not holders:
        return ""
    named = ", ".join(f"{one.name} (pid {one.pid}, {one.how} {one.path})" for one in holders[:_HOLDERS_NAMED])
    more = len(holders) - _HOLDERS_NAMED
    return f"Held by {named}{f' and {more} more' if more > 0 else ''}."


def left_behind(
    name: str, reason: Reason, holders: Sequence[Holder], command: str, in_the_way: str | None = None
) -> str:
    """Say all of it: what may remain, why, what stands in the way, who holds it, and what to run."""
    place = f"In the way: {in_the_way}." if in_the_way else ""
    parts = (files_may_remain(name), why(reason), place, held_by(holders), f"Run: {command}")
    return " ".join(part for part in parts if part)


def disk_not_free_yet(files: int, holders: Sequence[Holder]) -> str:
    """Say that all is deleted, yet ``files`` deleted files are still open somewhere and keep their space."""
    return f"Deleted, but {files} deleted files are still open and keep their disk space. {held_by(holders)}"
