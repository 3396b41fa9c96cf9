"""The one scan for running browsers: true also when no server runs. Looks at the process table, never acts.

A browser is a Chromium's main process that names a profile. Programs are never judged by the browser's name, and a
browser on any other folder than those asked for is never looked into.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tuntas.processes.arguments import is_helper, names_profile, profile_in
from tuntas.processes.members import Member, ProcessIdentity, identify, members
from tuntas.processes.memory import memory_bytes
from tuntas.processes.process_table import Row, command_line, row_of, rows

_SHELLS = {"sh", "dash", "bash", "ash", "busybox"}


@dataclass(frozen=True, slots=True)
class BrowserTree:
    """A running browser with all its processes. ``known`` are members that the process group does not lead to."""

    identity: ProcessIdentity
    tree: tuple[Member, ...]
    known: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class RunningBrowser:
    """A browser's main process and what its tree uses. ``memory_bytes`` is the proportional set size where known."""

    profile: Path
    pid: int
    processes: int
    memory_bytes: int
    started_at: datetime


def running_browsers(profiles_dir: Path) -> list[RunningBrowser]:
    """Return the browsers on the profiles right below ``profiles_dir``, by profile. Blocking, some ms."""
    root = Path(os.path.realpath(profiles_dir))
    found = (_measured(one) for one in browsers_on(lambda profile: profile.parent == root))
    return sorted((one for one in found if one is not None), key=lambda one: (one.profile, one.pid))


def browsers_on(is_ours: Callable[[Path], bool]) -> Iterator[BrowserTree]:
    """Yield each browser whose profile (absolute, resolved) ``is_ours`` says yes to. Blocking, some ms."""
    found: dict[int, tuple[Row, Path]] = {}
    for row in rows():
        if row.ended or row.pid == os.getpid() or is_helper(arguments := command_line(row.pid)):
            continue
        profile = profile_in(arguments)
        if profile is not None and is_ours(profile) and _is_chromium(row):
            found[row.pid] = row, profile
    for row, profile in found.values():
        # A child that was just forked has its parent's command line until it becomes a helper.
        is_child = row.parent in found and found[row.parent][1] == profile
        if not is_child and (tree := _tree(row, profile)) is not None:
            yield tree


def is_start_script(row: Row, profile: Path) -> bool:
    """Whether this is a shell that does nothing but wait for the browser, as Debian's start script does."""
    arguments = command_line(row.pid)
    return bool(arguments) and Path(arguments[0]).name in _SHELLS and names_profile(arguments, profile)


def _is_chromium(row: Row) -> bool:
    """Whether this is a Chromium itself, not a program that merely has the same option: a launcher, a start script."""
    try:
        program = Path(psutil.Process(row.pid).exe())
    except psutil.NoSuchProcess:
        return False
    except (psutil.Error, OSError):
        program = Path((command_line(row.pid) or ("",))[0])
    # Every Chromium needs this file beside it, whatever its program is called.
    return (program.parent / "icudtl.dat").exists() or any(
        is_helper(command_line(other.pid)) for other in rows() if other.parent == row.pid and not other.ended
    )


def _tree(row: Row, profile: Path) -> BrowserTree | None:
    try:
        identity = identify(row.pid, profile)
    except ProcessLookupError:
        return None
    if identity.create_time != row.create_time:
        return None
    known: tuple[Member, ...] = ()
    if not _leads_its_group(row, profile):
        # The group is its launcher's, and may hold anything: go by descent instead. No group has this number.
        identity = ProcessIdentity(row.pid, row.create_time, row.pid, identity.boot_id, identity.profile)
        known = (Member(row.pid, row.create_time, row.name),)
    return BrowserTree(identity, members(identity, known), known)


def _leads_its_group(row: Row, profile: Path) -> bool:
    if row.group == row.pid:
        return True
    leader = row_of(row.group)
    return leader is not None and leader.pid == row.parent and is_start_script(leader, profile)


def _measured(browser: BrowserTree) -> RunningBrowser | None:
    identity, tree = browser.identity, browser.tree
    try:
        started_at = datetime.fromtimestamp(psutil.Process(identity.pid).create_time(), UTC)
    except psutil.Error:
        return None
    return RunningBrowser(identity.profile, identity.pid, len(tree), memory_bytes(tree), started_at)
