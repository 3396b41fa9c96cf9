"""Cleaning a whatsapp-web.js folder: what a dead Node process has left running there, and what it could not delete.

No data folder and no server is needed. Only browsers whose profile is one of the folder's own session folders are
looked at, so that a folder named by mistake (a home, say) endangers nobody's browser. A whatsapp-web.js that still runs
is left alone, unless told otherwise. Nothing but leftovers of earlier deletions is deleted, unless a session is named.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from tuntas.cleanup.leftovers import (
    FOREIGN_HOST,
    IN_USE,
    REFUSED,
    STILL_RUNNING,
    Doomed,
    FoundBrowser,
    Kept,
    Plan,
    Report,
    Tell,
    holder_of,
)
from tuntas.cleanup.locks import clear_locks
from tuntas.cleanup.orphans import end_and_name, found_on
from tuntas.cleanup.survey import CleanupCommand
from tuntas.foundation.tasks import blocking
from tuntas.foundation.user_error import UserError
from tuntas.processes import HolderScanTimedOut, holders_of
from tuntas.processes.singleton import lock_in, names_other_host
from tuntas.profiles import Holder, RefusedPath, safe_delete_directory
from tuntas.profiles.guards import checked_name, is_real_directory, located, refuse_dangerous
from tuntas.profiles.purge import purge, size_bytes
from tuntas.profiles.sentences import why
from tuntas.profiles.steps import chief

# LocalAuth calls the folder of client X "session-X" and that of the client without a name "session"; RemoteAuth puts
# its own word there (src/authStrategies in whatsapp-web.js).
_SESSION = re.compile(r"(session|RemoteAuth)(-[\w-]+)?")
_LEFTOVER = re.compile(r"(.+)\.being-deleted-[0-9a-z]{26}")

_ATTEMPTS = 3
_DELAY_SECONDS = 2.0


class NoSuchFolder(UserError):
    """The folder that was named is not there, or is no folder; the message says so."""


def survey_web_js(folder: Path, wish: CleanupCommand) -> Plan:
    """Look at a whatsapp-web.js folder (``.wwebjs_auth``) and return what there is to do; nothing is changed. Blocking.

    Raises NoSuchFolder, RefusedPath if the session's name cannot be a folder's, OSError.
    """
    root = Path(os.path.realpath(folder))
    if _is_session(root.name) and (root / "Default").is_dir():
        message = f"{folder} is itself a session's folder. Name the one it lies in: --dir {root.parent}"
        raise NoSuchFolder(message)
    if not root.is_dir():
        message = f"There is no folder {folder}. Name the folder that holds session or session-<name> folders."
        raise NoSuchFolder(message)
    chosen = None if wish.session is None else _folder_of(root, checked_name(wish.session))
    browsers, kept = [], []
    for browser in found_on(lambda profile: profile.parent == root and _is_session(profile.name)):
        browser = replace(browser, session=_name_of(browser.identity.profile))
        if chosen not in (None, browser.identity.profile):
            continue
        if browser.owner is None or wish.force:
            browsers.append(browser)
        else:
            advice = "whatsapp-web.js still runs there. Stop it first, or see --force."
            kept.append(Kept(browser.identity.profile, IN_USE, holder_of(browser), advice))
    live = {one.path for one in kept}
    locks = []
    for path in _sessions_in(root):
        if path in live or chosen not in (None, path) or (lock := lock_in(path)) is None:
            continue
        # Nobody has locked this folder for us, as the data folder's lock does: the other container may be alive.
        if names_other_host(path) and not wish.force and chosen is None:
            kept.append(Kept(lock, FOREIGN_HOST, message=f"It says {lock.readlink()}. If that is gone, use --force."))
        else:
            locks.append(lock)
    leftovers = [path for path in sorted(root.iterdir()) if _is_leftover_of(path, chosen)]
    return Plan(
        browsers=tuple(browsers),
        marks=tuple(locks),
        folders=(_doomed(chosen),) if chosen is not None and chosen not in live and os.path.lexists(chosen) else (),
        removals=tuple(_doomed(path) for path in leftovers),
        kept=tuple(kept),
        sessions=tuple(_doomed(path) for path in _sessions_in(root)) if chosen is None else (),
    )


async def clean_web_js(plan: Plan, tell: Tell = lambda _line: None) -> Report:
    """Do what ``plan`` says and return what came of it. Files that will not go are in the report, not raised."""
    stopped: list[FoundBrowser] = []
    kept = list(plan.kept)
    busy: set[Path] = set()
    for browser in plan.browsers:
        tell(f"Ending browser {browser.identity.pid} of session {browser.session}")
        survivors = await end_and_name(browser)
        if survivors:
            busy.add(browser.identity.profile)
            kept.append(Kept(browser.identity.profile, STILL_RUNNING, survivors))
        else:
            stopped.append(browser)
    cleared, locked = await blocking(clear_locks, plan.marks)
    removed = list(cleared)
    kept.extend(locked)
    freed = 0
    folders = [(one, _deleted) for one in plan.folders if one.path not in busy]
    for one, delete in [*((one, _purged) for one in plan.removals), *folders]:
        tell(f"Deleting {one.path.name}")
        left = await blocking(delete, one.path)
        freed += one.used_bytes - (await blocking(size_bytes, left.path) if left else 0)
        if left is None:
            removed.append(one)
        else:
            kept.append(left)
    return Report(tuple(removed), tuple(kept), tuple(stopped), max(0, freed), plan.sessions)


def _deleted(path: Path) -> Kept | None:
    """Delete a session's folder in the way of ``safe_delete_directory``; what is left of it otherwise. Blocking."""
    try:
        result = safe_delete_directory(path, max_retries=_ATTEMPTS, delay=_DELAY_SECONDS)
    except RefusedPath as error:
        return Kept(path, REFUSED, message=str(error))
    if result:
        return None
    for place in result.remaining:
        left = _purged(place)
        if left is not None:
            return Kept(left.path, left.reason, result.holders or left.holders, result.message)
    return None


def _purged(path: Path) -> Kept | None:
    """Delete a folder that is out of use, where it lies; what is left of it otherwise. Blocking."""
    try:
        if os.path.lexists(path):
            refuse_dangerous(located(path))
    except RefusedPath as error:
        return Kept(path, REFUSED, message=str(error))
    obstacle = chief(purge(path))
    if obstacle is None:
        return None
    return Kept(path, obstacle.reason.value, _holders(path), f"{why(obstacle.reason)} ({obstacle.detail})")


def _holders(path: Path) -> tuple[Holder, ...]:
    try:
        return holders_of(path)
    except HolderScanTimedOut as slow:
        return slow.found


def _folder_of(root: Path, name: str) -> Path:
    """Return the folder of session ``name``; a folder's own name is understood too."""
    usual = root / f"session-{name}"
    return root / name if _is_session(name) and not os.path.lexists(usual) else usual


def _sessions_in(root: Path) -> list[Path]:
    return [path for path in sorted(root.iterdir()) if _is_session(path.name) and is_real_directory(path)]


def _is_session(name: str) -> bool:
    return _SESSION.fullmatch(name) is not None


def _name_of(path: Path) -> str:
    name = path.name.partition(".being-deleted-")[0]
    return name.partition("-")[2] or name


def _is_leftover_of(path: Path, chosen: Path | None) -> bool:
    match = _LEFTOVER.fullmatch(path.name)
    if match is None or not _is_session(match[1]) or not is_real_directory(path):
        return False
    return chosen is None or match[1] == chosen.name


def _doomed(path: Path) -> Doomed:
    return Doomed(_name_of(path), path, size_bytes(path))
