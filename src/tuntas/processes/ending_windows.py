"""Ends processes on Windows and knows that they have ended: by handles, which pin a process as pidfds do on Linux.

Nothing polls: the system's own wait threads tell the event loop. A process ends with code 1 when it is killed here.
"""

from __future__ import annotations

import _winapi
import asyncio
import ctypes
import sys
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from ctypes import wintypes

import structlog

from tuntas.processes import job_object
from tuntas.processes import process_table_windows as table
from tuntas.processes.members import Member, ProcessIdentity, is_alive

assert sys.platform == "win32"

_ONLY_ONCE = 0x8
_FOR_EVER = 0xFFFFFFFF
_ALL_CALLBACKS_DONE = wintypes.HANDLE(-1)

_Callback = ctypes.WINFUNCTYPE(None, ctypes.c_void_p, wintypes.BOOLEAN)
_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_register, _unregister = _kernel32.RegisterWaitForSingleObject, _kernel32.UnregisterWaitEx
_register.argtypes = (
    ctypes.POINTER(wintypes.HANDLE),
    wintypes.HANDLE,
    _Callback,
    ctypes.c_void_p,
    wintypes.ULONG,
    wintypes.ULONG,
)
_unregister.argtypes = (wintypes.HANDLE, wintypes.HANDLE)

log = structlog.get_logger(__name__)


def kill_tree(identity: ProcessIdentity, found: Iterable[Member]) -> tuple[Member, ...]:
    """End every member of ``found``, and what else is in the browser's job; return those that lived."""
    living = tuple(member for member in found if is_alive(member))
    job_object.terminate(identity.pid)
    for member in living:
        _kill_one(member)
    return living


async def wait_gone(members: Iterable[Member], *, timeout_seconds: float) -> tuple[Member, ...]:
    """Wait until every member has ended; return those that have not when the time is up (empty: all are gone)."""
    wanted = tuple(members)
    with ExitStack() as stack:
        waits = [stack.enter_context(_Wait(member)) for member in wanted]
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                for wait in waits:
                    await wait.ended.wait()
    return tuple(member for member in wanted if is_alive(member))


def let_go(identity: ProcessIdentity, known: Iterable[Member]) -> None:  # noqa: ARG001 - as on other systems
    """Close the browser's job and the handle of its main process. Only when every member is proven gone."""
    job_object.let_go(identity.pid)


class ExitWatch:
    """Knows when one child of ours has ended, and with which code.

    Call ``close`` when done; it never waits.
    """

    def __init__(self, member: Member) -> None:
        self._wait = _Wait(member)

    @property
    def gone(self) -> asyncio.Event:
        """Set when the process has ended."""
        return self._wait.ended

    @property
    def exit_code(self) -> int | None:
        """Its exit code once ``gone`` is set; None if it cannot be known."""
        return self._wait.exit_code if self.gone.is_set() else None

    async def close(self) -> None:
        """Give the handle back; safe to call again."""
        self._wait.close()


class _Wait:
    """Sets ``ended`` on the event loop when a process ends; at once for one that is gone, or is another by now."""

    def __init__(self, member: Member) -> None:
        self.ended = asyncio.Event()
        self.exit_code: int | None = None
        self._loop = asyncio.get_running_loop()
        self._stack = ExitStack()
        try:
            handle = self._stack.enter_context(table.opened(member.pid, table.QUERY | table.SYNCHRONIZE))
        except OSError:
            self.ended.set()
            return
        try:
            if table.create_time(handle) == member.create_time:
                self._watch(handle)
            else:
                self.ended.set()
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> _Wait:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._stack.close()

    def _watch(self, handle: int) -> None:
        def fired(_context: int | None, _timed_out: int) -> None:
            # In a thread of the system's. ``close`` waits for it, so the loop is still there.
            self._loop.call_soon_threadsafe(self._has_ended, _winapi.GetExitCodeProcess(handle))

        callback, registration = _Callback(fired), wintypes.HANDLE()
        if not _register(ctypes.byref(registration), handle, callback, None, _FOR_EVER, _ONLY_ONCE):
            raise ctypes.WinError(ctypes.get_last_error())
        # The closure keeps ``callback`` alive until the system has forgotten it.
        self._stack.callback(lambda: (callback, _unregister(registration, _ALL_CALLBACKS_DONE)))

    def _has_ended(self, exit_code: int) -> None:
        self.exit_code = exit_code
        self.ended.set()


def _kill_one(member: Member) -> None:
    try:
        with table.opened(member.pid, table.TERMINATE | table.QUERY | table.SYNCHRONIZE) as handle:
            # The handle pins this process; if it has the right create time now, no other can be hit.
            if table.create_time(handle) == member.create_time and not table.has_ended(handle):
                _winapi.TerminateProcess(handle, 1)
    except OSError as error:
        # Also what is already on its way out answers "access denied"; whoever waits will see.
        if is_alive(member):
            log.warning("browser_process_not_killed", pid=member.pid, name=member.name, error=str(error))
