r"""Paths beyond Windows' 260 characters: the form with ``\\?\`` in front has no limit and takes every name as it is.

Without it a longer path looks as if nothing were there, and a name that ends with a dot means another one. Elsewhere a
path is itself. https://learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation
"""

from __future__ import annotations

import sys
from pathlib import Path

_PREFIX = "\\\\?\\"
_SHARE = "UNC\\"


def extended(path: Path) -> Path:
    """Return the unlimited form of an absolute path without ``.`` and ``..``."""
    return Path(windows_extended(str(path))) if sys.platform == "win32" else path


def plain(text: str) -> str:
    """Return the form that people and other programs use."""
    return windows_plain(text) if sys.platform == "win32" else text


def windows_extended(text: str) -> str:
    """Return the unlimited form of a Windows path."""
    if text.startswith(_PREFIX):
        return text
    return _PREFIX + (_SHARE + text[2:] if text.startswith("\\\\") else text)


def windows_plain(text: str) -> str:
    """Return a Windows path without its prefix."""
    if not text.startswith(_PREFIX):
        return text
    text = text.removeprefix(_PREFIX)
    return "\\\\" + text.removeprefix(_SHARE) if text.startswith(_SHARE) else text
