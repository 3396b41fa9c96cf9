"""Who has files open on Windows: the Restart Manager's answer, which needs no right to look into other processes.

It knows files only, no folders, so it never sees a process whose working directory this is. It is for naming holders to
people and never a proof that there is none. It must never be asked to end or restart anything, which it also could.
https://learn.microsoft.com/windows/win32/rstmgr/restart-manager-portal
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Iterator
from ctypes import wintypes
from itertools import islice
from pathlib import Path

import structlog

from tuntas.foundation.long_paths import extended, plain
from tuntas.processes.holder import Holder

assert sys.platform == "win32"

# Each file costs the Restart Manager about a millisecond; what is left of a stuck folder is mostly a handful.
_FILES_ASKED = 512
_FILES_AT_ONCE = 64
_KEY_LENGTH = 33
_MORE_DATA = 234

log = structlog.get_logger(__name__)


class _Process(ctypes.Structure):
    """RM_PROCESS_INFO."""

    _fields_ = (
        ("pid", wintypes.DWORD),
        ("since", wintypes.FILETIME),
        ("application", wintypes.WCHAR * 256),
        ("service", wintypes.WCHAR * 64),
        ("kind", ctypes.c_int),
        ("status", wintypes.ULONG),
        ("terminal", wintypes.DWORD),
        ("restartable", wintypes.BOOL),
    )


def users_of_files(path: Path, ends_at: float) -> Iterator[Holder]:
    """Yield who has files below ``path`` open, a process maybe more than once; stops at ``ends_at`` (monotonic)."""
    try:
        manager = ctypes.WinDLL("rstrtmgr")
        files = islice(_files_in(extended(path)), _FILES_ASKED)
        while time.monotonic() < ends_at and (batch := list(islice(files, _FILES_AT_ONCE))):
            yield from _narrowed(manager, batch, ends_at)
    except OSError as error:
        # A courtesy to the reader, like the names: the deletion itself has met the real obstacle already.
        log.warning("restart_manager_failed", path=str(path), error=str(error))


def _narrowed(manager: ctypes.WinDLL, files: list[str], ends_at: float) -> Iterator[Holder]:
    """Yield the users of ``files``, each with the very file: the manager names processes, not what they use."""
    users = _users(manager, files)
    if not users:
        return
    if len(files) == 1 or time.monotonic() >= ends_at:
        yield from (Holder(pid, name, "open file", files[0]) for pid, name in users)
        return
    middle = len(files) // 2
    yield from _narrowed(manager, files[:middle], ends_at)
    yield from _narrowed(manager, files[middle:], ends_at)


def _users(manager: ctypes.WinDLL, files: list[str]) -> list[tuple[int, str]]:
    session, key = wintypes.DWORD(), ctypes.create_unicode_buffer(_KEY_LENGTH)
    _check(manager.RmStartSession(ctypes.byref(session), 0, key))
    try:
        names = (wintypes.LPCWSTR * len(files))(*files)
        _check(manager.RmRegisterResources(session, len(files), names, 0, None, 0, None))
        room = 0
        while True:
            found = (_Process * room)()
            needed, there, reasons = wintypes.UINT(), wintypes.UINT(room), wintypes.DWORD()
            counts = ctypes.byref(needed), ctypes.byref(there)
            answer = manager.RmGetList(session, *counts, found if room else None, ctypes.byref(reasons))
            if answer != _MORE_DATA:
                _check(answer)
                return [(one.pid, one.application or one.service) for one in found[: there.value]]
            room = needed.value
    finally:
        manager.RmEndSession(session)


def _files_in(path: Path) -> Iterator[str]:
    for folder, _, names in os.walk(path):
        yield from (plain(os.path.join(folder, name)) for name in names)  # noqa: PTH118 - beside os.walk


def _check(answer: int) -> None:
    if answer:
        raise ctypes.WinError(answer)
