"""Chromium's command line: how a profile is written into one, and what one says of a profile and of its process.

The only place that knows ``--user-data-dir``. Looks at words only, and at links where two paths are compared.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_PROFILE_OPTION = "user-data-dir"
_PROFILE_FLAG = f"--{_PROFILE_OPTION}="
_TYPE_FLAG = "--type="

# The options by which a Chromium or its crash handler is told its profile. Any other mention of the path in a command
# line is talk about the folder, not use of it: our own ``cleanup --dir``, an editor's argument, a shell's -c text.
_FOLDER_OPTIONS = f"{_PROFILE_OPTION}|disk-cache-dir|database"
# Arguments end with NUL, but a Chromium child rewrites its command line as one text with spaces.
_NAMED_FOLDER = re.compile(rb"(?:^|[\0 ])--(?:" + _FOLDER_OPTIONS.encode() + rb')[= \0]"?([^\0]+)')


def profile_argument(profile: Path) -> str:
    """Return the argument that has a browser use ``profile``, which must be absolute."""
    return f"{_PROFILE_FLAG}{profile}"


def profile_in(arguments: tuple[str, ...]) -> Path | None:
    """Return the profile that a program is told, links resolved; ``None`` for none, and for a relative one.

    A relative path means something only in the other process's own folder.
    """
    for argument in arguments[1:]:
        if argument.startswith(_PROFILE_FLAG):
            profile = Path(argument.removeprefix(_PROFILE_FLAG))
            return Path(os.path.realpath(profile)) if profile.is_absolute() else None
    return None


def names_profile(arguments: tuple[str, ...], profile: Path) -> bool:
    """Say whether these arguments carry exactly this profile, other spellings of the same folder included."""
    if _is_title(arguments):
        title = f"{arguments[0]} --"
        return any(f" {profile_argument(place)} --" in title for place in (profile, Path(os.path.realpath(profile))))
    named = profile_in(arguments)
    return named is not None and os.path.normcase(named) == os.path.normcase(os.path.realpath(profile))


def folders_in(command: bytes) -> Iterator[bytes]:
    """Yield the folders that a raw command line (``/proc/<pid>/cmdline``) gives a Chromium or its crash handler.

    A value of a rewritten command line may hold spaces, and then ends with the next option.
    """
    for match in _NAMED_FOLDER.finditer(command):
        yield match[1].partition(b" --")[0]


def is_helper(arguments: tuple[str, ...]) -> bool:
    """Say whether these are the arguments of a browser's child, not of a main process or of anything else."""
    return _is_title(arguments) or any(argument.startswith(_TYPE_FLAG) for argument in arguments[1:])


def _is_title(arguments: tuple[str, ...]) -> bool:
    # Chromium's children overwrite their title with all arguments joined by blanks (setproctitle_linux.cc). A shell
    # whose script merely mentions a profile has more than one argument, and no such shape.
    return len(arguments) == 1 and f" {_TYPE_FLAG}" in arguments[0]
