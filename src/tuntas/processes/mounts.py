"""Where other file systems are mounted, from the kernel's own list (Linux). Reads only.

Emptying a folder must never cross into something mounted inside it: that belongs to somebody else. A bind mount of
the same file system has the same device number, so device numbers must do only where there is no list.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

_MOUNTINFO = Path("/proc/self/mountinfo")
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system."""

    point: Path
    kind: str
    source: str
    read_only: bool


def mounts() -> list[Mount]:
    """Return what is mounted as this process sees it, the last on a point hiding the earlier ones."""
    if sys.platform != "linux":
        return [
            Mount(Path(one.mountpoint), one.fstype.lower(), one.device, "ro" in one.opts.split(","))
            for one in psutil.disk_partitions(all=True)
        ]
    return parse_mountinfo(os.fsdecode(_MOUNTINFO.read_bytes()))


def is_mount_point(path: Path) -> bool:
    """Whether something is mounted on exactly ``path`` (parents resolved), file or folder."""
    if sys.platform == "win32":
        return os.path.ismount(path)  # pathlib's is_mount is missing there before Python 3.12
    return path.is_mount() or path in mounts_within(path)


def mounts_within(path: Path) -> frozenset[Path]:
    """Return the mount points at or below ``path`` (parents resolved); empty where the system has no list of them."""
    if not _MOUNTINFO.exists():
        return frozenset()
    return frozenset(one.point for one in mounts() if one.point == path or path in one.point.parents)


def parse_mountinfo(text: str) -> list[Mount]:
    """Read proc_pid_mountinfo(5): fields, a lone hyphen, then type, source and the file system's own options."""
    found = []
    for line in text.splitlines():
        before, _, behind = line.partition(" - ")
        point, options = before.split(" ")[4:6]
        kind, source, own_options = [*behind.split(" "), "", ""][:3]
        is_read_only = "ro" in options.split(",") or "ro" in own_options.split(",")
        found.append(Mount(Path(unescaped(point)), kind, unescaped(source), is_read_only))
    return found


def unescaped(text: str) -> str:
    """Return a path as it is; these lists write space, tab, newline and backslash as octal numbers."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), text)
