"""Where other file systems are mounted. Reads only.

Emptying a folder must never cross into something mounted inside it: that belongs to somebody else. A bind mount of
the same file system has the same device number, so the kernel's own list is asked (Linux); elsewhere device numbers
must do.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

_MOUNTINFO = Path("/proc/self/mountinfo")
_ESCAPE = re.compile(rb"\\([0-7]{3})")


def is_mount_point(path: Path) -> bool:
    """Whether something is mounted on exactly ``path`` (parents resolved), file or folder."""
    if sys.platform == "win32":
        return os.path.ismount(path)  # pathlib's is_mount is missing there before Python 3.12
    return path.is_mount() or path in mounts_within(path)


def mounts_within(path: Path) -> frozenset[Path]:
    """Return the mount points at or below ``path`` (parents resolved); empty where the system has no list of them."""
    try:
        lines = _MOUNTINFO.read_bytes().splitlines()
    except FileNotFoundError:
        return frozenset()
    # Field 5 is the mount point; space, tab, newline and backslash are written as octal, see proc_pid_mountinfo(5).
    points = (os.fsdecode(_ESCAPE.sub(_unescaped, line.split(b" ", 5)[4])) for line in lines)
    below = str(path) + os.sep
    return frozenset(Path(point) for point in points if point == str(path) or point.startswith(below))


def _unescaped(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 8)])
