"""Removes what a killed full Chromium leaves behind to mark its profile as in use; headless-shell makes no such marks.

``SingletonLock`` is a symbolic link whose text is ``<host>-<pid>``; ``SingletonSocket`` points into a folder of its
own in the temp folder (chrome/browser/process_singleton_posix.cc). Only marks that carry the proven dead pid are
touched: any other may belong to a living browser, and two browsers on one profile ruin it.
"""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

from tuntas.browser.process import ProcessIdentity

_LOCK = "SingletonLock"
_SOCKET = "SingletonSocket"
_COOKIE = "SingletonCookie"


def remove_marks_of(dead: ProcessIdentity) -> bool:
    """Remove the marks that ``dead`` made, whose whole tree is proven gone; say whether there were any. Blocking."""
    profile = dead.profile
    try:
        made_by = str((profile / _LOCK).readlink())
    except OSError:
        return False
    if made_by != f"{socket.gethostname()}-{dead.pid}":
        return False
    with contextlib.suppress(OSError):
        _remove_socket_folder((profile / _SOCKET).readlink().parent)
    # The lock goes last: until then the profile counts as in use.
    for name in (_SOCKET, _COOKIE, _LOCK):
        (profile / name).unlink(missing_ok=True)
    return True


def _remove_socket_folder(folder: Path) -> None:
    if not folder.name.startswith(("org.chromium.", "com.google.Chrome.", "com.microsoft.Edge.")):
        return
    for name in (_SOCKET, _COOKIE):
        (folder / name).unlink(missing_ok=True)
    folder.rmdir()
