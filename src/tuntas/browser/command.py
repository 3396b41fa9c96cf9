"""Runs a foreign command to its end, within a limit, and returns what it said. Blocking; leaves no process behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence


class CommandFailed(Exception):
    """The command could not start, took too long, or ended with an error; ``output`` is what it said."""

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output


def run_command(
    arguments: Sequence[str], *, timeout_seconds: float, environment: Mapping[str, str] | None = None
) -> str:
    """Run ``arguments`` with no input and return standard output and error together. Raises CommandFailed."""
    name = arguments[0]
    try:
        process = subprocess.Popen(
            list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            start_new_session=True,
        )
    except OSError as error:
        message = f"{name} could not be started: {error.strerror or error}"
        raise CommandFailed(message) from error
    try:
        output, _ = process.communicate(timeout=timeout_seconds)
    except subprocess.TimeoutExpired as error:
        _kill_group(process)
        output, _ = process.communicate()
        message = f"{name} did not end within {timeout_seconds:g} s"
        raise CommandFailed(message, output.decode(errors="replace")) from error
    except BaseException:
        _kill_group(process)
        process.communicate()
        raise
    text = output.decode(errors="replace")
    if process.returncode != 0:
        message = f"{name} ended with code {process.returncode}"
        raise CommandFailed(message, text)
    return text


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    # The whole session: a wrapper's child would keep the output pipe open, and us waiting.
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
