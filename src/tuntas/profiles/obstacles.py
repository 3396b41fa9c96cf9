"""What an operating system's error means for a removal: try again, empty it in place, or say so and wait.

Pure but for one question to the file system (is this file immutable?). Windows is judged by ``winerror`` alone, never
by errno: CPython maps access denied (5), sharing violation (32) and lock violation (33) all to ``EACCES``.
"""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tuntas.profiles.model import Reason


class Kind(StrEnum):
    """What to do about an error."""

    GONE = "gone"
    """Nothing is there any more: success."""
    TRANSIENT = "transient"
    """It may pass by itself: try again soon."""
    DENIED = "denied"
    """Passes only when somebody changes a right, or an attribute."""
    IN_PLACE = "in_place"
    """It can not be renamed away at all: empty it where it is."""
    STRUCTURAL = "structural"
    """Trying again at once is senseless: say so, and leave it to the patient background."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """An error, judged. ``detail`` is the system's own text with the path, for logs."""

    kind: Kind
    reason: Reason
    detail: str


def _posix_table() -> dict[int, tuple[Kind, Reason]]:
    named = {
        "ENOENT": (Kind.GONE, Reason.OTHER),
        "EBUSY": (Kind.TRANSIENT, Reason.IN_USE),
        "ETXTBSY": (Kind.TRANSIENT, Reason.IN_USE),
        "ENOTEMPTY": (Kind.TRANSIENT, Reason.IN_USE),
        "EEXIST": (Kind.TRANSIENT, Reason.IN_USE),
        # Something changed its kind between our look and our act: somebody writes here.
        "ENOTDIR": (Kind.TRANSIENT, Reason.IN_USE),
        "EISDIR": (Kind.TRANSIENT, Reason.IN_USE),
        "ELOOP": (Kind.TRANSIENT, Reason.IN_USE),
        "EMFILE": (Kind.TRANSIENT, Reason.OUT_OF_FILES),
        "ENFILE": (Kind.TRANSIENT, Reason.OUT_OF_FILES),
        "ENOMEM": (Kind.TRANSIENT, Reason.OTHER),
        "EINTR": (Kind.TRANSIENT, Reason.OTHER),
        "EAGAIN": (Kind.TRANSIENT, Reason.NOT_ANSWERING),
        "ESTALE": (Kind.TRANSIENT, Reason.NOT_ANSWERING),
        "ETIMEDOUT": (Kind.TRANSIENT, Reason.NOT_ANSWERING),
        "EACCES": (Kind.DENIED, Reason.PERMISSION),
        "EPERM": (Kind.DENIED, Reason.PERMISSION),
        "EXDEV": (Kind.IN_PLACE, Reason.CROSS_DEVICE),
        "EROFS": (Kind.STRUCTURAL, Reason.READ_ONLY),
        "ENOSPC": (Kind.STRUCTURAL, Reason.NO_SPACE),
        "EDQUOT": (Kind.STRUCTURAL, Reason.NO_SPACE),
        "EIO": (Kind.STRUCTURAL, Reason.IO_ERROR),
        "ENXIO": (Kind.STRUCTURAL, Reason.IO_ERROR),
        "ENODEV": (Kind.STRUCTURAL, Reason.IO_ERROR),
        "EUCLEAN": (Kind.STRUCTURAL, Reason.IO_ERROR),
        # A FUSE file system whose server has died answers every call with this.
        "ENOTCONN": (Kind.STRUCTURAL, Reason.IO_ERROR),
        "ENAMETOOLONG": (Kind.STRUCTURAL, Reason.NAME_TOO_LONG),
    }
    return {getattr(errno, name): meaning for name, meaning in named.items() if hasattr(errno, name)}


_BY_ERRNO = _posix_table()

