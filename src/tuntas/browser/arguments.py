"""What a command line says about a profile: whether it names it, and whether it is a helper's or a main process's."""

from __future__ import annotations

import os
from pathlib import Path

_PROFILE_FLAG = "--user-data-dir="
_TYPE_FLAG = "--type="


def names_profile(arguments: tuple[str, ...], profile: Path) -> bool:
    """Say whether these arguments carry exactly this profile, other spellings of the same folder included."""
    if _is_title(arguments):
        title = f"{arguments[0]} --"
        return any(f" {_PROFILE_FLAG}{text} --" in title for text in {str(profile), os.path.realpath(profile)})
    for argument in arguments[1:]:
        if argument.startswith(_PROFILE_FLAG):
            return _same(Path(argument.removeprefix(_PROFILE_FLAG)), profile)
    return False


def is_helper(arguments: tuple[str, ...]) -> bool:
    """Say whether these are the arguments of a browser's child, not of a main process or of anything else."""
    return _is_title(arguments) or any(argument.startswith(_TYPE_FLAG) for argument in arguments[1:])


def _is_title(arguments: tuple[str, ...]) -> bool:
    # Chromium's children overwrite their title with all arguments joined by blanks (setproctitle_linux.cc). A shell
    # whose script merely mentions a profile has more than one argument, and no such shape.
    return len(arguments) == 1 and f" {_TYPE_FLAG}" in arguments[0]


def _same(named: Path, profile: Path) -> bool:
    # A relative path means something only in the other process's own folder.
    return named.is_absolute() and _canonical(named) == _canonical(profile)


def _canonical(path: Path) -> str:
    return os.path.normcase(os.path.realpath(path))
