"""What an operating system's error means for a removal: try again, empty it in place, or say so and wait.

Pure. Windows is judged by ``winerror`` alone, never by errno: CPython maps access denied (5), sharing violation (32)
and lock violation (33) all to ``EACCES``.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import StrEnum

from tuntas.profiles.model import Reason


class ErrorKind(StrEnum):
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
    """An error, judged. ``detail`` is the system's own text, for logs; ``path`` is what stands in the way, if known."""

    kind: ErrorKind
    reason: Reason
    detail: str
    path: str | None = None


def _posix_table() -> dict[int, tuple[ErrorKind, Reason]]:
    named = {
        "ENOENT": (ErrorKind.GONE, Reason.OTHER),
        "EBUSY": (ErrorKind.TRANSIENT, Reason.IN_USE),
        "ETXTBSY": (ErrorKind.TRANSIENT, Reason.IN_USE),
        "ENOTEMPTY": (ErrorKind.TRANSIENT, Reason.IN_USE),
        "EEXIST": (ErrorKind.TRANSIENT, Reason.IN_USE),
        # Something changed its kind between our look and our act: somebody writes here.
        "ENOTDIR": (ErrorKind.TRANSIENT, Reason.IN_USE),
        "EISDIR": (ErrorKind.TRANSIENT, Reason.IN_USE),
        "ELOOP": (ErrorKind.TRANSIENT, Reason.IN_USE),
        "EMFILE": (ErrorKind.TRANSIENT, Reason.OUT_OF_FILES),
        "ENFILE": (ErrorKind.TRANSIENT, Reason.OUT_OF_FILES),
        "ENOMEM": (ErrorKind.TRANSIENT, Reason.OTHER),
        "EINTR": (ErrorKind.TRANSIENT, Reason.OTHER),
        "EAGAIN": (ErrorKind.TRANSIENT, Reason.NOT_ANSWERING),
        "ESTALE": (ErrorKind.TRANSIENT, Reason.NOT_ANSWERING),
        "ETIMEDOUT": (ErrorKind.TRANSIENT, Reason.NOT_ANSWERING),
        "EACCES": (ErrorKind.DENIED, Reason.PERMISSION),
        "EPERM": (ErrorKind.DENIED, Reason.PERMISSION),
        "EXDEV": (ErrorKind.IN_PLACE, Reason.CROSS_DEVICE),
        "EROFS": (ErrorKind.STRUCTURAL, Reason.READ_ONLY),
        "ENOSPC": (ErrorKind.STRUCTURAL, Reason.NO_SPACE),
        "EDQUOT": (ErrorKind.STRUCTURAL, Reason.NO_SPACE),
        "EIO": (ErrorKind.STRUCTURAL, Reason.IO_ERROR),
        "ENXIO": (ErrorKind.STRUCTURAL, Reason.IO_ERROR),
        "ENODEV": (ErrorKind.STRUCTURAL, Reason.IO_ERROR),
        "EUCLEAN": (ErrorKind.STRUCTURAL, Reason.IO_ERROR),
        # A FUSE file system whose server has died answers every call with this.
        "ENOTCONN": (ErrorKind.STRUCTURAL, Reason.IO_ERROR),
        "ENAMETOOLONG": (ErrorKind.STRUCTURAL, Reason.NAME_TOO_LONG),
    }
    return {getattr(errno, name): meaning for name, meaning in named.items() if hasattr(errno, name)}


_BY_ERRNO = _posix_table()

# https://learn.microsoft.com/windows/win32/debug/system-error-codes
_BY_WINERROR = {
    2: (ErrorKind.GONE, Reason.OTHER),  # file not found
    3: (ErrorKind.GONE, Reason.OTHER),  # path not found
    4: (ErrorKind.TRANSIENT, Reason.OUT_OF_FILES),
    5: (
        ErrorKind.TRANSIENT,
        Reason.PERMISSION,
    ),  # access denied: also a folder with an open file inside, or delete pending
    8: (ErrorKind.TRANSIENT, Reason.OTHER),  # not enough memory
    14: (ErrorKind.TRANSIENT, Reason.OTHER),
    16: (ErrorKind.TRANSIENT, Reason.IN_USE),  # somebody's current directory
    17: (ErrorKind.IN_PLACE, Reason.CROSS_DEVICE),
    19: (ErrorKind.STRUCTURAL, Reason.READ_ONLY),  # write-protected medium
    21: (ErrorKind.STRUCTURAL, Reason.IO_ERROR),  # device not ready
    23: (ErrorKind.STRUCTURAL, Reason.IO_ERROR),  # wrong checksum
    32: (ErrorKind.TRANSIENT, Reason.IN_USE),  # sharing violation
    33: (ErrorKind.TRANSIENT, Reason.IN_USE),  # lock violation
    39: (ErrorKind.STRUCTURAL, Reason.NO_SPACE),
    53: (ErrorKind.TRANSIENT, Reason.NOT_ANSWERING),  # network path not found
    59: (ErrorKind.TRANSIENT, Reason.NOT_ANSWERING),
    64: (ErrorKind.TRANSIENT, Reason.NOT_ANSWERING),  # network name gone
    112: (ErrorKind.STRUCTURAL, Reason.NO_SPACE),
    121: (ErrorKind.TRANSIENT, Reason.NOT_ANSWERING),  # a time limit of the system's
    145: (ErrorKind.TRANSIENT, Reason.IN_USE),  # directory not empty: often a file whose delete is pending
    170: (ErrorKind.TRANSIENT, Reason.IN_USE),  # resource in use
    183: (ErrorKind.TRANSIENT, Reason.IN_USE),  # already there: somebody writes here
    206: (ErrorKind.STRUCTURAL, Reason.NAME_TOO_LONG),
    # Not a directory: something changed its kind between our look and our act.
    267: (ErrorKind.TRANSIENT, Reason.IN_USE),
    303: (ErrorKind.TRANSIENT, Reason.IN_USE),  # delete pending
    1117: (ErrorKind.STRUCTURAL, Reason.IO_ERROR),
    1224: (ErrorKind.TRANSIENT, Reason.IN_USE),  # a mapped section is open
    1295: (ErrorKind.STRUCTURAL, Reason.NO_SPACE),  # disk quota
    1392: (ErrorKind.STRUCTURAL, Reason.IO_ERROR),  # file or directory corrupted
    1393: (ErrorKind.STRUCTURAL, Reason.IO_ERROR),
    1450: (ErrorKind.TRANSIENT, Reason.OTHER),  # not enough system resources
}

_UNKNOWN = (ErrorKind.TRANSIENT, Reason.OTHER)


def classify(error: OSError) -> Obstacle:
    """Judge an error by its number. Where it came from (a mount point? an immutable file?) is for the caller to add."""
    windows = getattr(error, "winerror", None)
    if windows is not None:
        kind, reason = _BY_WINERROR.get(windows, _UNKNOWN)
    else:
        kind, reason = _BY_ERRNO.get(error.errno or 0, _UNKNOWN)
    return Obstacle(kind, reason, str(error))
