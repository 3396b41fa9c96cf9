"""A ``tuntas`` of our own as a child process, one that does not outlive us unseen."""

from __future__ import annotations

import shutil
import sys


def child_command(arguments: list[str]) -> list[str]:
    """Return the command line that runs ``tuntas`` with ``arguments``.

    Where setpriv(1) is there, the child is told to stop (SIGTERM) should this process be killed.
    """
    command = [sys.executable, "-m", "tuntas", *arguments]
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return command if setpriv is None else [setpriv, "--pdeathsig", "TERM", "--", *command]
