"""The two acts of a removal on the disk: take the folder away, and purge what was taken. Blocking, without memory.

What to do is read from the disk each time, not from what was meant to happen: a death between two steps, a rename
that answered late and an act done twice all end in the same place. "Already gone" is success.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, replace
from pathlib import Path

from tuntas.profiles.folders import loosen
from tuntas.profiles.guards import RefusedPath, is_real_directory, refuse_dangerous, refuse_outside
from tuntas.profiles.marker import read_marker
from tuntas.profiles.model import Reason, Removal, RemovalState
from tuntas.profiles.mounts import is_mount_point
from tuntas.profiles.obstacles import Kind, Obstacle, classify, classify_at
from tuntas.profiles.purge import Bounds, Pass, purge
from tuntas.profiles.store import ProfileStore
from tuntas.profiles.trash import quarantine


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an act: ``state`` is quarantined, purged or stuck, and only stuck has an obstacle."""

    state: RemovalState
    trash_path: Path | None = None
    obstacle: Obstacle | None = None


GONE = Outcome(RemovalState.PURGED)


def stuck(obstacle: Obstacle) -> Outcome:
    """Return the outcome of an act that met ``obstacle``."""
    return Outcome(RemovalState.STUCK, obstacle=obstacle)


def resting_place(store: ProfileStore, removal: Removal) -> Path:
    """Return where the removal's folder lies in the trash, or would; right also after the data folder has moved."""
    return store.trash.path_of(removal.trash_path.name if removal.trash_path else removal.id)


def refuse(store: ProfileStore, path: Path, *, named_by_person: bool = False) -> None:
    """Raise ``RefusedPath`` unless ``path`` (from ``located``) is a profile of ours that may be removed.

    It must carry our marker unless a person has named it. Raises OSError if it cannot be looked at.
    """
    refuse_outside(path, store.root)
    refuse_dangerous(path)
    if not named_by_person and read_marker(path) is None:
        message = f"refused to remove {path}: it does not carry our marker"
        raise RefusedPath(message)


def as_found(store: ProfileStore, removal: Removal) -> Removal:
    """Return the removal as the disk has it after a restart: a power cut may have undone a rename that is on record."""
    try:
        is_undone = (
            removal.trash_path is not None
            and not os.path.lexists(resting_place(store, removal))
            and _is_still_meant(removal)
        )
    except OSError:
        return removal  # it cannot be looked at; its next attempt will say why
    return replace(removal, trash_path=None, state=RemovalState.INTENT) if is_undone else removal


def take_away(store: ProfileStore, removal: Removal, bounds: Bounds) -> Outcome:
    """Rename the removal's folder into the trash; what cannot be renamed by its nature is emptied in place."""
    destination = resting_place(store, removal)
    obstacle = Obstacle(Kind.TRANSIENT, Reason.OTHER, "the trash cannot be reached")
    try:
        for _ in range(2):
            if os.path.lexists(destination):
                return Outcome(RemovalState.QUARANTINED, destination)
            if not _is_still_meant(removal):
                return GONE
            refuse_outside(removal.path, store.root)
            refuse_dangerous(removal.path)
            try:
                return Outcome(RemovalState.QUARANTINED, _renamed(removal.path, destination))
            except FileNotFoundError as error:
                # Either an earlier rename of ours has answered late, or the trash itself was removed: look again.
                obstacle = classify(error)
                store.prepare()
    except RefusedPath as error:
        return stuck(Obstacle(Kind.STRUCTURAL, Reason.REFUSED, str(error)))
    except OSError as error:
        return _not_renamed(removal, error, bounds)
    return stuck(Obstacle(Kind.TRANSIENT, Reason.OTHER, obstacle.detail))


def empty_in_place(path: Path, bounds: Bounds, *, keep_root: bool) -> Outcome:
    """Delete what is in a folder that cannot be renamed, marker last; with ``keep_root`` the folder itself stays."""
    result = purge(path, keep_root=keep_root, bounds=bounds)
    if result.is_complete:
        return GONE
    reason = Reason.MOUNT_POINT if keep_root else Reason.CROSS_DEVICE
    return stuck(chief(result) or Obstacle(Kind.IN_PLACE, reason, f"{path} is being emptied where it is"))


def chief(result: Pass) -> Obstacle | None:
    """Return the obstacle that says most about why a pass left something; ``None`` if it met none."""
    order = (Kind.STRUCTURAL, Kind.DENIED, Kind.IN_PLACE, Kind.TRANSIENT, Kind.GONE)
    obstacles = [failure.obstacle for failure in result.failures]
    return min(obstacles, key=lambda obstacle: order.index(obstacle.kind), default=None)


def is_gone(path: Path) -> bool:
    """Whether nothing of a profile is left at ``path``: no folder, or an empty mount point, which cannot go."""
    if not os.path.lexists(path):
        return True
    return is_real_directory(path) and is_mount_point(path) and not any(path.iterdir())


def came_back(store: ProfileStore, path: Path) -> bool:
    """Whether a folder without our marker is at a place from which one was taken away: somebody still writes there.

    A new session's folder appears together with its marker, so it is never taken for one.
    """
    try:
        refuse(store, path, named_by_person=True)
    except RefusedPath:
        return False
    return read_marker(path) is None and not is_mount_point(path)


def _is_still_meant(removal: Removal) -> bool:
    """Whether what is at the old path now is what the removal meant.

    Once the rename is on record only a power cut could have undone it: then the folder has its marker. And a marker
    younger than the removal is a newcomer's, whatever the record says.
    """
    if not os.path.lexists(removal.path):
        return False
    marker = read_marker(removal.path)
    if marker is None:
        return removal.trash_path is None
    if marker.created_at is None:
        return removal.trash_path is None
    return marker.created_at <= removal.created_at


def _renamed(path: Path, destination: Path) -> Path:
    try:
        return quarantine(path, destination)
    except PermissionError:
        # A directory that moves to another parent must itself be writable: its ".." changes, see rename(2).
        if not loosen(path):
            raise
        return quarantine(path, destination)


def _not_renamed(removal: Removal, error: OSError, bounds: Bounds) -> Outcome:
    obstacle = classify_at(error, removal.path)
    if error.errno == errno.EBUSY and is_mount_point(removal.path):
        return empty_in_place(removal.path, bounds, keep_root=True)
    if obstacle.kind is Kind.IN_PLACE:
        return empty_in_place(removal.path, bounds, keep_root=False)
    return stuck(obstacle)
