"""The two acts of a removal on the disk: take the folder away, and purge what was taken. Blocking, without memory.

What to do is read from the disk each time, not from what was meant to happen: a death between two steps, a rename
that answered late and an act done twice all end in the same place. "Already gone" is success.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, replace
from pathlib import Path

from tuntas.processes.mounts import is_mount_point
from tuntas.profiles.folders import loosen
from tuntas.profiles.guards import RefusedPath, folded, is_real_directory, refuse_dangerous, refuse_outside
from tuntas.profiles.immutable import classify_at
from tuntas.profiles.marker import read_marker
from tuntas.profiles.model import Reason, Removal, RemovalState
from tuntas.profiles.os_errors import ErrorKind, Obstacle
from tuntas.profiles.purge import Bounds, Pass, purge
from tuntas.profiles.store import ProfileStore
from tuntas.profiles.trash import quarantine


@dataclass(frozen=True, slots=True)
class StepResult:
    """What came of an act: ``state`` is quarantined, purged or stuck, and only stuck has an obstacle."""

    state: RemovalState
    trash_path: Path | None = None
    obstacle: Obstacle | None = None


GONE = StepResult(RemovalState.PURGED)


def stuck(obstacle: Obstacle) -> StepResult:
    """Return the outcome of an act that met ``obstacle``."""
    return StepResult(RemovalState.STUCK, obstacle=obstacle)


def resting_place(store: ProfileStore, removal: Removal) -> Path:
    """Return where the removal's folder lies in the trash, or would; right also after the data folder has moved."""
    return store.trash.path_of(removal.trash_path.name if removal.trash_path else removal.id)


def refuse(store: ProfileStore, path: Path, session: str, *, named_by_person: bool = False) -> None:
    """Raise ``RefusedPath`` unless ``path`` (from ``located``) is a profile of ours that may be removed.

    It must carry our marker, and that must not say another session, unless a person has named it. Raises OSError if it
    cannot be looked at.
    """
    refuse_outside(path, store.root)
    refuse_dangerous(path)
    if named_by_person:
        return
    marker = read_marker(path)
    if marker is None:
        message = f"refused to remove {path}: it does not carry our marker"
        raise RefusedPath(message)
    if marker.session not in (None, session):
        message = f"refused to remove {path}: its marker says that it belongs to session {marker.session}"
        raise RefusedPath(message)


def is_namesakes(path: Path, session: str) -> bool:
    """Whether what is at ``path`` belongs to a session whose name differs only in case: the disk is blind to that.

    Then the session has no folder of its own there. Raises OSError if it cannot be looked at.
    """
    marker = read_marker(path)
    return bool(marker and marker.session and marker.session != session and folded(marker.session) == folded(session))


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


def take_away(store: ProfileStore, removal: Removal, bounds: Bounds) -> StepResult:
    """Rename the removal's folder into the trash; what cannot be renamed by its nature is emptied in place."""
    result = _tried_to_take_away(store, removal, bounds)
    destination = resting_place(store, removal)
    if result.state is not RemovalState.QUARANTINED and os.path.lexists(destination):
        # An earlier rename of ours that was given up has answered between two looks: nothing is purged or refused yet.
        return StepResult(RemovalState.QUARANTINED, destination)
    return result


def _tried_to_take_away(store: ProfileStore, removal: Removal, bounds: Bounds) -> StepResult:
    destination = resting_place(store, removal)
    obstacle = Obstacle(ErrorKind.TRANSIENT, Reason.OTHER, "the trash cannot be reached", str(store.trash.path))
    try:
        for _ in range(2):
            if os.path.lexists(destination):
                return StepResult(RemovalState.QUARANTINED, destination)
            if not _is_still_meant(removal):
                return GONE
            refuse_outside(removal.path, store.root)
            refuse_dangerous(removal.path)
            try:
                return StepResult(RemovalState.QUARANTINED, _renamed(removal.path, destination))
            except FileNotFoundError as error:
                # Either an earlier rename of ours has answered late, or the trash itself was removed: look again.
                obstacle = replace(obstacle, detail=str(error))
                store.prepare()
    except RefusedPath as error:
        return stuck(Obstacle(ErrorKind.STRUCTURAL, Reason.REFUSED, str(error), str(removal.path)))
    except OSError as error:
        return _not_renamed(removal, error, bounds)
    return stuck(obstacle)


def empty_in_place(path: Path, bounds: Bounds, *, keep_root: bool) -> StepResult:
    """Delete what is in a folder that cannot be renamed, marker last; with ``keep_root`` the folder itself stays."""
    result = purge(path, keep_root=keep_root, bounds=bounds)
    if result.is_complete:
        return GONE
    reason = Reason.MOUNT_POINT if keep_root else Reason.CROSS_DEVICE
    return stuck(
        chief(result) or Obstacle(ErrorKind.IN_PLACE, reason, f"{path} is being emptied where it is", str(path))
    )


def chief(result: Pass) -> Obstacle | None:
    """Return the obstacle that says most about why a pass left something; ``None`` if it met none."""
    order = (ErrorKind.STRUCTURAL, ErrorKind.DENIED, ErrorKind.IN_PLACE, ErrorKind.TRANSIENT, ErrorKind.GONE)
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
        refuse(store, path, "", named_by_person=True)
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
    if is_namesakes(removal.path, removal.session):
        return False
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


def _not_renamed(removal: Removal, error: OSError, bounds: Bounds) -> StepResult:
    obstacle = classify_at(error, removal.path)
    if error.errno == errno.EBUSY and is_mount_point(removal.path):
        return empty_in_place(removal.path, bounds, keep_root=True)
    if obstacle.kind is ErrorKind.IN_PLACE:
        return empty_in_place(removal.path, bounds, keep_root=False)
    return stuck(obstacle)
