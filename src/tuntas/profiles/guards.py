"""What must never be removed, checked before anything is. Reads only.

A wrong delete cannot be taken back, so every doubt is a refusal. The guards judge the path itself, not what a link
points at: the last component of a target is never followed.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from contextlib import suppress
from pathlib import Path

from tuntas.foundation.long_paths import extended

# A file system's name holds 255 bytes; a folder may carry a ULID and a dot behind the session's name.
LONGEST_NAME = 200

_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")


class RefusedPath(ValueError):
    """This path is not one that may be removed, or used as a profile. The text says which and why. Permanent."""


def checked_name(name: str) -> str:
    """Return ``name`` if it is one harmless path component, else raise ``RefusedPath``.

    Letters, digits, ``_``, ``.``, ``-``; no dot in front; no dot behind, for Windows drops it; 200 characters at most.
    """
    if not _NAME.fullmatch(name) or name.endswith(".") or len(name) > LONGEST_NAME:
        message = f"not a folder name: {name!r}"
        raise RefusedPath(message)
    return name


def folded(name: str) -> str:
    """Return what names have in common that differ only in case: disks may take them for one. Ours are ASCII."""
    return name.lower()


def is_device_name(name: str) -> bool:
    """Whether Windows takes ``name`` for a device, whatever folder it is in and whatever extension it has.

    https://learn.microsoft.com/windows/win32/fileio/naming-a-file: also the superscript digits, and spaces behind.
    """
    return _DEVICE.fullmatch(name.partition(".")[0].rstrip(" ")) is not None


def located(path: str | os.PathLike[str]) -> Path:
    """Return where ``path`` is, absolute, links in its parents resolved, its last component as it is."""
    text = os.fspath(path)
    head, tail = os.path.split(text.rstrip(os.sep + (os.altsep or "")))
    if tail in {"", ".", ".."}:
        return Path(os.path.realpath(text))
    return Path(os.path.realpath(head or os.curdir)) / tail


def is_real_directory(path: Path) -> bool:
    """Whether ``path`` is a directory itself: no symbolic link, no junction. Raises OSError when it cannot be read."""
    try:
        facts = extended(path).lstat()
    except FileNotFoundError:
        return False
    # Windows: a junction is a directory with a reparse point, and lstat does not call it a link.
    is_junction = bool(getattr(facts, "st_file_attributes", 0) & getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0))
    return stat.S_ISDIR(facts.st_mode) and not is_junction


def refuse_dangerous(target: Path) -> None:
    """Raise ``RefusedPath`` unless ``target`` (from ``located``) is a plain folder that nobody lives in.

    Refused: what is no real directory, a root, a folder right below a root, the working directory and its parents, a
    home of any user and its parents.
    """
    if target.parent.parent == target.parent and target.parent != target:
        _refuse(target, "it is right below the root of the file system")
    refuse_inhabited(target)
    if target.is_symlink():
        _refuse(target, "it is a symbolic link")
    if not is_real_directory(target):
        _refuse(target, "it is not a real directory")


def refuse_inhabited(target: Path) -> None:
    """Raise ``RefusedPath`` if ``target`` (from ``located``) is a root, or is or contains where somebody lives."""
    if target.parent == target:
        _refuse(target, "it is the root of a file system")
    for place, what in _inhabited():
        if place == target or target in place.parents:
            _refuse(target, f"it is, or contains, {what} {place}")


def refuse_outside(target: Path, root: Path) -> None:
    """Raise ``RefusedPath`` unless ``target`` is right inside ``root``, under a harmless name; both are resolved."""
    if target == root or target in root.parents:
        _refuse(target, "it is, or contains, the folder of all profiles")
    if target.parent != root:
        _refuse(target, f"it is not inside {root}")
    checked_name(target.name)


def _refuse(target: Path, why: str) -> None:
    message = f"refused {target}: {why}"
    raise RefusedPath(message)


def _inhabited() -> list[tuple[Path, str]]:
    places = [(Path.home(), "the home folder")]
    # If somebody has removed our working directory, it cannot be hurt any more.
    with suppress(FileNotFoundError):
        places.append((Path.cwd(), "the working directory"))
    if sys.platform != "win32":
        import pwd

        places.extend((Path(entry.pw_dir), "the home folder") for entry in pwd.getpwall() if entry.pw_dir)
    return [(Path(os.path.realpath(place)), what) for place, what in places]
