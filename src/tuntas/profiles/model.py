"""The nouns of a removal: who holds a folder, how far its removal has come, and why it stands still.

Values only: nothing here touches a disk or a process. A ``Removal`` is what the journal stores and what the API shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from tuntas.foundation.plain_values import readable
from tuntas.processes.holder import Holder


class RemovalState(StrEnum):
    """How far a removal has come."""

    INTENT = "intent"
    """Written down; nothing has been touched yet, or we died before we could write what we had done."""
    QUARANTINED = "quarantined"
    """Renamed into the trash: the name is free, the bytes wait for the purge."""
    PURGED = "purged"
    """Nothing is left. The only final state."""
    STUCK = "stuck"
    """Something stands in the way, ``reason`` says what. It is tried again for ever, next at ``next_attempt_at``."""


class Reason(StrEnum):
    """Why files are still there. Stable codes: the API and the metrics show them."""

    IN_USE = "in_use"
    MOUNT_POINT = "mount_point"
    CROSS_DEVICE = "cross_device"
    READ_ONLY = "read_only"
    IMMUTABLE = "immutable"
    NO_SPACE = "no_space"
    IO_ERROR = "io_error"
    PERMISSION = "permission"
    OUT_OF_FILES = "out_of_files"
    NAME_TOO_LONG = "name_too_long"
    NOT_ANSWERING = "not_answering"
    REFUSED = "refused"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Removal:
    """The record of one removal, an attribute a column.

    ``path`` is the profile's folder as it was; ``trash_path`` where it lies now, ``None`` until it was renamed away.
    ``obstacle_path`` is what stands in the way: a mount, a held file.
    ``attempts`` counts the failed tries of the current stage. Times are aware and in UTC. ``size_bytes`` is the disk
    space that was found when the purge began, ``None`` before that.
    """

    id: str
    session: str
    path: Path
    state: RemovalState
    created_at: datetime
    updated_at: datetime
    trash_path: Path | None = None
    reason: Reason | None = None
    obstacle_path: str | None = None
    message: str | None = None
    holders: tuple[Holder, ...] = ()
    attempts: int = 0
    next_attempt_at: datetime | None = None
    size_bytes: int | None = None

    def __post_init__(self) -> None:
        """Make what is for people readable: it may name a file, whose name may be any bytes."""
        for name in ("obstacle_path", "message"):
            if (text := getattr(self, name)) is not None:
                object.__setattr__(self, name, readable(text))

    @property
    def name_is_free(self) -> bool:
        """Whether the profile's old path is out of the way: all that is left lies in the trash, or nothing is."""
        return self.state is RemovalState.PURGED or self.trash_path is not None

    @property
    def path_is_named(self) -> bool:
        """Whether a command line was seen to name the old path: it must not become somebody else's."""
        return any(holder.how == "command line" for holder in self.holders)

    @property
    def is_held(self) -> bool:
        """Whether something foreign stands in the way, or was seen to use the files: nobody may call them gone."""
        return self.state in {RemovalState.STUCK, RemovalState.INTENT} or bool(self.holders)
