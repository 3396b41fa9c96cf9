"""What a cleanup finds, what it is going to do, and what came of it. Values only: nothing here looks or acts.

A plan is made before anything is touched; a dry run prints it and stops there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuntas.foundation.plain_values import readable
from tuntas.processes import Member, ProcessIdentity
from tuntas.profiles import Holder

# Why something is kept, beside the reasons of a removal (``tuntas.profiles.Reason``). Stable codes.
UNKNOWN_FOLDER = "unknown_folder"
LIVE_SESSION = "live_session"
SESSION_EXISTS = "session_exists"
IN_USE = "in_use"
FOREIGN_HOST = "foreign_host"
STILL_RUNNING = "still_running"
BEING_REMOVED = "being_removed"
REFUSED = "refused"

Tell = Callable[[str], None]
"""Called with a line for people whenever a step begins."""


@dataclass(frozen=True, slots=True)
class FoundBrowser:
    """A browser on one of the folders. ``owner`` is the live process that runs it, ``None`` for an orphan.

    ``known`` are the members that the process group does not lead to. ``is_served``: it belongs to a session of the
    very server that does the cleaning, and is ended by stopping that session.
    """

    session: str
    identity: ProcessIdentity
    processes: int
    known: tuple[Member, ...] = ()
    owner: Member | None = None
    is_served: bool = False


@dataclass(frozen=True, slots=True)
class Doomed:
    """A folder that is to go, and the disk space that it uses."""

    session: str
    path: Path
    used_bytes: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that stays, why (a stable code), and who holds it."""

    path: Path
    reason: str
    holders: tuple[Holder, ...] = ()
    message: str | None = None
    used_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a cleanup is going to do, in this order, and what it is going to leave.

    ``marks`` are profiles with a Singleton lock in them, ``folders`` those that go now, ``removals`` what earlier
    deletions have left: in the trash, or half done. ``sessions`` are folders that were seen and are fine.
    """

    browsers: tuple[FoundBrowser, ...] = ()
    marks: tuple[Path, ...] = ()
    folders: tuple[Doomed, ...] = ()
    removals: tuple[Doomed, ...] = ()
    kept: tuple[Kept, ...] = ()
    sessions: tuple[Doomed, ...] = ()

    def warnings(self) -> list[str]:
        """Say what is going to be ended although somebody still uses it."""
        return [
            f"The browser of session {one.session} (pid {one.identity.pid}) is in use by {one.owner.name} "
            f"(pid {one.owner.pid}), which still runs. It is ended all the same (--force)."
            for one in self.browsers
            if one.owner is not None
        ]

    def as_report(self) -> Report:
        """Return what the report would be if everything went well: the answer to a dry run."""
        doomed = (*self.folders, *self.removals)
        return Report(
            removed=(*(Doomed(lock.parent.name, lock, 0) for lock in self.marks), *doomed),
            kept=self.kept,
            browsers_stopped=self.browsers,
            bytes_freed=sum(one.used_bytes for one in doomed),
            sessions=self.sessions,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What a cleanup has done, and what is left."""

    removed: tuple[Doomed, ...] = ()
    kept: tuple[Kept, ...] = ()
    browsers_stopped: tuple[FoundBrowser, ...] = ()
    bytes_freed: int = 0
    sessions: tuple[Doomed, ...] = ()


def shown(path: Path) -> str:
    """Return a path as everybody can read it: a folder that is not ours may have any bytes for a name."""
    return readable(str(path))


def document(report: Report, *, dry_run: bool, warnings: list[str]) -> dict[str, Any]:
    """Write a report as the terminal's ``--json`` and the API show it."""
    return {
        "removed": [shown(one.path) for one in report.removed],
        "kept": [
            {
                "path": shown(one.path),
                "reason": one.reason,
                "holders": [
                    {"pid": holder.pid, "name": holder.name, "how": holder.how, "path": holder.path}
                    for holder in one.holders
                ],
                "message": None if one.message is None else readable(one.message),
            }
            for one in report.kept
        ],
        "browsers_stopped": [
            {
                "pid": one.identity.pid,
                "session": one.session,
                "profile": shown(one.identity.profile),
                "processes": one.processes,
                "owner": None if one.owner is None else {"pid": one.owner.pid, "name": readable(one.owner.name)},
            }
            for one in report.browsers_stopped
        ],
        "bytes_freed": report.bytes_freed,
        "sizes": _sizes(report),
        "sessions": [
            {"name": one.session, "path": shown(one.path), "bytes": one.used_bytes} for one in report.sessions
        ],
        "warnings": [readable(one) for one in warnings],
        "dry_run": dry_run,
    }


def _sizes(report: Report) -> dict[str, int]:
    sizes = {one.path: one.used_bytes for one in report.removed} | {one.path: one.used_bytes for one in report.kept}
    return {shown(path): used_bytes for path, used_bytes in sizes.items() if used_bytes}


def holder_of(browser: FoundBrowser) -> tuple[Holder, ...]:
    """Name a live browser's owner, and the browser itself, as holders of its profile."""
    profile = str(browser.identity.profile)
    itself = Holder(browser.identity.pid, "browser", "command line", profile)
    if browser.owner is None:
        return (itself,)
    return (Holder(browser.owner.pid, browser.owner.name, "runs the browser", profile), itself)
