"""Whether anybody still owns a browser: who launched it, or who drives it by its debugging port. Looks, never acts.

Only when there is neither is it an orphan. Where two readings are possible the browser counts as owned: a wrong kill
cannot be taken back, and a person can still say ``--force``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psutil

from tuntas.processes.browsers import BrowserTree, is_start_script
from tuntas.processes.members import Member
from tuntas.processes.process_table import Row, command_line, row_of

# Processes that adopt orphans: whoever has one of these as its parent has lost its own. Process 1 is one by its office.
_REAPERS = {"systemd", "init", "launchd", "tini", "dumb-init", "docker-init", "catatonit", "containerd-shim", "conmon"}

# In a container process 1 is often the application itself; these are what such applications run on.
_RUNTIMES = ("node", "bun", "deno", "electron", "npm", "pm2", "python", "tuntas", "java", "dotnet", "ruby", "php")


def owner_of(browser: BrowserTree) -> Member | None:
    """Return the live process that launched this browser or drives it, ``None`` for an orphan. Blocking."""
    return _launcher(browser) or _driver(browser)


def _launcher(browser: BrowserTree) -> Member | None:
    """Return the process that launched this browser, if it lives; start scripts in between are looked through."""
    child = row_of(browser.identity.pid)
    while child is not None:
        parent = row_of(child.parent)
        # A parent that is younger than its child has only its number in common with the real one (Windows).
        if parent is None or parent.ended or parent.create_time > child.create_time or _is_reaper(parent):
            return None
        if not is_start_script(parent, browser.identity.profile):
            return Member(parent.pid, parent.create_time, _name_of(parent))
        child = parent
    return None


def _is_reaper(row: Row) -> bool:
    if row.pid == 1:
        program = os.path.basename((command_line(1) or (row.name,))[0]).lower()  # noqa: PTH119
        return not any(row.name.startswith(name) or program.startswith(name) for name in _RUNTIMES)
    return row.name in _REAPERS


def _driver(browser: BrowserTree) -> Member | None:
    """Return a process outside the tree that is connected to the browser's debugging port (``puppeteer.connect``)."""
    # One that is not ours to look into has no ports: it is not ours to end either, and the kill will say so.
    tcp = _connections(browser.identity.pid)
    if not (ports := {one.laddr.port for one in tcp if one.status == psutil.CONN_LISTEN}):
        return None
    tree = {member.pid for member in browser.tree}
    for pid in psutil.pids():
        if pid not in tree and any(_is_to(one, ports) for one in _connections(pid)):
            row = row_of(pid)
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


def _connections(pid: int) -> list[Any]:
    try:
        return list(psutil.Process(pid).net_connections("tcp"))
    except (psutil.Error, OSError):
        return []  # gone, or somebody else's


def _is_to(connection: Any, ports: set[int]) -> bool:
    if connection.status != psutil.CONN_ESTABLISHED or not connection.raddr:
        return False
    return connection.raddr.port in ports and connection.raddr.ip == connection.laddr.ip
