"""The process table of Windows: one snapshot for parents and names, one handle a process for its create time.

psutil would take a whole snapshot for each process's parent, and opens each program file for its name. Windows has no
process groups: here a process's group is the job of ours that it is in, numbered by the job's first process.
"""

from __future__ import annotations

import _winapi
import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import wintypes

from tuntas.processes import job_object
from tuntas.processes.row import Row

assert sys.platform == "win32"

QUERY = 0x1000  # PROCESS_QUERY_LIMITED_INFORMATION
TERMINATE = 0x0001
SYNCHRONIZE = 0x00100000

_SNAPSHOT_PROCESSES = 2
_NO_MORE_FILES = 18
_INVALID_HANDLE = ctypes.c_void_p(-1).value
_TICKS_PER_SECOND = 10_000_000
_SECONDS_1601_TO_1970 = 11_644_473_600


class _Entry(ctypes.Structure):
    """PROCESSENTRY32W."""

    _fields_ = (
        ("dwSize", wintypes.DWORD),
        ("cntUsage", wintypes.DWORD),
        ("th32ProcessID", wintypes.DWORD),
        ("th32DefaultHeapID", ctypes.c_void_p),
        ("th32ModuleID", wintypes.DWORD),
        ("cntThreads", wintypes.DWORD),
        ("th32ParentProcessID", wintypes.DWORD),
        ("pcPriClassBase", wintypes.LONG),
        ("dwFlags", wintypes.DWORD),
        ("szExeFile", wintypes.WCHAR * 260),
    )


_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_snapshot = _kernel32.CreateToolhelp32Snapshot
_snapshot.argtypes, _snapshot.restype = (wintypes.DWORD, wintypes.DWORD), wintypes.HANDLE
_first, _next, _times = _kernel32.Process32FirstW, _kernel32.Process32NextW, _kernel32.GetProcessTimes
_first.argtypes = _next.argtypes = (wintypes.HANDLE, ctypes.POINTER(_Entry))
_times.argtypes = (wintypes.HANDLE, *[ctypes.POINTER(wintypes.FILETIME)] * 4)


def rows() -> list[Row]:
    """Return every process that can be seen, without those that may not be asked for their create time. Blocking."""
    groups = job_object.groups()
    return [row for entry in _entries() if (row := _row(entry, groups)) is not None]


def row_of(pid: int) -> Row | None:
    """Return the row of one process, or None when there is no such process (any more), or it may not be asked."""
    try:
        with opened(pid, QUERY | SYNCHRONIZE) as handle:
            # A process whose handle somebody keeps is in no snapshot, but still has its number and its create time.
            entry = next((one for one in _entries() if one.th32ProcessID == pid), None)
            name, parent = (entry.szExeFile, entry.th32ParentProcessID) if entry is not None else ("", 0)
            group = job_object.groups().get(pid, 0)
            return Row(pid, parent, group, 0, create_time(handle), name, has_ended(handle))
    except OSError:
        return None


@contextmanager
def opened(pid: int, access: int) -> Iterator[int]:
    """Lend a handle of the process, which keeps its number from being given out again. Raises OSError."""
    handle = _winapi.OpenProcess(access, False, pid)
    try:
        yield handle
    finally:
        _winapi.CloseHandle(handle)


def create_time(handle: int) -> float:
    """Return when the process was made, in seconds since 1970; it never changes. Raises OSError."""
    made, *others = (wintypes.FILETIME() for _ in range(4))
    if not _times(handle, ctypes.byref(made), *map(ctypes.byref, others)):
        raise ctypes.WinError(ctypes.get_last_error())
    return (made.dwHighDateTime << 32 | made.dwLowDateTime) / _TICKS_PER_SECOND - _SECONDS_1601_TO_1970


def has_ended(handle: int) -> bool:
    """Whether the process behind a handle with SYNCHRONIZE has ended. Raises OSError."""
    return _winapi.WaitForSingleObject(handle, 0) == _winapi.WAIT_OBJECT_0


def _row(entry: _Entry, groups: dict[int, int]) -> Row | None:
    pid = entry.th32ProcessID
    try:
        with opened(pid, QUERY | SYNCHRONIZE) as handle:
            ended = has_ended(handle)
            return Row(
                pid, entry.th32ParentProcessID, groups.get(pid, 0), 0, create_time(handle), entry.szExeFile, ended
            )
    except OSError:
        return None


def _entries() -> Iterator[_Entry]:
    snapshot = _snapshot(_SNAPSHOT_PROCESSES, 0)
    if snapshot == _INVALID_HANDLE:
        raise ctypes.WinError(ctypes.get_last_error())
    try:
        entry = _Entry(dwSize=ctypes.sizeof(_Entry))
        there_is_one = _first(snapshot, ctypes.byref(entry))
        while there_is_one:
            yield _Entry.from_buffer_copy(entry)
            there_is_one = _next(snapshot, ctypes.byref(entry))
        if ctypes.get_last_error() != _NO_MORE_FILES:
            raise ctypes.WinError(ctypes.get_last_error())
    finally:
        _winapi.CloseHandle(snapshot)
