"""Ends processes and knows that they have ended: kill, wait without polling, reap. Never one that is not the one meant.

For Linux and macOS; Windows has handles for it (``ending_windows.py``), and ``system.py`` chooses.

Every act goes through a pidfd that is opened first and checked against the create time after, so that a recycled pid is
never hit (pidfd_open(2), Linux 5.3). Where there is no pidfd, psutil does the same check a moment less tightly.
Zombies count as ended: the kernel has taken their files, memory and locks back.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import os
import signal
import sys
from collections.abc import Iterable

import psutil
import structlog

from tuntas.foundation.tasks import end, spawn
from tuntas.processes.members import Member, ProcessIdentity, ended_children, is_alive

_PR_SET_CHILD_SUBREAPER = 36
_LOOK_EVERY_SECONDS = 0.02  # only where no pidfd exists

log = structlog.get_logger(__name__)


def become_subreaper() -> bool:
    """Make this process the parent of orphans below it, so that it can reap a browser's helpers.

    Without it they go to process 1, which in many containers never reaps (prctl(2), PR_SET_CHILD_SUBREAPER). Linux
    only; elsewhere, and if the kernel refuses, nothing happens and False is returned.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def has_pidfd() -> bool:
    """Say whether this kernel gives pidfds (some sandboxes and old kernels answer ENOSYS or EPERM)."""
    try:
        os.close(_pidfd(os.getpid()))
    except OSError:
        return False
    return True


def kill(members: Iterable[Member]) -> tuple[Member, ...]:
    """Send SIGKILL to each member that is still the same process; return those that were hit."""
    return tuple(member for member in members if _kill_one(member))


def kill_tree(identity: ProcessIdentity, found: Iterable[Member]) -> tuple[Member, ...]:  # noqa: ARG001 - see system.py
    """Kill every member of ``found``, which is all of the browser's tree; return those that were hit."""
    return kill(found)


async def wait_gone(members: Iterable[Member], *, timeout_seconds: float) -> tuple[Member, ...]:
    """Wait until every member has ended; return those that have not when the time is up (empty: all are gone)."""
    wanted = tuple(members)
    if has_pidfd():
        waiting = await _wait_by_pidfd(wanted, timeout_seconds)
    else:
        waiting = await _wait_by_looking(wanted, timeout_seconds)
    return tuple(member for member in waiting if is_alive(member))


def reap(identity: ProcessIdentity, known: Iterable[Member]) -> tuple[int, ...]:
    """Take the exit status of our own ended children that belonged to this browser; return their pids.

    Only pids that are zombies of ours *and* the browser's are asked for, one by one, and the main process last: while
    it is unreaped its group number cannot pass to a stranger, so nobody else's child can be taken by mistake.
    """
    reaped = []
    for pid in ended_children(identity, known):
        with contextlib.suppress(ChildProcessError):  # somebody's watcher was faster: it is reaped all the same
            if os.waitpid(pid, os.WNOHANG)[0] == pid:
                reaped.append(pid)
    return tuple(reaped)


class ExitWatch:
    """Knows when one child of ours has ended, and with which code. The child stays a zombie until it is reaped.

    Call ``close`` when done; it never waits.
    """

    def __init__(self, member: Member) -> None:
        self.gone = asyncio.Event()
        self.exit_code: int | None = None
        self._pid = member.pid
        self._pidfd: int | None = None
        self._task: asyncio.Task[None] | None = None
        if has_pidfd():
            self._pidfd = _pidfd(member.pid)
            asyncio.get_running_loop().add_reader(self._pidfd, self._ended)
        else:
            self._task = spawn(self._wait_by_looking(member), name=f"exit-watch-{member.pid}")

    async def close(self) -> None:
        """Give the descriptor back; safe to call again."""
        self._forget()
        task, self._task = self._task, None
        await end(task)

    def _ended(self) -> None:
        self.exit_code = _peek_exit_code(self._pid)
        self._forget()
        self.gone.set()

    def _forget(self) -> None:
        if self._pidfd is not None:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None

    async def _wait_by_looking(self, member: Member) -> None:
        while is_alive(member):  # noqa: ASYNC110  without a pidfd there is no event to wait for
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
        self._ended()


def _pidfd(pid: int) -> int:
    if sys.platform == "linux":
        return os.pidfd_open(pid)
    raise OSError(errno.ENOSYS, "only Linux has pidfds")


def _peek_exit_code(pid: int) -> int | None:
    # WNOWAIT leaves the zombie in place (macOS has no waitid in Python 3.11, and then takes it at once).
    code = None
    with contextlib.suppress(ChildProcessError):  # not our child, or reaped by somebody else
        if sys.platform == "linux":
            result = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if result is not None:
                code = result.si_status if result.si_code == os.CLD_EXITED else -result.si_status
        elif sys.platform != "win32":
            reaped, status = os.waitpid(pid, os.WNOHANG)
            code = os.waitstatus_to_exitcode(status) if reaped else None
    return code


def _kill_one(member: Member) -> bool:
    try:
        descriptor = _pidfd(member.pid)
    except ProcessLookupError:
        return False
    except OSError:
        return _kill_by_psutil(member)
    try:
        # The descriptor pins this process; if it has the right create time now, the signal cannot reach another.
        if sys.platform != "linux" or not is_alive(member):
            return False
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except ProcessLookupError:
        return False
    except PermissionError:
        log.warning("browser_process_not_ours_to_kill", pid=member.pid, name=member.name)
        return False
    finally:
        os.close(descriptor)
    return True


def _kill_by_psutil(member: Member) -> bool:
    if not is_alive(member):
        return False
    try:
        psutil.Process(member.pid).kill()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        log.warning("browser_process_not_ours_to_kill", pid=member.pid, name=member.name)
        return False
    return True


async def _wait_by_pidfd(wanted: tuple[Member, ...], timeout_seconds: float) -> tuple[Member, ...]:
    loop = asyncio.get_running_loop()
    descriptors: dict[int, Member] = {}
    all_gone = asyncio.Event()

    def ended(descriptor: int) -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        del descriptors[descriptor]
        if not descriptors:
            all_gone.set()

    try:
        for member in wanted:
            try:
                descriptor = _pidfd(member.pid)
            except ProcessLookupError:
                continue
            if not is_alive(member):
                os.close(descriptor)
                continue
            descriptors[descriptor] = member
            loop.add_reader(descriptor, ended, descriptor)
        if descriptors:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_seconds):
                    await all_gone.wait()
        return tuple(descriptors.values())
    finally:
        for descriptor in tuple(descriptors):
            ended(descriptor)


async def _wait_by_looking(wanted: tuple[Member, ...], timeout_seconds: float) -> tuple[Member, ...]:
    # psutil's own wait would reap a child of ours, and with it the exit code that its owner wants to read.
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_seconds
    left = tuple(member for member in wanted if is_alive(member))
    while left and loop.time() < deadline:
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
        left = tuple(member for member in left if is_alive(member))
    return left
