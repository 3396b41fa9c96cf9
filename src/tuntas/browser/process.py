"""Who belongs to one browser: its recorded identity, and the members of its process tree.

A pid alone is never trusted, since pids are recycled: identity is pid, create time, boot and profile together. Reads
only; ``ending.py`` acts. Three ways lead to a member, because each alone misses some (measured with Chromium 156):

- the process group, which all of Chromium's children keep; headless-shell's children carry no sign of the profile;
- descent from a member, for a child that made its own session;
- the profile in the command line, for a crash handler that has detached itself (own session, foreign parent).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tuntas.browser import process_table
from tuntas.browser.process_table import Row

_PROFILE_FLAG = "--user-data-dir="
# The crash handler is told where to write, not whose browser it serves.
_CRASH_FLAG = "--database="


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
    return _names_profile(process_table.command_line(identity.pid), identity.profile)


def is_alive(member: Member) -> bool:
    """Say whether this very process still runs; a zombie does not."""
    row = process_table.row_of(member.pid)
    return row is not None and not row.ended and row.create_time == member.create_time


def members(identity: ProcessIdentity, known: Iterable[Member] = ()) -> tuple[Member, ...]:
    """Return every living process of the browser's tree, and of ``known`` those that live still. Blocking, a few ms.

    Never contains this process or one of its ancestors, whatever their command lines say.
    """
    table = process_table.rows()
    ours = set(process_table.ancestors_of(os.getpid()))
    if identity.boot_id != process_table.boot_id():
        return ()
    group = _group_rows(identity, table)
    found = {row.pid for row in group}
    remembered = {(member.pid, member.create_time) for member in known}
    found |= {row.pid for row in table if (row.pid, row.create_time) in remembered}
    rivals = {row.group for row in table if row.group != identity.group and _is_main_of(row, identity.profile)}
    found |= {
        row.pid
        for row in table
        if row.pid not in found | ours and row.group not in rivals and _is_on(row, identity.profile)
    }
    found = _with_descendants(found - ours, table) - ours
    return tuple(Member(row.pid, row.create_time, row.name) for row in table if row.pid in found and not row.ended)


def zombie_children(identity: ProcessIdentity, known: Iterable[Member]) -> tuple[int, ...]:
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


def _is_main_of(row: Row, profile: Path) -> bool:
    return row.pid == row.group and not row.ended and names_as_main(process_table.command_line(row.pid), profile)


def _with_descendants(pids: set[int], table: list[Row]) -> set[int]:
    found = set(pids)
    grown = True
    while grown:
        children = {row.pid for row in table if row.parent in found} - found
        found |= children
        grown = bool(children)
    return found


def _names_profile(arguments: tuple[str, ...], profile: Path) -> bool:
    if len(arguments) == 1 and " --type=" in arguments[0]:
        # Chromium's children overwrite their title with all arguments joined by blanks (setproctitle_linux.cc). A shell
        # whose script merely mentions the profile has more than one argument and no such shape.
        title = arguments[0]
        return any(f" {_PROFILE_FLAG}{text} --" in f"{title} --" for text in {str(profile), os.path.realpath(profile)})
    for argument in arguments[1:]:
        if argument.startswith(_PROFILE_FLAG):
            value = argument.removeprefix(_PROFILE_FLAG)
            return _same(Path(value), profile)
        if argument.startswith(_CRASH_FLAG) and "crashpad" in Path(arguments[0]).name:
            return _same(Path(argument.removeprefix(_CRASH_FLAG)).parent, profile)
    return False


def _same(named: Path, profile: Path) -> bool:
    # A relative path means something only in the other process's own folder.
    return named.is_absolute() and _canonical(named) == _canonical(profile)


def _canonical(path: Path) -> str:
    return os.path.normcase(os.path.realpath(path))
