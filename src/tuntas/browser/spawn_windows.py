"""Starts one browser process on Windows with its pipes, in a job of its own, and nothing else: no waiting, no protocol.

Windows has no descriptors 3 and 4: Chromium takes two inherited handles by number in ``--remote-debugging-io-pipes``
(content/public/common/content_switches.cc). The process is made suspended and runs only when it is in its job, so that
no child of it can ever be outside. Nothing but its own ends is inherited, above all not the job.
"""

from __future__ import annotations

import _winapi
import ctypes
import os
import subprocess
import sys
from asyncio import windows_utils
from collections.abc import Mapping
from contextlib import ExitStack
from ctypes import wintypes

from tuntas.browser.pipes import Spawned
from tuntas.processes import job_object

assert sys.platform == "win32"

_SUSPENDED = 0x4
# Of its own group: a Ctrl-C in our console must not reach it. No console window for headless-shell, a console program.
_FLAGS = _SUSPENDED | _winapi.CREATE_NEW_PROCESS_GROUP | _winapi.CREATE_NO_WINDOW
_READ_AND_WRITE = 0xC0000000
_SHARED = 0x3
_OPEN_EXISTING = 3
_REFUSED = 0xFFFFFFFF

_resume = ctypes.WinDLL("kernel32", use_last_error=True).ResumeThread
_resume.argtypes, _resume.restype = (wintypes.HANDLE,), wintypes.DWORD


def spawn_with_pipes(arguments: list[str], environment: Mapping[str, str]) -> Spawned:
    """Start ``arguments`` with ``environment``, debugging pipes told by number, standard error on a pipe.

    Raises OSError if refused.
    """
    with ExitStack() as ours, ExitStack() as theirs:
        # Ours are overlapped, for the event loop; a browser reads and writes its own in plain blocking calls.
        read_end, browser_writes = windows_utils.pipe(overlapped=(True, False))
        ours.callback(_winapi.CloseHandle, read_end)
        theirs.callback(_winapi.CloseHandle, browser_writes)
        # Duplex, because the event loop reads the end that it writes, to learn when the other side has gone.
        browser_reads, write_end = windows_utils.pipe(overlapped=(False, True), duplex=True)
        ours.callback(_winapi.CloseHandle, write_end)
        theirs.callback(_winapi.CloseHandle, browser_reads)
        stderr_end, browser_stderr = windows_utils.pipe(overlapped=(True, False))
        ours.callback(_winapi.CloseHandle, stderr_end)
        theirs.callback(_winapi.CloseHandle, browser_stderr)
        nothing = _winapi.CreateFile("NUL", _READ_AND_WRITE, _SHARED, 0, _OPEN_EXISTING, 0, 0)
        theirs.callback(_winapi.CloseHandle, nothing)

        handed_down = [browser_reads, browser_writes, browser_stderr, nothing]
        for handle in handed_down:
            os.set_handle_inheritable(handle, True)
        startup = subprocess.STARTUPINFO(
            dwFlags=subprocess.STARTF_USESTDHANDLES,
            hStdInput=nothing,
            hStdOutput=nothing,
            hStdError=browser_stderr,
            lpAttributeList={"handle_list": handed_down},
        )
        # Written as unsigned numbers; the values are the same in the child.
        pipes = f"--remote-debugging-io-pipes={browser_reads},{browser_writes}"
        command = subprocess.list2cmdline([arguments[0], pipes, *arguments[1:]])
        process, thread, pid, _ = _winapi.CreateProcess(
            arguments[0],
            command,
            None,
            None,
            True,
            _FLAGS,
            dict(environment),
            None,
            startup,
        )
        try:
            job_object.hold(pid, process)
        except BaseException:
            _winapi.TerminateProcess(process, 1)
            _winapi.CloseHandle(process)
            _winapi.CloseHandle(thread)
            raise
        refused = _resume(thread) == _REFUSED
        error = ctypes.get_last_error()
        _winapi.CloseHandle(thread)
        if refused:
            job_object.let_go(pid)
            raise ctypes.WinError(error)
        ours.pop_all()
        return Spawned(pid, read_end, write_end, stderr_end)
