"""Files with the immutable attribute: the one cause of an error that only the file itself can tell. Reads only."""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import replace
from pathlib import Path

from tuntas.profiles.model import Reason
from tuntas.profiles.os_errors import ErrorKind, Obstacle, classify


def classify_at(error: OSError, path: Path) -> Obstacle:
    """Judge an error that ``path`` gave: with the path, and EPERM from an immutable file or folder named so."""
    obstacle = classify(error)
    if error.errno == errno.EPERM:
        for place in (path, path.parent):
            if is_immutable(place):
                return Obstacle(ErrorKind.DENIED, Reason.IMMUTABLE, obstacle.detail, str(place))
    return replace(obstacle, path=str(path))


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