# https://learn.microsoft.com/windows/win32/debug/system-error-codes
_BY_WINERROR = {
    2: (Kind.GONE, Reason.OTHER),  # file not found
    3: (Kind.GONE, Reason.OTHER),  # path not found
    4: (Kind.TRANSIENT, Reason.OUT_OF_FILES),
    5: (Kind.TRANSIENT, Reason.PERMISSION),  # access denied: also a folder with an open file inside, or delete pending
    8: (Kind.TRANSIENT, Reason.OTHER),  # not enough memory
    14: (Kind.TRANSIENT, Reason.OTHER),
    16: (Kind.TRANSIENT, Reason.IN_USE),  # somebody's current directory
    17: (Kind.IN_PLACE, Reason.CROSS_DEVICE),
    19: (Kind.STRUCTURAL, Reason.READ_ONLY),  # write-protected medium
    21: (Kind.STRUCTURAL, Reason.IO_ERROR),  # device not ready
    23: (Kind.STRUCTURAL, Reason.IO_ERROR),  # wrong checksum
    32: (Kind.TRANSIENT, Reason.IN_USE),  # sharing violation
    33: (Kind.TRANSIENT, Reason.IN_USE),  # lock violation
    39: (Kind.STRUCTURAL, Reason.NO_SPACE),
    53: (Kind.TRANSIENT, Reason.NOT_ANSWERING),  # network path not found
    59: (Kind.TRANSIENT, Reason.NOT_ANSWERING),
    64: (Kind.TRANSIENT, Reason.NOT_ANSWERING),  # network name gone
    112: (Kind.STRUCTURAL, Reason.NO_SPACE),
    121: (Kind.TRANSIENT, Reason.NOT_ANSWERING),  # a time limit of the system's
    145: (Kind.TRANSIENT, Reason.IN_USE),  # directory not empty: often a file whose delete is pending
    170: (Kind.TRANSIENT, Reason.IN_USE),  # resource in use
    183: (Kind.TRANSIENT, Reason.IN_USE),  # already there: somebody writes here
    206: (Kind.STRUCTURAL, Reason.NAME_TOO_LONG),
    # Not a directory: something changed its kind between our look and our act.
    267: (Kind.TRANSIENT, Reason.IN_USE),
    303: (Kind.TRANSIENT, Reason.IN_USE),  # delete pending
    1117: (Kind.STRUCTURAL, Reason.IO_ERROR),
    1224: (Kind.TRANSIENT, Reason.IN_USE),  # a mapped section is open
    1295: (Kind.STRUCTURAL, Reason.NO_SPACE),  # disk quota
    1392: (Kind.STRUCTURAL, Reason.IO_ERROR),  # file or directory corrupted
    1393: (Kind.STRUCTURAL, Reason.IO_ERROR),
    1450: (Kind.TRANSIENT, Reason.OTHER),  # not enough system resources
}

_UNKNOWN = (Kind.TRANSIENT, Reason.OTHER)


def classify(error: OSError) -> Obstacle:
    """Judge an error by its number. Where it came from (a mount point? an immutable file?) is for the caller to add."""
    windows = getattr(error, "winerror", None)
    if windows is not None:
        kind, reason = _BY_WINERROR.get(windows, _UNKNOWN)
    else:
        kind, reason = _BY_ERRNO.get(error.errno or 0, _UNKNOWN)
    return Obstacle(kind, reason, str(error))


def classify_at(error: OSError, path: Path) -> Obstacle:
    """Judge an error that ``path`` gave: as ``classify``, but EPERM from an immutable file or folder is named so."""
    obstacle = classify(error)
    refused = error.errno == errno.EPERM and (is_immutable(path) or is_immutable(path.parent))
    return Obstacle(Kind.DENIED, Reason.IMMUTABLE, obstacle.detail) if refused else obstacle


def is_immutable(path: Path) -> bool:
    """Whether the file or folder carries the immutable or append-only attribute (``lsattr``: ``i``, ``a``). Linux only.

    Even root gets EPERM on such a file, and no retry helps. FS_IOC_GETFLAGS, see ioctl_iflags(2).
    """
    if sys.platform != "linux":
        return False
    import fcntl

    # O_NONBLOCK: opening a FIFO must not hang. O_NOFOLLOW: a link has no attributes of its own.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return False  # not readable or gone: then we cannot know, and the plain reason stands
    try:
        answer = fcntl.ioctl(descriptor, 0x80086601, bytes(8))
    except OSError:
        return False  # this file system has no attributes
    finally:
        os.close(descriptor)
    return bool(int.from_bytes(answer[:4], sys.byteorder) & 0x30)
