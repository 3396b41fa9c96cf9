"""The operating system's view: who runs, who belongs to whom, who holds a folder, and how all of a tree is ended.

Knows browsers only as processes on a profile: no page, no WhatsApp, no session. It must never end a process that is
not proven to be the one that is meant.
"""

from tuntas.processes.browsers import RunningBrowser, running_browsers
from tuntas.processes.ending import become_subreaper
from tuntas.processes.holders import HolderScanTimedOut, holders_of
from tuntas.processes.members import Member, ProcessIdentity, identify, members
from tuntas.processes.memory import memory_bytes
from tuntas.processes.singleton import clear_stale_singleton
from tuntas.processes.tree import StillRunning, StopLimits, end_orphan

__all__ = [
    "HolderScanTimedOut",
    "Member",
    "ProcessIdentity",
    "RunningBrowser",
    "StillRunning",
    "StopLimits",
    "become_subreaper",
    "clear_stale_singleton",
    "end_orphan",
    "holders_of",
    "identify",
    "members",
    "memory_bytes",
    "running_browsers",
]
