"""Who belongs to one browser: its recorded identity, and the members of its process tree.

A pid alone is never trusted, since pids are recycled: identity is pid, create time, boot and profile together. Reads
only; ``ending.py`` acts. Three ways lead to a member, because each alone misses some (measured with Chromium 156):

- the process group, which all of Chromium's children keep; headless-shell's children carry no sign of the profile;
- descent from a member, for a child that made its own session;
- a helper's command line with the profile, for one that has detached itself or has outlived its main process.

A second browser on the same profile is a stranger, never a member: headless-shell does not lock a profile, so there
can be one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tuntas.processes import process_table
from tuntas.processes.arguments import is_helper, names_profile
from tuntas.processes.process_table import Row


@dataclass(frozen=True, slots=True)
class Member:
    """One living process of a browser's tree."""

    pid: int
    create_time: float
    name: str


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """What makes a browser's main process recognisable for ever; plain values, fit for a database.

    ``create_time`` is only comparable with ``process_table``'s (seconds since boot on Linux). ``group`` is the process
    group that every child keeps. ``profile`` is absolute and resolved.
    """

    pid: int
    create_time: float
    group: int
    boot_id: str
    profile: Path


def identify(pid: int, profile: Path) -> ProcessIdentity:
    """Record a process that is alive now as the main process of ``profile``.

    Raises ProcessLookupError when there is no such process.
    """
    row = process_table.row_of(pid)
    if row is None:
        message = f"no process {pid}"
        raise ProcessLookupError(message)
    return ProcessIdentity(pid, row.create_time, row.group, process_table.boot_id(), profile.resolve())


def matches(identity: ProcessIdentity) -> bool:
    """Say whether the recorded main process is alive and still the same one: pid, create time, boot and profile."""
    if identity.boot_id != process_table.boot_id():
        return False
    row = process_table.row_of(identity.pid)
    if row is None or row.ended or row.create_time != identity.create_time:
        return False
    return names_profile(process_table.command_line(identity.pid), identity.profile)


def dying_members(identity: ProcessIdentity) -> tuple[Member, ...]:
    """Return those of the browser's tree that are on their way out: their memory is gone, and with it their arguments.

    Who they are cannot be read any more, so that nothing but waiting tells whether they leave. Blocking, a few ms.
    """
    return tuple(member for member in members(identity) if not process_table.command_line(member.pid))


def is_alive(member: Member) -> bool:
    """Say whether this very process still runs; a zombie does not."""
    row = process_table.row_of(member.pid)
    return row is not None and not row.ended and row.create_time == member.create_time


def members(identity: ProcessIdentity, known: Iterable[Member] = ()) -> tuple[Member, ...]:
    """Return every living process of the browser's tree, and of ``known`` those that live still. Blocking, a few ms.

    Never contains this process or one of its ancestors, whatever their command lines say.
    """
    if identity.boot_id != process_table.boot_id():
        return ()
    table = process_table.rows()
    ours = set(process_table.ancestors_of(os.getpid()))
    remembered = {(member.pid, member.create_time) for member in known}
    found = {row.pid for row in _group_rows(identity, table)}
    found |= {row.pid for row in table if (row.pid, row.create_time) in remembered}
    found |= _detached_helpers(identity.profile, [row for row in table if row.pid not in found])
    found = _with_descendants(found - ours, table) - ours
    return tuple(Member(row.pid, row.create_time, row.name) for row in table if row.pid in found and not row.ended)


def users_of(profile: Path) -> tuple[Member, ...]:
    """Return every living process, ours or a stranger's, whose command line names ``profile``. Blocking, a few ms."""
    ours = set(process_table.ancestors_of(os.getpid()))
    return tuple(
        Member(row.pid, row.create_time, row.name)
        for row in process_table.rows()
        if not row.ended and row.pid not in ours and names_profile(process_table.command_line(row.pid), profile)
    )


def only_helpers_are_left(identity: ProcessIdentity) -> bool:
    """Say whether the recorded main process is gone and what remains of its tree is helpers, useless without it.

    A group that holds anything else, or whose number has a new leader, may be a stranger's: then False.
    """
    main = process_table.row_of(identity.pid)
    if main is not None and not (main.ended and main.create_time == identity.create_time):
        return False
    left = members(identity)
    return bool(left) and all(is_helper(process_table.command_line(member.pid)) for member in left)


def ended_children(identity: ProcessIdentity, known: Iterable[Member]) -> tuple[int, ...]:
    """Return the pids of this process's own ended children that belonged to the browser, its main process last.

    After the main process has ended its helpers become children of the next subreaper: of us, if we are one.
    """
    table = process_table.rows()
    group = set(_group_rows(identity, table))
    remembered = {(member.pid, member.create_time) for member in known}
    ended = [
        row.pid
        for row in table
        if row.ended and row.parent == os.getpid() and (row in group or (row.pid, row.create_time) in remembered)
    ]
    return tuple(sorted(ended, key=lambda pid: pid == identity.pid))


def _group_rows(identity: ProcessIdentity, table: list[Row]) -> list[Row]:
    rows = [row for row in table if identity.group in (row.group, row.session)]
    leader = next((row for row in table if row.pid == identity.pid), None)
    if leader is None:
        # A group's number is not given out again while a member lives; what is older than our main was never ours.
        return [row for row in rows if row.create_time >= identity.create_time]
    return rows if leader.create_time == identity.create_time else []


def _detached_helpers(profile: Path, table: list[Row]) -> set[int]:
    """Return helpers on ``profile`` by command line; none while a second browser lives there that may own them."""
    helpers = set()
    for row in table:
        if row.ended or not names_profile(arguments := process_table.command_line(row.pid), profile):
            continue
        if not is_helper(arguments):
            return set()
        helpers.add(row.pid)
    return helpers


def _with_descendants(pids: set[int], table: list[Row]) -> set[int]:
    # What is older than the process with its parent's number has lost its own parent, and the number is another's now.
    since = {row.pid: row.create_time for row in table}
    found = {pid for pid in pids if pid in since}
    grown = True
    while grown:
        children = {row.pid for row in table if row.parent in found and row.create_time >= since[row.parent]} - found
        found |= children
        grown = bool(children)
    return found
