"""Browsers that run on a set of folders, and whether anybody still owns them. Looks at the process table, never acts.

A browser's owner is the process that launched it, found by its parents, or one that is connected to its debugging
port. Only when there is neither is it an orphan. Programs are never judged by the browser's name, and a browser on any
other folder is never seen at all. Where two readings are possible the browser counts as owned: a wrong kill cannot be
taken back, and a person can still say ``--force``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from tuntas.browser import Member, ProcessIdentity, StopLimits, end_orphan, identify, members
from tuntas.browser.arguments import is_helper, names_profile
from tuntas.browser.process import matches
from tuntas.browser.process_table import Row, command_line, row_of, rows
from tuntas.browser.tree import end_tree
from tuntas.sessions.leftovers import StrayBrowser

_FLAG = "--user-data-dir="

# Processes that adopt orphans: whoever has one of these as its parent has lost its own. Process 1 is one by its office.
_REAPERS = {"systemd", "init", "launchd", "tini", "dumb-init", "docker-init", "catatonit", "containerd-shim", "conmon"}

# In a container process 1 is often the application itself; these are what such applications run on.
_RUNTIMES = ("node", "bun", "deno", "electron", "npm", "pm2", "python", "tuntas", "java", "dotnet", "ruby", "php")

_SHELLS = {"sh", "dash", "bash", "ash", "busybox"}


def browsers_on(is_ours: Callable[[Path], bool]) -> Iterator[StrayBrowser]:
    """Yield each browser whose profile ``is_ours`` says yes to, with its owner. Blocking, some ms."""
    for row, profile in _mains():
        if is_ours(profile) and _is_browser(row) and (found := _described(row, profile)) is not None:
            yield found


async def end_browser(browser: StrayBrowser, limits: StopLimits) -> bool:
    """End a browser's whole tree, if it is still the same one; whether it was. Raises StillRunning."""
    if not browser.known:
        return bool(await end_orphan(browser.identity, limits))
    if not matches(browser.identity):
        return False
    return bool(await end_tree(browser.identity, browser.known, limits.forced_seconds))


def _mains() -> Iterator[tuple[Row, Path]]:
    for row in rows():
        if row.ended or row.pid == os.getpid():
            continue
        arguments = command_line(row.pid)
        if is_helper(arguments):
            continue
        for argument in arguments[1:]:
            if argument.startswith(_FLAG):
                profile = Path(argument.removeprefix(_FLAG))
                if profile.is_absolute():
                    yield row, Path(os.path.realpath(profile))
                break


def _is_browser(row: Row) -> bool:
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


def _described(row: Row, profile: Path) -> StrayBrowser | None:
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
    tree = members(identity, known)
    owner = _owner(row, profile) or _driver(row.pid, {member.pid for member in tree})
    return StrayBrowser(profile.name, identity, len(tree), known, owner)


def _leads_its_group(row: Row, profile: Path) -> bool:
    if row.group == row.pid:
        return True
    leader = row_of(row.group)
    return leader is not None and leader.pid == row.parent and _is_start_script(leader, profile)


def _is_start_script(row: Row, profile: Path) -> bool:
    """Whether this is a shell that does nothing but wait for the browser, as Debian's start script does."""
    arguments = command_line(row.pid)
    return bool(arguments) and Path(arguments[0]).name in _SHELLS and names_profile(arguments, profile)


def _owner(row: Row, profile: Path) -> Member | None:
    """Return the process that launched this browser, if it lives; start scripts in between are looked through."""
    child = row
    while True:
        parent = row_of(child.parent)
        # A parent that is younger than its child has only its number in common with the real one (Windows).
        if parent is None or parent.ended or parent.create_time > child.create_time or _is_reaper(parent):
            return None
        if not _is_start_script(parent, profile):
            return Member(parent.pid, parent.create_time, _name_of(parent))
        child = parent


def _is_reaper(row: Row) -> bool:
    if row.pid == 1:
        program = os.path.basename((command_line(1) or (row.name,))[0]).lower()  # noqa: PTH119
        return not any(row.name.startswith(name) or program.startswith(name) for name in _RUNTIMES)
    return row.name in _REAPERS


def _driver(pid: int, tree: set[int]) -> Member | None:
    """Return a process outside the tree that is connected to the browser's debugging port (``puppeteer.connect``)."""
    try:
        listening = [one for one in psutil.Process(pid).net_connections("tcp") if one.status == psutil.CONN_LISTEN]
        if not listening:
            return None
        ports = {one.laddr.port for one in listening}
    except psutil.Error:
        return None  # not ours to look into: then it is not ours to end either, and the kill will say so
    for process in psutil.process_iter():
        if process.pid not in tree and any(_is_to(one, ports) for one in _connections(process)):
            row = row_of(process.pid)
            return None if row is None else Member(row.pid, row.create_time, _name_of(row))
    return None


def _name_of(row: Row) -> str:
    """Return what people know a program by. Node's own name for its process is that of a thread: MainThread."""
    for word in command_line(row.pid)[:2]:  # the program, or the script that it runs
        if row.name in word:
            return row.name
    try:
        return Path(psutil.Process(row.pid).exe()).name or row.name
    except (psutil.Error, OSError):
        return row.name


def _connections(process: psutil.Process) -> list[Any]:
    try:
        return list(process.net_connections("tcp"))
    except psutil.Error:
        return []  # gone, or somebody else's


def _is_to(connection: Any, ports: set[int]) -> bool:
    if connection.status != psutil.CONN_ESTABLISHED or not connection.raddr:
        return False
    return connection.raddr.port in ports and connection.raddr.ip == connection.laddr.ip
