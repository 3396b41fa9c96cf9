"""The invariants, looked at from outside: the process table, the folders, the database's rows, and the HTTP answers.

``unsettled`` says what is not as it must be in the end, and may be asked again and again until the limit; what is
still there then is a violation. Nothing here uses the server's own idea of what runs or of what is on the disk.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from bench.faults_model import RUNNING, STOPPED
from bench.faults_world import PARTNER, World

Found = list[tuple[str, str]]
LINES_OF_HISTORY = 40


@dataclass(frozen=True, slots=True)
class Row:
    """What the store says of one session."""

    name: str
    desired: str
    state: str
    status: str
    folder: str
    discard_profile: bool


def rows(world: World) -> list[Row]:
    """Read the sessions from the database, beside the server."""
    with _database(world) as database:
        found = database.execute("SELECT name, desired, state, status, profile_folder, discard_profile FROM sessions")
        return [Row(one[0], one[1], one[2], one[3], one[4], bool(one[5])) for one in found]


def unsettled(world: World) -> Found:
    """Return what is not yet as it must be when a round is over, as (kind, sentence)."""
    world.reap()
    stored = rows(world)
    found = [*_states(stored), *_processes(world, stored), *_folders(world, stored)]
    # Asking pages for life is dear, so it comes last; a page that hangs shows as WORKING until it is asked.
    return found or _pages(world, stored)


def foreign(world: World) -> Found:
    """Return wrong kills and wrong deletes; there is no time limit within which these could heal."""
    found = []
    if not world.decoy_lives():
        found.append(("wrong kill", "the other's browser is dead or stopped"))
    if not world.canaries_live():
        found.append(("wrong delete", "a foreign file is gone or changed"))
    return found


def stray_sockets(world: World) -> set[Path]:
    """Return the folders of full Chromium's sockets in the temporary folder that no profile points to any more.

    One is left where a browser was killed in the middle of its own exit: it had removed its marks from the profile and
    not yet the folder, and nothing tells any more whose it was. A few bytes, counted and no violation.
    """
    links = [one / "SingletonSocket" for one in profiles(world)]
    used = {link.readlink().parent for link in links if link.is_symlink()}
    return set(world.temporary.iterdir()) - used


def plant_links(world: World) -> None:
    """Put a link to a foreign folder into every profile; a deletion must not follow it."""
    for folder in profiles(world):
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            (folder / "holiday-photos").symlink_to(world.foreign / "behind-a-link")


def plant_stale_lock(folder: Path, target: str) -> None:
    """Leave a SingletonLock as a browser would that died on another host, or whose pid was recycled."""
    lock = folder / "SingletonLock"
    with contextlib.suppress(FileNotFoundError):
        lock.unlink()
    lock.symlink_to(target)


def profiles(world: World) -> list[Path]:
    """Return the profile folders, the trash apart."""
    root = world.data_dir / "profiles"
    return sorted(one for one in root.iterdir() if one.name != ".trash") if root.is_dir() else []


def history(world: World, name: str) -> list[str]:
    """Return the last lines of every session's story that bore this name, deleted ones too."""
    query = "SELECT at, before, after, reason, detail, asked_by, session_id FROM history ORDER BY sequence DESC LIMIT ?"
    with _database(world) as database:
        ids = {one[0] for one in database.execute("SELECT id FROM sessions WHERE name = ?", (name,))}
        lines = [one for one in database.execute(query, (LINES_OF_HISTORY * 4,)) if not ids or one[6] in ids]
    return [" ".join(str(value) for value in one[:6]) for one in reversed(lines[:LINES_OF_HISTORY])]


def _database(world: World) -> contextlib.closing[sqlite3.Connection]:
    return contextlib.closing(
        sqlite3.connect(f"{(world.data_dir / 'tuntas.db').as_uri()}?mode=ro", uri=True, timeout=10)
    )


def _states(stored: list[Row]) -> Found:
    found = []
    for row in stored:
        told = f"{row.name} is wanted {row.desired} and is {row.status} ({row.state})"
        if row.desired == RUNNING and row.status not in ("WORKING", "SCAN_QR_CODE"):
            found.append(("needs a person", told))
        elif row.desired == STOPPED and row.status != "STOPPED":
            found.append(("stuck", told))
        elif row.desired not in (RUNNING, STOPPED) or row.discard_profile:
            found.append(("stuck", f"{told}; its profile is still to go"))
    return found


def _processes(world: World, stored: list[Row]) -> Found:
    found = []
    mains = world.mains()
    wanted = {row.folder: row.name for row in stored if row.desired == RUNNING}
    by_folder: dict[str, list[int]] = {folder: [] for folder in wanted}
    for pid, profile in mains.items():
        by_folder.setdefault(profile.name, []).append(pid)
    for folder, pids in by_folder.items():
        if folder not in wanted:
            found.append(("surviving process", f"browsers {pids} on {folder}, which nobody wants to run"))
        elif len(pids) != 1:
            kind = "two browsers" if pids else "no browser"
            found.append((kind, f"{wanted[folder]} has the browsers {pids}"))
    for process in world.survivors(mains):
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(("surviving process", f"{process.pid} {process.name()} {' '.join(process.cmdline())[:160]}"))
    for pid in mains:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() == psutil.STATUS_STOPPED:
                found.append(("stuck", f"browser {pid} is stopped, and nobody has replaced it"))
    found.extend(("zombie", f"{pid} is not reaped") for pid in world.unreaped())
    return found


def _folders(world: World, stored: list[Row]) -> Found:
    known = {row.folder for row in stored}
    found = [("stray folder", f"{one.name} belongs to no session") for one in profiles(world) if one.name not in known]
    trash = world.data_dir / "profiles" / ".trash"
    found += [("trash not empty", one) for one in sorted(os.listdir(trash))]  # noqa: PTH208 - names are all we need
    try:
        removals = world.api.http.get("/api/removals").json()
    except httpx.HTTPError as error:
        return [*found, ("no answer", f"the server does not answer: {error!r}")]
    found += [
        ("open removal", f"{one['session']}: {one['state']} {one['reason']} {one['message']}") for one in removals
    ]
    return found


def _pages(world: World, stored: list[Row]) -> Found:
    found = []
    for row in stored:
        if row.desired != RUNNING:
            continue
        try:
            if row.status == "WORKING":
                answer = world.api.send(row.name, PARTNER, "are you there?")
            else:
                answer = world.api.http.get("/api/screenshot", params={"session": row.name})
        except httpx.HTTPError as error:
            found.append(("no answer", f"the server does not answer: {error!r}"))
            continue
        if not answer.is_success:
            found.append(("dead page", f"{row.name} is {row.status}, but: {answer.text[:200]}"))
    return found
