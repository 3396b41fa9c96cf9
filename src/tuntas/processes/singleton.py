"""Chromium's own marks in a profile: looked at, and removed only when it is proven that nobody can own them.

``SingletonLock`` is a link whose text is ``<host>-<pid>``; ``SingletonSocket`` points into a folder of its own in the
temp folder (chrome/browser/process_singleton_posix.cc); headless-shell makes no such marks. Two browsers on one profile
corrupt it, so a lock is never removed blindly; but a stale one must go before a launch: with another host's name in it
Chromium refuses to start (exit code 21), and with a recycled pid in it a browser may kill the innocent process that has
that pid now.
"""

from __future__ import annotations

import os
import re
import socket
import tempfile
from pathlib import Path

import psutil
import structlog

from tuntas.processes.holders import holders_of
from tuntas.processes.members import ProcessIdentity

log = structlog.get_logger(__name__)

LOCK = "SingletonLock"
SOCKET = "SingletonSocket"
COOKIE = "SingletonCookie"

# The folder of the lock's socket in the temp folder, as Chromium's process_singleton_posix.cc names it.
_SOCKET_FOLDER = re.compile(
    r"\.?(?:org\.chromium\.Chromium|com\.google\.[Cc]hrome|com\.microsoft\.Edge)\.[A-Za-z0-9]{6}"
)


def lock_in(profile: Path) -> Path | None:
    """Return the first mark of a browser in ``profile``: its lock, socket or cookie; ``None`` if there is none."""
    return next((profile / name for name in (LOCK, SOCKET, COOKIE) if (profile / name).is_symlink()), None)


def names_other_host(profile: Path) -> bool:
    """Whether the lock was made under another host name: by another machine or container, or by this one's old name."""
    stated = _link(profile / LOCK)
    return stated is not None and stated.rpartition("-")[0] != socket.gethostname()


def remove_marks_of(dead: ProcessIdentity) -> bool:
    """Remove the marks that ``dead`` made, whose whole tree is proven gone; whether it did. Blocking.

    Never raises: what stays is met, and named, before the next launch.
    """
    if _link(dead.profile / LOCK) != f"{socket.gethostname()}-{dead.pid}":
        return False
    try:
        _remove_marks(dead.profile)
    except OSError as error:
        log.warning("marks_kept", profile=str(dead.profile), error=str(error))
        return False
    return True


def clear_stale_singleton(profile: Path, *, deadline_seconds: float = 5.0) -> bool:
    """Remove the lock, the socket and the cookie in ``profile`` if nobody can own them; whether it did. Blocking.

    The caller must own the profile: it holds the data folder's lock and launches nothing on this profile meanwhile.
    Kept, with False: a lock while any process uses the profile, and one of a live process that we may not look into.
    Raises HolderScanTimedOut when it could not be found out, OSError when the files can not be removed.
    """
    stated = _link(profile / LOCK)
    if lock_in(profile) is None or holders_of(profile, deadline_seconds=deadline_seconds):
        return False
    if stated is not None and not _owner_is_gone(stated):
        return False
    if _link(profile / LOCK) != stated:
        return False  # somebody took the lock while we looked
    _remove_marks(profile)
    log.info("stale_singleton_cleared", profile=str(profile), lock=stated)
    return True


def _owner_is_gone(lock: str) -> bool:
    """Whether the process that the lock names cannot be a browser on a profile for which no holder was found."""
    host, _, number = lock.rpartition("-")
    if host != socket.gethostname():
        return True
    if not number.isdecimal() or not psutil.pid_exists(int(number)):
        return True
    try:
        # It lives. Its command line was part of the scan if we may read it, and then it is none of ours.
        return bool(psutil.Process(int(number)).cmdline()) or psutil.Process(int(number)).status() == "zombie"
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def _remove_marks(profile: Path) -> None:
    _remove_socket_folder(profile)
    # The lock goes last: until then the profile counts as in use.
    for name in (SOCKET, COOKIE, LOCK):
        (profile / name).unlink(missing_ok=True)


def _remove_socket_folder(profile: Path) -> None:
    """Remove the lock's folder in the temp folder, if it is proven to be this profile's: both hold the same cookie."""
    target, cookie = _link(profile / SOCKET), _link(profile / COOKIE)
    if target is None or cookie is None:
        return
    folder = Path(target).parent
    if not _SOCKET_FOLDER.fullmatch(folder.name) or not _is_temporary(folder.parent):
        return
    try:
        is_ours = folder.is_dir() and not folder.is_symlink() and _link(folder / COOKIE) == cookie
        if is_ours and {entry.name for entry in folder.iterdir()} <= {SOCKET, COOKIE}:
            for name in (SOCKET, COOKIE):
                (folder / name).unlink(missing_ok=True)
            folder.rmdir()
    except OSError as error:
        # It is a few bytes in the temp folder; it must not keep a session from starting.
        log.warning("socket_folder_kept", folder=str(folder), error=str(error))


def _is_temporary(folder: Path) -> bool:
    known = {os.path.realpath(place) for place in (tempfile.gettempdir(), os.environ.get("TMPDIR", "/tmp"), "/tmp")}  # noqa: S108
    return os.path.realpath(folder) in known


def _link(path: Path) -> str | None:
    try:
        return str(path.readlink())
    except OSError:
        return None  # missing, or not a link
