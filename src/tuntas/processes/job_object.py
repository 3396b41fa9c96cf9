"""Windows' way to own a process tree: a job that every child is born into, and that the kernel ends with its owner.

One job a browser. Its only handle is ours and is never inherited, so KILL_ON_JOB_CLOSE ends the whole tree when this
process ends, however it does: no parent-death signal, watchdog or orphan search is needed. Beside the job we keep the
first process's handle, so that its number is not given out again while anybody here still means it.
"""

from __future__ import annotations

import _winapi
import ctypes
import sys
import threading
from ctypes import wintypes
from dataclasses import dataclass

assert sys.platform == "win32"

_BASIC_PROCESS_ID_LIST = 3
_EXTENDED_LIMIT_INFORMATION = 9
_KILL_ON_JOB_CLOSE = 0x2000
_MORE_DATA = 234
_FIRST_ROOM = 64


class _Limits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION, its basic part and counters flattened."""

    _fields_ = (
        ("PerProcessUserTimeLimit", wintypes.LARGE_INTEGER),
        ("PerJobUserTimeLimit", wintypes.LARGE_INTEGER),
        ("LimitFlags", wintypes.DWORD),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", wintypes.DWORD),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", wintypes.DWORD),
        ("SchedulingClass", wintypes.DWORD),
        ("IoInfo", ctypes.c_ulonglong * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_create = _kernel32.CreateJobObjectW
_create.argtypes, _create.restype = (ctypes.c_void_p, wintypes.LPCWSTR), wintypes.HANDLE
_set, _query = _kernel32.SetInformationJobObject, _kernel32.QueryInformationJobObject
_set.argtypes = (wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD)
_query.argtypes = (*_set.argtypes, ctypes.c_void_p)
_assign, _terminate = _kernel32.AssignProcessToJobObject, _kernel32.TerminateJobObject
_assign.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
_terminate.argtypes = (wintypes.HANDLE, wintypes.UINT)


@dataclass(frozen=True, slots=True)
class _Held:
    job: int
    process: int


_held: dict[int, _Held] = {}
# Looks come from threads; a handle that is closed during one may be another object's a moment later.
_lock = threading.Lock()


def hold(pid: int, process: int) -> None:
    """Put a process that has not run yet into a job of its own, and keep its handle. Raises OSError: nothing kept."""
    job = _create(None, None)
    if not job:
        raise ctypes.WinError(ctypes.get_last_error())
    limits = _Limits(LimitFlags=_KILL_ON_JOB_CLOSE)
    if not (
        _set(job, _EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), ctypes.sizeof(limits)) and _assign(job, process)
    ):
        error = ctypes.WinError(ctypes.get_last_error())
        _winapi.CloseHandle(job)
        raise error
    with _lock:
        _held[pid] = _Held(job, process)


def groups() -> dict[int, int]:
    """Return each living process that is in a job of ours, with the number of the job's first process."""
    with _lock:
        return {pid: first for first, held in _held.items() for pid in _pids_in(held.job)}


def terminate(first: int) -> None:
    """End all that is in the job of process ``first`` at once; nothing if there is none. Raises OSError."""
    with _lock:
        if (held := _held.get(first)) is not None and not _terminate(held.job, 1):
            raise ctypes.WinError(ctypes.get_last_error())


def let_go(first: int) -> bool:
    """Close the job of process ``first``, which ends what may still be in it; whether there was one."""
    with _lock:
        held = _held.pop(first, None)
        if held is not None:
            _winapi.CloseHandle(held.job)
            _winapi.CloseHandle(held.process)
    return held is not None


def _pids_in(job: int) -> list[int]:
    room = _FIRST_ROOM
    while True:

        class Pids(ctypes.Structure):
            """JOBOBJECT_BASIC_PROCESS_ID_LIST with room for some."""

            _fields_ = (("assigned", wintypes.DWORD), ("listed", wintypes.DWORD), ("pids", ctypes.c_size_t * room))

        found = Pids()
        if _query(job, _BASIC_PROCESS_ID_LIST, ctypes.byref(found), ctypes.sizeof(found), None):
            if found.listed >= found.assigned:
                return list(found.pids[: found.listed])
        elif ctypes.get_last_error() != _MORE_DATA:
            raise ctypes.WinError(ctypes.get_last_error())
        room = max(room * 2, found.assigned)
