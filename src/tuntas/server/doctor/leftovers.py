"""What earlier lives have left: removals, trash, folders that nobody knows, profiles that are gone, orphan browsers."""

from __future__ import annotations

import threading

from tuntas.config import Settings
from tuntas.processes.browsers import browsers_on
from tuntas.processes.owners import owner_of
from tuntas.profiles import ProfileStore
from tuntas.profiles.purge import size_bytes
from tuntas.server.data_folder import DataFolder
from tuntas.server.doctor.finding import Finding, fine, warning
from tuntas.storage import DatabaseUnusable
from tuntas.storage.inspection import NoDatabase, SessionRow, inspect_database

SIZE_SECONDS = 10.0
_NAMES_SHOWN = 5


def open_removals(settings: Settings) -> Finding:
    """Whether a removal is under way or stuck, and on what."""
    check = "removals"
    try:
        with inspect_database(settings.database) as database:
            waiting = database.open_removals()
    except NoDatabase:
        return fine(check, "none")
    except DatabaseUnusable:
        return fine(check, "not known without the database")  # whose own check says what is wrong
    if not waiting:
        return fine(check, "none is open")
    if stuck := [one for one in waiting if one.is_stuck]:
        oldest = stuck[0]
        why = f"held by {_some(list(oldest.holders))}" if oldest.holders else oldest.message or oldest.reason
        advice = "It goes on by itself when what is in the way is gone; `tuntas cleanup` tries now."
        return warning(check, f"{len(stuck)} of {len(waiting)} stuck; session {oldest.session}: {why}", advice)
    if DataFolder(settings.data_dir).running_server() is not None:
        return fine(check, f"{len(waiting)} under way")
    return warning(check, f"{len(waiting)} half done", "They go on with the next `tuntas serve` or `tuntas cleanup`.")


def trash(settings: Settings) -> Finding:
    """How much waits to be purged."""
    check = "trash size"
    store = ProfileStore(settings.profiles_dir)
    if not store.trash.path.is_dir() or not (entries := store.trash.entries()):
        return fine(check, "empty")
    enough = threading.Event()
    timer = threading.Timer(SIZE_SECONDS, enough.set)
    timer.start()
    try:
        size = size_bytes(store.trash.path, enough)
    finally:
        timer.cancel()
    at_least = "at least " if enough.is_set() else ""
    detail = f"{len(entries)} folders, {at_least}{size / 1e6:.0f} MB"
    if DataFolder(settings.data_dir).running_server() is not None:
        return fine(check, f"{detail}; the server is at it")
    return warning(check, detail, "Run `tuntas cleanup`; the next `tuntas serve` purges it too.")


def unknown_folders(settings: Settings) -> Finding:
    """Whether there are folders among the profiles that no session knows."""
    check = "unknown folders"
    if not settings.profiles_dir.is_dir():
        return fine(check, "none")
    sessions, removed = _known(settings)
    known = {one.profile_folder for one in sessions} | removed
    unknown = [folder.name for folder in ProfileStore(settings.profiles_dir).unknown_folders(known)]
    if not unknown:
        return fine(check, "none")
    advice = "Is this the right database? If you do not need them: `tuntas cleanup --dry-run` shows them."
    return warning(check, f"{len(unknown)} that no session knows: {_some(unknown)}", advice)


def missing_profiles(settings: Settings) -> Finding:
    """Whether linked sessions have lost their profile: "volume mounted, sessions gone"."""
    check = "profiles"
    sessions, _ = _known(settings)
    linked = [one for one in sessions if one.is_linked]
    gone = [one.name for one in linked if not (settings.profiles_dir / one.profile_folder).is_dir()]
    if not gone:
        return fine(check, f"{len(sessions)} sessions, the profiles of all {len(linked)} linked ones are there")
    advice = f"Is the right volume mounted on {settings.data_dir}? Without their folders they have to be scanned again."
    return warning(check, f"{len(gone)} linked sessions have no profile folder: {_some(gone)}", advice)


def orphans(settings: Settings) -> Finding:
    """Whether browsers run on our profiles that no server of ours owns."""
    check = "orphan browsers"
    root = ProfileStore(settings.profiles_dir).root
    noted = DataFolder(settings.data_dir).running_server()
    browsers = {one.identity: owner_of(one) for one in browsers_on(lambda profile: profile.parent == root)}
    owned = [one for one, owner in browsers.items() if noted is not None and owner and owner.pid == noted.pid]
    left = [one for one in browsers if one not in owned]
    if not left:
        return fine(check, f"none; {len(owned)} run with their server" if owned else "none")
    who = _some([f"pid {one.pid} on {one.profile.name}" for one in left])
    return warning(check, f"{len(left)} without a server: {who}", "Run `tuntas cleanup`, which ends them.")


def _known(settings: Settings) -> tuple[list[SessionRow], set[str]]:
    """Return the sessions, and the folders that open removals name."""
    try:
        with inspect_database(settings.database) as database:
            return database.sessions(), {one.path.name for one in database.open_removals()}
    except NoDatabase:
        return [], set()


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more
