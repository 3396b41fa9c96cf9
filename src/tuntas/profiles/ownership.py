"""Gives a profile to the user that browsers run as, where that is not ours; the folder itself and its marker stay ours.

The folder is its group's to write in and sticky: a browser makes, changes and removes what is its own in it, and can
neither remove nor replace the marker, by which we know whose profile it is. No link is followed, and no file that has
a second name is given away: it might be another's. Only while no browser uses the profile.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from tuntas.profiles.marker import NAME as MARKER_NAME

_MODE = stat.S_IRWXU | stat.S_IRWXG | stat.S_ISVTX


def give_to(profile: Path, uid: int, gid: int) -> None:
    """Let user ``uid`` with the group ``gid`` work in ``profile``. Blocking: looks at each entry. Raises OSError."""
    assert sys.platform != "win32"
    top = os.open(profile, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchown(top, os.geteuid(), gid)
        os.fchmod(top, _MODE)
        for place, folders, files, descriptor in os.fwalk(".", dir_fd=top, follow_symlinks=False):
            for name in (*folders, *files):
                if place != "." or not name.startswith(MARKER_NAME):
                    _give(name, descriptor, uid, gid)
    finally:
        os.close(top)


def _give(name: str, folder: int, uid: int, gid: int) -> None:
    assert sys.platform != "win32"
    facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
    has_other_names = facts.st_nlink > 1 and not stat.S_ISDIR(facts.st_mode)
    if (facts.st_uid, facts.st_gid) != (uid, gid) and not has_other_names:
        os.chown(name, uid, gid, dir_fd=folder, follow_symlinks=False)
